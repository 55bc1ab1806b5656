"""Gymnasium environments over `advance`, one product at a time; importing this registers them.

`Inventory/Serial-v0` places orders and sees OR-Gym's numbers; `Inventory/SafetyStock-v0` sets
safety factors and sees what a brain sees. Another variant is another config, never a subclass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from data.demand import DemandLaw, Poisson, law, sample_paths
from data.forecast import Forecast
from data.network import default_network
from data.outlook import outlook_of
from data.product import Shortage, make_products
from data.scenario import Scenario
from data.stock import StockState
from envs.accounting import Rates, charge, rates_of
from envs.dynamics import Flows, State, advance, opening_state
from envs.observation import no_errors, observe, size, traits_of
from envs.policies import HIGHEST_Z, LOWEST_Z, SafetyStockRule, Situation, WholeLots
from envs.reference.serial_profiles import two_waves
from envs.world import Unfilled, World, serial_world, world_of

SMALLEST_CV = 0.1
"""Rewards are per sigma, and sigma is taken as at least this share of mean demand [1]."""


class Economics(Protocol):
    """What a period was worth."""

    @property
    def holding_cost(self) -> tuple[float, ...]:
        """(M,) [money/unit/period]."""

    def reward(self, after: State, flows: Flows, world: World) -> np.ndarray:
        """Worth of the period that led to `after` (P, K) [money]."""


@dataclass(frozen=True)
class Trade:
    """Profit of a chain whose stages sell to each other; defaults are OR-Gym's.

    Attributes:
        price: that customers pay [money/unit].
        unit_cost: that each stage pays its supplier, and last the source its material (M + 1,)
            [money/unit]; a payment between stages changes who earns, not the reward.
        shortage_cost: of a customer's unit not served, then of each stage's order not filled
            (M + 1,) [money/unit/period].
        holding_cost: (M,) [money/unit/period].
        discount: what a period's delay leaves of a profit [1].
    """

    price: float = 2.0
    unit_cost: tuple[float, ...] = (1.5, 1.0, 0.75, 0.5)
    shortage_cost: tuple[float, ...] = (0.1, 0.075, 0.05, 0.025)
    holding_cost: tuple[float, ...] = (0.15, 0.1, 0.05)
    discount: float = 0.97

    def __post_init__(self) -> None:
        stages = len(self.holding_cost)
        if not len(self.unit_cost) == len(self.shortage_cost) == stages + 1:
            raise ValueError(
                f"trade: {stages} holding costs, {len(self.unit_cost)} unit costs and "
                f"{len(self.shortage_cost)} shortage costs; expected one more of the latter two, "
                "for the source"
            )

    def profit(self, after: State, flows: Flows, world: World) -> np.ndarray:
        """Profit of each stage of a serial chain and, last, the source (P, M + 1, K) [money].

        a^n (p_m S_m - r_m R_m - k_m U_m - h_m I_m) in period n: sales S, purchases R, unfilled
        orders U and stock I (Hubbs et al. 2020, arXiv 2008.06319).
        """
        unmet = np.where(world.backordered, after.backorders, flows.lost)
        sold = np.concatenate([flows.served, flows.shipped], axis=1)
        bought = np.concatenate([flows.shipped, flows.shipped[:, -1:]], axis=1)
        unfilled = np.concatenate([unmet, flows.ordered - flows.shipped], axis=1)
        price = _column((self.price, *self.unit_cost[:-1]))
        profit = price * sold - _column(self.unit_cost) * bought
        profit -= _column(self.shortage_cost) * unfilled
        profit[:, :-1] -= _column(self.holding_cost) * after.on_hand
        return self.discount ** (after.period - 1) * profit

    def reward(self, after: State, flows: Flows, world: World) -> np.ndarray:
        """Profit of the whole chain (P, K) [money]."""
        return self.profit(after, flows, world).sum(axis=1)


@dataclass(frozen=True)
class Upkeep:
    """Cost of a shelf and the chain behind it: missed sales and holding, nothing else.

    Attributes:
        missed_sale_cost: of a unit lost [money/unit], or backordered [money/unit/period].
        holding_cost: (M,) [money/unit/period].
    """

    missed_sale_cost: float
    holding_cost: tuple[float, ...]

    def reward(self, after: State, flows: Flows, world: World) -> np.ndarray:
        """The period's cost, negative (P, K) [money]."""
        stages = len(self.holding_cost)
        rates = Rates(
            holding=_column(self.holding_cost),
            shortage=np.array([self.missed_sale_cost]),
            volume=np.ones(1),
            storage_capacity=np.full(stages, np.inf),
            overflow=np.zeros(stages),
        )
        costs = charge(after, flows, rates, world)
        return -(costs.holding + costs.shortage)


@dataclass(frozen=True)
class SerialConfig:
    """A serial chain of one product; the defaults are OR-Gym's InvManagement-v1.

    OR-Gym's InvManagement-v0 is `shortage=Shortage.BACKORDER, unfilled=Unfilled.OWED`.

    Attributes:
        opening_stock: (M,) [unit].
        lead_time: (M,) [period].
        supply_capacity: largest shipment to each stage (M,) [unit/period].
        demand: the law of a period's demand, with scalar parameters or one per period (T,);
            `data.demand.DEMAND_PROFILES` has OR-Gym's by their codes.
        periods: length T of an episode [period].
        shortage: what becomes of customers who find the shelf empty.
        unfilled: what becomes of orders that a supplier cannot fill.
        economics: what is rewarded.
    """

    opening_stock: tuple[float, ...] = (100.0, 100.0, 200.0)
    lead_time: tuple[int, ...] = (3, 5, 10)
    supply_capacity: tuple[float, ...] = (100.0, 90.0, 80.0)
    demand: DemandLaw = field(default_factory=lambda: Poisson(20.0))
    periods: int = 30
    shortage: Shortage = Shortage.LOST
    unfilled: Unfilled = Unfilled.FORGOTTEN
    economics: Economics = Trade()

    def __post_init__(self) -> None:
        per_stage = ("opening_stock", "lead_time", "supply_capacity")
        found = {name: len(getattr(self, name)) for name in per_stage}
        found["holding_cost"] = len(self.economics.holding_cost)
        if len(set(found.values())) != 1 or not self.lead_time:
            raise ValueError(f"serial chain: found {found} values, expected one per stage of each")
        if not np.isfinite(self.supply_capacity).all() or min(self.supply_capacity) <= 0:
            raise ValueError(
                f"serial chain: supply_capacity is {self.supply_capacity}, expected finite numbers "
                "above 0; they bound the action space"
            )
        if np.shape(self.demand.mean) not in ((), (self.periods,)):
            raise ValueError(
                f"serial chain: demand is given for {np.shape(self.demand.mean)} periods, the "
                f"episode has {self.periods}; give one law for all, or one value per period"
            )


class SerialEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """`Inventory/Serial-v0`: order for every stage of a serial chain, every period.

    Action: units each stage orders (M,). Observation: the stock of each stage, then the orders of
    the last max(L) periods, oldest first, M + M max(L) numbers as in OR-Gym. Reward: the config's
    economics. The episode is the whole problem, what is left at its end is worth nothing, so it
    terminates.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(self, config: SerialConfig | None = None, render_mode: str | None = None) -> None:
        self.config = config = config or SerialConfig()
        self.render_mode = render_mode
        capacity = np.array(config.supply_capacity)
        self._world = serial_world(
            np.array(config.lead_time)[:, None],
            capacity[:, None],
            np.array([config.shortage is Shortage.BACKORDER]),
            config.unfilled,
        )
        orders_seen = max(config.lead_time) * len(capacity)
        self.action_space = Box(0.0, capacity.astype(np.float32), dtype=np.float32)
        most = sum(config.opening_stock) + config.periods * capacity.max()
        self.observation_space = Box(0.0, most, (len(capacity) + orders_seen,), np.float32)
        self._state: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Opening stock, nothing under way, and a new demand path."""
        super().reset(seed=seed)
        config = self.config
        on_hand = np.array(config.opening_stock)[:, None]
        stock = StockState(on_hand, np.zeros((*on_hand.shape, 1)), np.zeros(1))
        self._state = opening_state(stock, self._world)
        self._demand = np.maximum(config.demand.sample(self.np_random, (config.periods,)), 0.0)
        self._orders = np.zeros((max(config.lead_time), len(on_hand)))
        return self._observation(self._state), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One period; `info` has what moved, and the demand, in units."""
        state, config = self._state, self.config
        if state is None or state.period >= config.periods:
            raise RuntimeError("no episode is under way; call reset() before step()")
        orders = np.maximum(np.asarray(action, dtype=np.float64), 0.0)
        demand = self._demand[state.period].reshape(1, 1, 1)
        after, flows = advance(state, orders.reshape(1, -1, 1), demand, self._world)
        self._state = after
        self._orders = np.vstack([self._orders, orders])[1:]
        info = {
            "demand": float(flows.demand.sum()),
            "served": float(flows.served.sum()),
            "lost": float(flows.lost.sum()),
            "backorders": float(after.backorders.sum()),
            "shipped": flows.shipped[0, :, 0],
        }
        reward = config.economics.reward(after, flows, self._world).item()
        return self._observation(after), reward, after.period >= config.periods, False, info

    def _observation(self, state: State) -> np.ndarray:
        seen = np.concatenate([state.on_hand[0, :, 0], self._orders.ravel()])
        return seen.astype(np.float32)


STAGES = 3
"""Stages of the chains that `SafetyStockEnv` plays."""
ProductSampler = Callable[[np.random.Generator], Scenario]
"""Draws a planning problem of one product at three stages."""


def always(scenario: Scenario) -> ProductSampler:
    """The sampler that draws the same problem every time."""
    return lambda rng: scenario


@dataclass(frozen=True)
class SeasonalProduct:
    """Draws products that differ in cost ratio, lead times, uncertainty and place in the season.

    The forecast is `two_waves` from a random day on; every day has a standard deviation of its own,
    uniform from 0 to `largest_std`.

    Attributes:
        largest_std: [unit/period].
        cost_ratio: least and greatest, log-uniform [1].
        lead_time: least and greatest at every stage, uniform [period].
        days: length of the forecast [day].
    """

    largest_std: float = 10.0
    cost_ratio: tuple[float, float] = (10.0, 1000.0)
    lead_time: tuple[int, int] = (1, 9)
    days: int = 365

    def __call__(self, rng: np.random.Generator) -> Scenario:
        """One product; each stage opens with the forecast of its own protection interval."""
        lead_time = rng.integers(self.lead_time[0], self.lead_time[1] + 1, (STAGES, 1))
        t = rng.integers(1000) + np.arange(self.days)
        mean = two_waves(t)[:, None]
        least, greatest = np.log(self.cost_ratio)
        ratio = np.exp(rng.uniform(least, greatest, 1))
        std = rng.uniform(0, self.largest_std, mean.shape)
        on_hand = (lead_time + 1) * mean[0]
        return Scenario(
            default_network(),
            make_products(ratio, np.ones(1), lead_time),
            Forecast(date(2000, 1, 1), mean, std),
            StockState(on_hand, np.zeros((STAGES, 1, 1)), np.zeros(1)),
            law="normal",
        )


@dataclass(frozen=True)
class SafetyStockConfig:
    """How safety factors are asked for.

    Attributes:
        products: draws each episode's product.
        review: periods that safety factors are held for [period].
        periods: length of an episode [period].
    """

    products: ProductSampler = SeasonalProduct()
    review: int = 10
    periods: int = 200

    def __post_init__(self) -> None:
        if not 1 <= self.review <= self.periods:
            raise ValueError(
                f"review is {self.review}, expected 1 to the {self.periods} periods of an episode"
            )


class SafetyStockEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """`Inventory/SafetyStock-v0`: set safety factors for a review, see what they cost.

    Action: z of each stage (3,), held while `SafetyStockRule` orders every period in whole lots.
    Observation: `envs.observation.observe`, in the order of its `features`. Reward: minus the cost
    of the review per sigma, which is the holding cost of one standard deviation of demand over the
    shelf's protection interval. The chain goes on after an episode, so it is truncated.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(
        self, config: SafetyStockConfig | None = None, render_mode: str | None = None
    ) -> None:
        self.config = config or SafetyStockConfig()
        self.render_mode = render_mode
        self.action_space = Box(LOWEST_Z, HIGHEST_Z, (STAGES,), np.float32)
        self.observation_space = Box(-np.inf, np.inf, (size(STAGES),), np.float32)
        self._state: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A new product and a new demand path."""
        super().reset(seed=seed)
        periods = self.config.periods
        scenario = self.config.products(self.np_random)
        if scenario.products.lead_time.shape != (STAGES, 1):
            stages, count = scenario.products.lead_time.shape
            raise ValueError(
                f"the sampler drew {count} products at {stages} stages, expected 1 at {STAGES}"
            )
        self._world, self._rates = world_of(scenario), rates_of(scenario)
        self._outlook, self._traits = outlook_of(scenario, periods), traits_of(scenario)
        mean, std = self._outlook.mean[:periods], self._outlook.std[:periods]
        autocorrelation = scenario.products.error_autocorrelation
        self._demand = sample_paths(
            law(scenario.law)(mean, std), self.np_random, paths=1, rho=autocorrelation
        )
        self._sigma_cost = _sigma_cost(scenario, mean, std)
        self._z = np.zeros((STAGES, 1))
        self._rule = WholeLots(
            SafetyStockRule(self._outlook, lambda situation: self._z),
            scenario.products.lot_size,
            scenario.products.minimum_order,
            self._world.supply_capacity,
        )
        self._state = opening_state(scenario.stock, self._world)
        self._errors = no_errors(paths=1, products=1)
        return self._observation(self._state), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One review; `info` has its money term by term, and the units demanded and lost."""
        state, config = self._state, self.config
        if state is None or state.period >= config.periods:
            raise RuntimeError("no episode is under way; call reset() before step()")
        self._z = np.clip(np.asarray(action, dtype=np.float64), LOWEST_Z, HIGHEST_Z)[:, None]
        info = dict.fromkeys(("holding", "shortage", "overflow", "demand", "lost"), 0.0)
        for t in range(state.period, min(state.period + config.review, config.periods)):
            orders = self._rule(Situation(state, self._errors, self._world))
            demand = self._demand[:, t]
            state, flows = advance(state, orders, demand[:, None], self._world)
            costs = charge(state, flows, self._rates, self._world)
            for term in ("holding", "shortage", "overflow"):
                info[term] += float(getattr(costs, term).sum())
            info["demand"] += float(demand.sum())
            info["lost"] += float(flows.lost.sum())
            self._errors = self._errors.after(demand, self._outlook.mean[t], self._outlook.std[t])
        self._state = state
        cost = info["holding"] + info["shortage"] + info["overflow"]
        over = state.period >= config.periods
        return self._observation(state), -cost / self._sigma_cost, False, over, info

    def _observation(self, state: State) -> np.ndarray:
        return observe(state, self._errors, self._outlook, self._traits)[0, 0]


def _column(values: tuple[float, ...]) -> np.ndarray:
    """One number per stage, ready to meet arrays (P, M, K)."""
    return np.array(values)[:, None]


def _sigma_cost(scenario: Scenario, mean: np.ndarray, std: np.ndarray) -> float:
    """Cost of holding one sigma of the shelf's protection interval for a period [money]."""
    products = scenario.products
    daily = max(float(np.sqrt(np.mean(np.square(std)))), SMALLEST_CV * float(np.mean(mean)))
    sigma = daily * np.sqrt(products.lead_time[0, 0] + 1.0)
    return float(products.holding_cost[0] * sigma)


gymnasium.register("Inventory/Serial-v0", f"{__name__}:SerialEnv")
gymnasium.register("Inventory/SafetyStock-v0", f"{__name__}:SafetyStockEnv")
