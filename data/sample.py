"""A runnable folder of tables, drawn from a seed: what `planner init` writes and what is shipped.

An invented retailer: fresh goods with a low ratio of missed-sale to holding cost, spare parts with
a high one, demand from a few hundred units a day to one in five days, and a shelf that is a little
too small for the stock it should hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from data.errors import ConfigurationError
from data.network import Network, Stage, default_network
from data.sales_file import write_sales
from data.sample_history import invent

START = date(2027, 1, 4)
"""First day of the shipped sample, a Monday; fixed, so that its files never change."""

_CATEGORIES: dict[str, tuple[str, ...]] = {
    "Fresh": ("Apples", "Yoghurt", "Basil", "Rye Bread", "Tomatoes", "Butter", "Salad", "Berries"),
    "Pantry": ("Pasta", "Olive Oil", "Rice", "Coffee", "Honey", "Lentils", "Biscuits", "Tea"),
    "Household": ("Soap", "Candles", "Towels", "Sponges", "Baskets", "Mugs", "Jars", "Brushes"),
    "Garden": ("Gloves", "Seeds", "Pots", "Twine", "Trowel", "Lantern", "Hose", "Shears"),
    "Spares": ("Filter", "Gasket", "Bearing", "Fuse", "Valve", "Belt", "Switch", "Hinge"),
}
_STYLES = (
    *("Alder", "Amber", "Aspen", "Birch", "Bramble", "Brook", "Cedar", "Clover", "Coral", "Cove"),
    *("Dune", "Ember", "Fern", "Fjord", "Flint", "Hazel", "Heron", "Juniper", "Lark", "Linden"),
    *("Maple", "Meadow", "Moss", "Nettle", "Pebble", "Plover", "Rowan", "Sage", "Tarn", "Willow"),
)
_SUPPLIERS = ("Pearl River Trading", "Ningbo Harbour Goods", "Bright Works Shenzhen")
_LOTS = (1, 6, 12, 24)
_SUNDAY = 6
_SHAPES = {
    "smooth": (0.24, 2.0, 200.0, 0.15, 0.40),
    "weekly": (0.26, 1.0, 150.0, 0.20, 0.50),
    "trend": (0.14, 1.0, 80.0, 0.20, 0.50),
    "slow": (0.16, 0.2, 2.0, 0.60, 1.00),
    "lumpy": (0.12, 0.5, 12.0, 1.20, 2.00),
    "closed": (0.08, 2.0, 60.0, 0.20, 0.50),
}
"""Demand shapes: share of products, range of mean demand [unit/day], range of std / mean [1]."""


@dataclass(frozen=True)
class _Range:
    """The catalogue that is drawn first; K products.

    Attributes:
        cost_ratio: missed-sale cost / holding cost (K,) [1].
        missed_sale_cost: (K,) [money/unit].
        holding_cost: (K,) [money/unit/day].
        unit_cost: (K,) [money/unit].
        volume: (K,) [dm3/unit].
        lot_size: (K,) [unit].
        lead_time: per stage (M, K) [day].
        mean, std: demand and the spread of its forecast error (T, K) [unit/day].
    """

    cost_ratio: np.ndarray
    missed_sale_cost: np.ndarray
    holding_cost: np.ndarray
    unit_cost: np.ndarray
    volume: np.ndarray
    lot_size: np.ndarray
    lead_time: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    def sigma(self) -> np.ndarray:
        """Typical standard deviation over each stage's protection interval (M, K) [unit]."""
        return np.sqrt(np.square(self.std).mean(axis=0) * (self.lead_time + 1))

    def safety_factor(self) -> np.ndarray:
        """Safety factors that suit the ratio, for opening stock and capacities (M, K) [1]."""
        classes = np.log10([10.0, 100.0, 1000.0])
        per_class = np.array([[0.85, 2.7, 4.5], [-0.5, 0.8, 1.8], [-0.85, 0.3, 1.2]])
        ratio = np.log10(self.cost_ratio)
        return np.array([np.interp(ratio, classes, factors) for factors in per_class])


def write_sample(
    folder: Path,
    products: int = 300,
    days: int = 60,
    seed: int = 1,
    start: date = START,
    history: bool = False,
) -> None:
    """Write forecast.csv, products.csv, stock.csv, open_orders.csv and network.toml.

    Args:
        folder: created if need be; files of these names are replaced.
        products: number of products K.
        days: horizon T [day].
        seed: of everything drawn; one seed gives the same bytes.
        start: first day of the forecast.
        history: whether sales.parquet is written, too.

    Raises:
        ConfigurationError: there is nothing to write.
    """
    if products < 1 or days < 1:
        raise ConfigurationError(
            f"a sample of {products} products and {days} days was asked for; give 1 or more of each"
        )
    rng = np.random.default_rng(seed)
    network = default_network()
    drawn = _draw(rng, products, days, start, network)
    ids = [f"P{number + 1:04d}" for number in range(products)]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "forecast.csv", "unique_id,ds,mean,std", _forecast_lines(drawn, ids, start))
    _write(folder / "products.csv", _product_header(network), _product_lines(rng, drawn, ids))
    _write(folder / "stock.csv", "unique_id,stage,on_hand", _stock_lines(rng, drawn, ids, network))
    _write(
        folder / "open_orders.csv",
        "unique_id,stage,arrival,quantity",
        _order_lines(rng, drawn, ids, network, start),
    )
    sized = Network(_sized_stages(drawn, network), network.source)
    (folder / "network.toml").write_text(_toml(sized), encoding="utf-8", newline="\n")
    if history:
        price = np.round(drawn.unit_cost + drawn.missed_sale_cost, 2)
        past = invent(ids, (drawn.mean, drawn.std), price, start, seed)
        write_sales(folder / "sales.parquet", past.sales)


def _log_uniform(
    rng: np.random.Generator, low: np.ndarray | float, high: np.ndarray | float, count: int
) -> np.ndarray:
    return np.exp(np.log(low) + rng.random(count) * (np.log(high) - np.log(low)))


def _rounded(values: np.ndarray) -> np.ndarray:
    """Values to three significant digits."""
    magnitude = np.floor(np.log10(np.where(values > 0, values, 1.0)))
    return np.round(values / 10.0 ** (magnitude - 2)) * 10.0 ** (magnitude - 2)


def _draw(rng: np.random.Generator, count: int, days: int, start: date, network: Network) -> _Range:
    ratio = _log_uniform(rng, 10.0, 1000.0, count)
    exact = min(count, 9)
    ratio[rng.permutation(count)[:exact]] = np.resize([10.0, 100.0, 1000.0], exact)
    unit_cost = np.round(_log_uniform(rng, 0.8, 60.0, count), 2)
    holding = _rounded(unit_cost * _log_uniform(rng, 0.15, 1.0, count) / ratio)
    mean, std = _demand(rng, count, days, start)
    fast = mean.mean(axis=0) > 6
    lot = np.where(fast & (rng.random(count) < 0.4), rng.choice(_LOTS[1:], count), _LOTS[0])
    usual = network.column("lead_time").astype(np.int64)[:, None]
    shift = np.where(
        rng.random((len(network), count)) < 0.12, rng.integers(-2, 5, (len(network), count)), 0
    )
    return _Range(
        cost_ratio=ratio,
        missed_sale_cost=holding * ratio,
        holding_cost=holding,
        unit_cost=unit_cost,
        volume=_rounded(_log_uniform(rng, 0.3, 6.0, count)),
        lot_size=lot,
        lead_time=np.clip(usual + shift, 1, 9),
        mean=mean,
        std=std,
    )


def _demand(
    rng: np.random.Generator, count: int, days: int, start: date
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of demand (T, K) [unit/day]."""
    shares, low, high, low_cv, high_cv = (
        np.array(column) for column in zip(*_SHAPES.values(), strict=True)
    )
    shape = rng.choice(len(_SHAPES), count, p=shares)
    kind = np.array(list(_SHAPES))[shape]
    scale = _log_uniform(rng, low[shape], high[shape], count)
    cv = low_cv[shape] + rng.random(count) * (high_cv - low_cv)[shape]
    weekday = (start.weekday() + np.arange(days)) % 7

    week = np.exp(0.35 * rng.standard_normal((7, count)))
    week = np.where(kind == "weekly", week / week.mean(axis=0), 1.0)
    week[_SUNDAY, kind == "closed"] = 0.0
    growth = np.where(kind == "trend", rng.uniform(-0.8, 0.8, count), 0.0)
    mean = scale * week[weekday] * np.exp(growth * (np.arange(days)[:, None] / days - 0.5))
    # Counts vary at least as the Poisson law does; a forecast of little is never exact.
    std = np.minimum(np.maximum(cv * mean, np.sqrt(mean)), 2.2 * mean)
    return _rounded(mean), _rounded(std)


def _names(rng: np.random.Generator, cost_ratio: np.ndarray) -> tuple[list[str], list[str]]:
    """Category and name per product: the higher the ratio, the more durable the thing."""
    categories = list(_CATEGORIES)
    rank = np.log10(cost_ratio / 10.0) / 2.0 * len(categories) + rng.normal(
        0.0, 0.7, len(cost_ratio)
    )
    category = [categories[int(place)] for place in np.clip(rank, 0, len(categories) - 1)]
    taken: dict[str, int] = {}
    names = []
    for group, style, thing in zip(
        category, rng.choice(_STYLES, len(rank)), rng.integers(0, 8, len(rank)), strict=True
    ):
        name = f"{style} {_CATEGORIES[group][thing]}"
        taken[name] = taken.get(name, 0) + 1
        names.append(name if taken[name] == 1 else f"{name} No. {taken[name]}")
    return category, names


def _forecast_lines(drawn: _Range, ids: list[str], start: date) -> Iterator[str]:
    days = [(start + timedelta(days=number)).isoformat() for number in range(len(drawn.mean))]
    for unique_id, means, stds in zip(ids, drawn.mean.T, drawn.std.T, strict=True):
        for day, mean, std in zip(days, means, stds, strict=True):
            yield f"{unique_id},{day},{mean:.6g},{std:.6g}"


def _product_header(network: Network) -> str:
    lead_times = ",".join(f"lead_time_{number}" for number in range(len(network)))
    return (
        "unique_id,missed_sale_cost,holding_cost,name,category,volume,unit_cost,price,lot_size,"
        f"minimum_order,{lead_times},shortage,supplier"
    )


def _product_lines(rng: np.random.Generator, drawn: _Range, ids: list[str]) -> Iterator[str]:
    category, name = _names(rng, drawn.cost_ratio)
    supplier = rng.choice(_SUPPLIERS, len(ids), p=[0.5, 0.3, 0.2])
    minimum = np.where(rng.random(len(ids)) < 0.1, 2 * drawn.lot_size, 0) * (drawn.lot_size > 1)
    waits = rng.random(len(ids)) < 0.04
    for k, unique_id in enumerate(ids):
        price = drawn.unit_cost[k] + drawn.missed_sale_cost[k]
        cells = (
            unique_id,
            f"{drawn.missed_sale_cost[k]:.6g}",
            f"{drawn.holding_cost[k]:.6g}",
            name[k],
            category[k],
            f"{drawn.volume[k]:.6g}",
            f"{drawn.unit_cost[k]:.2f}",
            f"{price:.2f}",
            str(drawn.lot_size[k]),
            str(minimum[k]),
            *(str(days) for days in drawn.lead_time[:, k]),
            "backorder" if waits[k] else "lost",
            supplier[k],
        )
        yield ",".join(cells)


def _stock_lines(
    rng: np.random.Generator, drawn: _Range, ids: list[str], network: Network
) -> Iterator[str]:
    """Stock about where it should be; some products overstocked, some out of stock."""
    shape = drawn.lead_time.shape
    at_rest = (np.arange(shape[0]) > 0)[:, None] * drawn.mean.mean(axis=0)
    wanted = at_rest + drawn.sigma() * _unit_stock(drawn.safety_factor())
    luck = rng.random(shape)
    spread = np.where(luck < 0.06, 3.0, rng.uniform(0.6, 1.3, shape))
    units = np.round(wanted * np.where(luck > 0.95, 0.0, spread))
    for k, unique_id in enumerate(ids):
        for stage, name in enumerate(network.names):
            yield f"{unique_id},{name},{units[stage, k]:.0f}"


def _order_lines(
    rng: np.random.Generator, drawn: _Range, ids: list[str], network: Network, start: date
) -> Iterator[str]:
    """About a day's demand arriving on every day of each lead time, in whole lots."""
    left_over = rng.random(drawn.lead_time.shape) * drawn.lot_size
    daily = drawn.mean.mean(axis=0)
    for k, unique_id in enumerate(ids):
        for stage, name in enumerate(network.names):
            days = np.arange(drawn.lead_time[stage, k] + 1)
            lots = np.floor((left_over[stage, k] + daily[k] * days) / drawn.lot_size[k])
            for day, quantity in enumerate(np.diff(lots) * drawn.lot_size[k]):
                if quantity > 0:
                    arrival = start + timedelta(days=day)
                    yield f"{unique_id},{name},{arrival.isoformat()},{quantity:.0f}"


def _unit_stock(z: np.ndarray) -> np.ndarray:
    """E[(z + Z)^+] of a standard normal Z: stock left, in sigmas, at safety factor z.

    Within 0.02 for all z, by log(1 + exp(1.65 z)) / 1.65, so that no library's rounding shows.
    """
    return np.log1p(np.exp(1.65 * z)) / 1.65


_TIGHTNESS = (0.76, 1.3, 1.5)
"""Space per stage: 1 holds the stock wanted on 95 % of days, 0 only what passes through."""


def _sized_stages(drawn: _Range, network: Network) -> tuple[Stage, ...]:
    """The stages with a storage capacity each, and what space beyond it costs.

    A stage must hold what passes through: a day's demand at the shelf, two upstream, where only
    stock of the day before can be shipped. Above that, capacity is a share of what is wanted on
    95 % of days. Stock swings less than demand over a protection interval, by a factor of about
    0.4: 1.645 x 0.4 = 0.66.
    """
    volume, sigma = drawn.volume, drawn.sigma()
    flow = (volume * drawn.mean.mean(axis=0)).sum()
    passing = flow * np.where(np.arange(len(network)) == 0, 1.0, 2.0)
    held = (volume * sigma * _unit_stock(drawn.safety_factor())).sum(axis=1)
    spread = np.sqrt(np.square(volume * sigma).sum(axis=1))
    capacity = passing + np.resize(_TIGHTNESS, len(network)) * (held + 0.66 * spread)
    weight = drawn.mean.mean(axis=0)
    price = 3.0 * (drawn.holding_cost * weight).sum() / (volume * weight).sum()
    return tuple(
        replace(
            stage, storage_capacity=float(_rounded(space)), overflow_price=float(_rounded(price))
        )
        for stage, space in zip(network.stages, capacity, strict=True)
    )


_TOML_HEAD = """\
# The chain of stocking levels, the shelf first; each stage is supplied by the next one, and the
# last by the source, which has no limit.
#
# name              what people call it
# supplier          the stage (or source) it is supplied by; always the next one
# lead_time         days from shipping to this stage to receipt there [day]; products.csv may give
#                   a product its own as lead_time_0 (the shelf), lead_time_1, ...
# holding_share     cost of holding a unit here / holding it on the shelf [1]
# storage_capacity  space for stock, incoming goods included [dm3, the unit of `volume` in
#                   products.csv]; leave it out for no limit
# supply_capacity   most that can be shipped to this stage in one day [dm3/day]; not given: no limit
# overflow_price    price of space beyond the capacity, say rented elsewhere [money/dm3/day]
"""


def _toml(network: Network) -> str:
    tables = [_TOML_HEAD, f'source = "{network.source}"\n']
    for number, stage in enumerate(network.stages):
        tables.append(
            "[[stage]]\n"
            f'name = "{stage.name}"\n'
            f'supplier = "{network.supplier_of(number)}"\n'
            f"lead_time = {stage.lead_time}\n"
            f"holding_share = {stage.holding_share:g}\n"
            f"storage_capacity = {stage.storage_capacity:g}\n"
            f"overflow_price = {stage.overflow_price:g}\n"
        )
    return "\n".join(tables)


def _write(path: Path, header: str, lines: Iterator[str]) -> None:
    path.write_text("\n".join((header, *lines, "")), encoding="utf-8", newline="\n")
