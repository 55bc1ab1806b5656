"""Laws of demand: what they promise on paper is what their draws deliver."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from data.demand import (
    DEMAND_PROFILES,
    LAWS,
    Binomial,
    ClippedNormal,
    DemandLaw,
    Deterministic,
    Gamma,
    Geometric,
    Lognormal,
    NegativeBinomial,
    Normal,
    Poisson,
    UniformInteger,
    autocorrelated_normals,
    law,
    loss_function,
    sample_paths,
    seasonal_mean,
)

PRODUCTS: dict[str, DemandLaw] = {
    "staple": Normal(20.0, 6.0),
    "staple, never negative": ClippedNormal(20.0, 6.0),
    "often nothing": ClippedNormal(1.0, 2.0),
    "fashion": Lognormal(20.0, 15.0),
    "steady": Gamma(20.0, 6.0),
    "lumpy": Gamma(1.0, 3.0),
    "pieces": Poisson(20.0),
    "spare part": Poisson(0.3),
    "promoted pieces": NegativeBinomial(20.0, 9.0),
    "intermittent": NegativeBinomial(0.5, 2.0),
    "subscribers": Binomial(40.0, 0.2),
    "dice": UniformInteger(3.0, 10.0),
    "until success": Geometric(0.3),
    "contract": Deterministic(7.5),
}

LOG_STD = np.sqrt(np.log1p(0.75**2))
SCIPY = {
    "staple": stats.norm(20, 6),
    "fashion": stats.lognorm(LOG_STD, scale=20 * np.exp(-(LOG_STD**2) / 2)),
    "steady": stats.gamma((20 / 6) ** 2, scale=36 / 20),
    "lumpy": stats.gamma(1 / 9, scale=9),
    "pieces": stats.poisson(20),
    "spare part": stats.poisson(0.3),
    "promoted pieces": stats.nbinom(400 / 61, 20 / 81),
    "intermittent": stats.nbinom(0.25 / 3.5, 0.125),
    "subscribers": stats.binom(40, 0.2),
    "dice": stats.randint(3, 10),
    "until success": stats.geom(0.3),
}

every_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS.keys())
any_product = st.sampled_from(list(PRODUCTS.values()))
any_stock = st.floats(-5.0, 80.0)


@pytest.mark.parametrize("name", SCIPY)
def test_every_law_agrees_with_scipy(name: str) -> None:
    """Survival, quantiles and moments are SciPy's, to rounding."""
    ours, theirs = PRODUCTS[name], SCIPY[name]
    x = np.array([-3.0, 0.0, 0.5, 1.0, 2.0, 5.0, 7.3, 20.0, 33.0, 100.0, np.inf])
    u = np.array([1e-9, 1e-3, 0.1, 0.5, 0.77, 0.9, 0.99, 1 - 1e-6, 1 - 1e-12])
    np.testing.assert_allclose(ours.survival(x), theirs.sf(x), atol=1e-12)
    np.testing.assert_allclose(ours.quantile(u), theirs.ppf(u), rtol=1e-9)
    np.testing.assert_allclose(ours.mean, theirs.mean(), rtol=1e-12)
    np.testing.assert_allclose(ours.std, theirs.std(), rtol=1e-12)


@pytest.mark.parametrize(
    ("product", "stock", "short"),
    [
        (Normal(0.0, 1.0), 1.3, 0.04552796208651397),
        (Normal(15.0, 3.0), 18.6, 0.1683073521514889),
        (Lognormal(np.exp(2.045), np.exp(2.045) * np.sqrt(np.expm1(0.09))), 10.0, 0.28364973888106),
        (Gamma(6.0, np.sqrt(18.0)), 4.0, 2.635971381157268),
    ],
    ids=["standard normal", "normal", "lognormal", "gamma"],
)
def test_the_units_left_unmet_are_those_of_the_textbook(
    product: DemandLaw, stock: float, short: float
) -> None:
    """Stockpyl's documented examples of the loss functions of Snyder and Shen (2019), App. C."""
    np.testing.assert_allclose(product.loss(stock), short, rtol=1e-11)


def test_the_standard_normal_loss_reaches_both_ends_without_a_warning() -> None:
    """Far below, all of demand is missed; far above, nothing is."""
    z = np.array([-np.inf, -1e200, 0.0, 1e200, np.inf])
    np.testing.assert_allclose(loss_function(z), [np.inf, 1e200, 1 / np.sqrt(2 * np.pi), 0.0, 0.0])


@every_product
def test_endless_stock_leaves_nothing_unmet(product: DemandLaw) -> None:
    """With no stock at all the whole mean is missed; with endless stock nothing is."""
    assert product.loss(np.inf) == 0.0
    assert product.survival(np.inf) == 0.0
    if product.quantile(0.0) >= 0.0:
        np.testing.assert_allclose(product.loss(0.0), product.mean, rtol=1e-12)


@settings(deadline=None, max_examples=150)
@given(any_product, any_stock, any_stock, st.floats(0.0, 1.0))
def test_each_further_unit_of_stock_helps_less(
    product: DemandLaw, a: float, b: float, share: float
) -> None:
    """The loss falls as stock grows, and falls ever more slowly (convex)."""
    low, high = min(a, b), max(a, b)
    between = low + share * (high - low)
    loss_low, loss_between, loss_high = product.loss(np.array([low, between, high]))
    assert loss_low + 1e-11 >= loss_between >= loss_high - 1e-11
    assert loss_between <= (1 - share) * loss_low + share * loss_high + 1e-9


@settings(deadline=None, max_examples=150)
@given(any_product, any_stock, st.floats(1e-3, 10.0))
def test_a_unit_of_stock_saves_a_sale_as_often_as_demand_exceeds_it(
    product: DemandLaw, stock: float, more: float
) -> None:
    """Survival is minus the slope of the loss: it brackets what an interval of stock saves."""
    saved = (product.loss(stock) - product.loss(stock + more)) / more
    assert product.survival(stock + more) - 1e-9 <= saved <= product.survival(stock) + 1e-9


@settings(deadline=None, max_examples=150)
@given(any_product, st.floats(1e-6, 1 - 1e-6))
def test_the_quantile_is_the_least_stock_that_covers_demand_so_often(
    product: DemandLaw, u: float
) -> None:
    """P(D <= q) reaches u at q, and not a unit (or a hair) below it."""
    q = product.quantile(u)
    hair = 1.0 if product.integer else 1e-6 * (1.0 + abs(q))
    assert 1.0 - product.survival(q) >= u - 1e-9
    if q - hair >= product.quantile(0.0):
        assert 1.0 - product.survival(q - hair) <= u + 1e-9


@every_product
def test_no_quantile_lies_outside_what_demand_can_be(product: DemandLaw) -> None:
    """Quantiles at 0 and 1 are the ends of the support."""
    lowest, middle, highest = product.quantile(np.array([0.0, 0.5, 1.0]))
    assert lowest <= middle <= highest
    draws = product.sample(np.random.default_rng(3), (2000,))
    assert lowest <= draws.min()
    assert draws.max() <= highest


@every_product
def test_draws_have_the_mean_and_spread_that_the_law_states(product: DemandLaw) -> None:
    """Within 5 standard errors, those of the variance from the draws' fourth moment."""
    draws = product.sample(np.random.default_rng(7), (40_000,))
    gap = draws - product.mean
    assert abs(gap.mean()) <= 5 * product.std / np.sqrt(draws.size) + 1e-12
    error = np.sqrt(np.var(gap**2) / draws.size)
    assert abs((gap**2).mean() - product.std**2) <= 5 * error + 1e-12


@every_product
def test_parameters_spread_over_products_days_and_paths(product: DemandLaw) -> None:
    """A law asked at (P, 1) answers (P, 1); draws take any shape that the parameters fit."""
    assert product.survival(np.ones((4, 1))).shape == (4, 1)
    assert product.loss(np.ones((4, 1))).shape == (4, 1)
    assert product.quantile(np.full((4, 1), 0.3)).shape == (4, 1)
    assert product.sample(np.random.default_rng(0), (2, 3)).shape == (2, 3)


@pytest.mark.parametrize("name", LAWS)
def test_one_call_answers_for_every_product_as_one_by_one(name: str) -> None:
    """Arrays of parameters, degenerate ones among them, give each product its own law."""
    mean = np.array([[0.0, 5.0, 5.0], [40.0, 0.7, 3.0]])
    std = np.array([[0.0, 0.0, 4.0], [9.0, 2.0, 0.5]])
    together = law(name)(mean, std)
    x, u = np.array([1.0, 6.0, 2.5]), np.array([0.2, 0.5, 0.97])
    for at in np.ndindex(mean.shape):
        alone = law(name)(float(mean[at]), float(std[at]))
        assert together.survival(x)[at] == alone.survival(x[at[1]])
        assert together.loss(x)[at] == alone.loss(x[at[1]])
        assert together.quantile(u)[at] == alone.quantile(u[at[1]])


@pytest.mark.parametrize("family", [Normal, ClippedNormal, Lognormal, Gamma, NegativeBinomial])
def test_demand_without_spread_is_exactly_its_mean(family: type) -> None:
    """A standard deviation of 0 leaves no doubt, whatever the family; nor does a mean of 0."""
    known = family(np.array([0.0, 5.0]), 0.0)
    rng = np.random.default_rng(0)
    assert known.survival(np.array([0.0, 4.99])).tolist() == [0.0, 1.0]
    assert known.survival(np.array([-0.01, 5.0])).tolist() == [1.0, 0.0]
    assert known.loss(2.0).tolist() == [0.0, 3.0]
    for u in (0.0, 0.3, 1.0):
        assert known.quantile(u).tolist() == [0.0, 5.0]
    assert (known.sample(rng, (10, 2)) == [0.0, 5.0]).all()


@pytest.mark.parametrize("family", [Lognormal, Gamma, Poisson, NegativeBinomial])
def test_a_product_that_nobody_buys_has_no_spread(family: type) -> None:
    """Positive demand of mean 0 is 0, whatever standard deviation a forecast claims."""
    dead = family(0.0, 3.0)
    assert (dead.std, dead.loss(0.0), dead.survival(0.0), dead.quantile(0.99)) == (0, 0, 0, 0)


def test_poisson_demand_knows_its_own_spread() -> None:
    """A standard deviation that is given to a Poisson law is ignored for sqrt(mean)."""
    assert Poisson(16.0).std == Poisson(16.0, 9.0).std == 4.0


def test_demand_steadier_than_poisson_is_taken_as_poisson() -> None:
    """A negative binomial cannot be narrower than Poisson; product by product it falls back."""
    mixed = NegativeBinomial(np.array([9.0, 9.0, 9.0]), np.array([2.0, 3.0, 5.0]))
    x = np.arange(30.0)[:, None]
    np.testing.assert_allclose(mixed.std, [3.0, 3.0, 5.0])
    np.testing.assert_array_equal(
        mixed.survival(x)[:, :2], np.repeat(Poisson(9.0).survival(x), 2, 1)
    )
    nearly = NegativeBinomial(9.0, 3.0 + 1e-7)
    np.testing.assert_allclose(nearly.loss(x), Poisson(9.0).loss(x), atol=1e-6)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.0, 50.0), st.floats(0.01, 40.0), st.floats(0.0, 100.0))
def test_clipping_a_normal_at_zero_only_moves_what_lies_below_zero(
    location: float, scale: float, stock: float
) -> None:
    """Above 0 the loss is the normal's, whose loss at 0 is the clipped mean."""
    clipped, normal = ClippedNormal(location, scale), Normal(location, scale)
    assert clipped.loss(stock) == normal.loss(stock)
    np.testing.assert_allclose(clipped.mean, normal.loss(0.0), rtol=1e-9)
    assert clipped.mean >= location
    assert clipped.std <= scale


def test_half_of_a_normal_has_the_moments_known_in_closed_form() -> None:
    """max(Z, 0) has mean 1 / sqrt(2 pi) and variance 1/2 - 1 / (2 pi)."""
    half = ClippedNormal(0.0, 1.0)
    np.testing.assert_allclose(half.mean, 1 / np.sqrt(2 * np.pi), rtol=1e-14)
    np.testing.assert_allclose(half.std, np.sqrt(0.5 - 0.5 / np.pi), rtol=1e-14)
    np.testing.assert_allclose(ClippedNormal(1e6, 1.0).std, 1.0, rtol=1e-14)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("family", [Normal, Lognormal, Gamma, Poisson, ClippedNormal])
def test_no_law_has_an_impossible_mean(family: type, wrong: float) -> None:
    """A mean that is negative, missing or endless is refused with a sentence."""
    with pytest.raises(ValueError, match="expected finite numbers of at least 0"):
        family(np.array([1.0, wrong]), 1.0)


def test_impossible_chances_and_ranges_are_refused() -> None:
    """Chances lie between 0 and 1, and a range has a number in it."""
    with pytest.raises(ValueError, match="Binomial: p reaches"):
        Binomial(3.0, 1.2)
    with pytest.raises(ValueError, match="demand has no end"):
        Geometric(0.0)
    with pytest.raises(ValueError, match="low is 5"):
        UniformInteger(5, 5)


def test_a_law_is_found_by_its_name() -> None:
    """Names of the table give their class; another name is answered with the list of names."""
    assert {name: law(name) for name in LAWS} == dict(LAWS)
    with pytest.raises(ValueError, match="'weibull', expected one of normal, lognormal, gamma"):
        law("weibull")


def test_the_codes_of_or_gym_are_five() -> None:
    """Hubbs et al. 2020, arXiv 2008.06319: Poisson, binomial, uniform, geometric, the user's."""
    assert dict(DEMAND_PROFILES) == {
        1: Poisson,
        2: Binomial,
        3: UniformInteger,
        4: Geometric,
        5: Deterministic,
    }


def test_forecast_errors_that_persist_keep_their_size() -> None:
    """Every period's error has variance 1, and errors k periods apart correlate as rho^k."""
    paths, rho = 20_000, np.array([0.0, 0.6, -0.4])
    errors = autocorrelated_normals(np.random.default_rng(5), (paths, 6, 3), rho)
    standard_error = 1.0 / np.sqrt(paths)
    assert np.abs(errors.mean(axis=0)).max() <= 5 * standard_error
    assert np.abs((errors**2).mean(axis=0) - 1.0).max() <= 5 * np.sqrt(2.0) * standard_error
    for k in range(1, 4):
        together = (errors[:, 0] * errors[:, k]).mean(axis=0)
        assert np.abs(together - rho**k).max() <= 5 * np.sqrt(2.0) * standard_error
    with pytest.raises(ValueError, match="above -1 and below 1"):
        autocorrelated_normals(np.random.default_rng(5), (1, 2, 1), 1.0)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_paths_keep_the_law_of_every_day(name: str, rho: float) -> None:
    """Errors that persist from day to day change no single day's mean or chance of running out."""
    mean = np.array([[20.0, 4.0], [25.0, 2.0]])
    forecast = law(name)(mean, 0.7 * mean)
    paths = 20_000
    demand = sample_paths(forecast, np.random.default_rng(2), paths, rho)
    assert demand.shape == (paths, 2, 2)
    assert demand.min() >= 0.0
    expected = forecast.loss(0.0) if name == "normal" else forecast.mean
    assert (np.abs(demand.mean(axis=0) - expected) <= 5 * forecast.std / np.sqrt(paths)).all()
    short = (demand > mean).mean(axis=0)
    assert np.abs(short - forecast.survival(mean)).max() <= 5 * 0.5 / np.sqrt(paths)


@pytest.mark.parametrize("name", LAWS)
def test_a_good_day_follows_a_good_day_where_errors_persist(name: str) -> None:
    """Ranks of successive days correlate as a Gaussian copula says, 6/pi asin(rho/2)."""
    paths = 20_000
    forecast = law(name)(np.full((2, 1), 500.0), np.full((2, 1), 150.0))
    first, second = sample_paths(forecast, np.random.default_rng(4), paths, 0.6)[..., 0].T
    ranks = np.corrcoef(stats.rankdata(first), stats.rankdata(second))[0, 1]
    assert abs(ranks - 6 / np.pi * np.arcsin(0.3)) <= 5 / np.sqrt(paths)


def test_the_same_seed_gives_the_same_future() -> None:
    """Two draws with one seed are equal to the bit."""
    forecast = Gamma(np.full((5, 2), 8.0), 3.0)
    once, again = (sample_paths(forecast, np.random.default_rng(11), 4, 0.3) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_season_moves_demand_about_and_adds_none() -> None:
    """Over whole weeks and years the factors average 1, and each product has its own."""
    days = np.arange(7 * 365)
    factors = seasonal_mean(
        days,
        weekly_amplitude=np.array([0.3, 0.0]),
        weekly_phase=np.array([0.0, 0.2]),
        yearly_amplitude=np.array([0.0, 0.5]),
        yearly_phase=np.array([0.1, 0.25]),
    )
    assert factors.shape == (days.size, 2)
    np.testing.assert_allclose(factors.mean(axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(factors[:8, 0], factors[7:15, 0], rtol=1e-12)
    assert factors[:7, 0].argmax() == 0
    np.testing.assert_allclose(factors[0], [1.3, 1.5], rtol=1e-12)


def test_reading_about_demand_does_not_wait_for_scipy_stats() -> None:
    """scipy.stats takes half a second to import, which every command would pay."""
    code = "import sys, data.demand; sys.exit('scipy.stats' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
