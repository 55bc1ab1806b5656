"""What constraints are called, in words that a planner knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from data.scenario import Scenario
from planner.wording import day, number


@dataclass(frozen=True)
class Names:
    """Names of what can be at odds in a scenario; products, stages and periods by their index."""

    scenario: Scenario

    def product(self, product: int) -> str:
        """The product's id."""
        return str(self.scenario.products.unique_id[product])

    def stage(self, stage: int) -> str:
        """The stage's name."""
        return self.scenario.network.names[stage]

    def supplier(self, supplier: int) -> str:
        """The supplier's name."""
        return str(self.scenario.terms.suppliers.name[supplier])

    def day(self, period: int) -> str:
        """'6 Jan 2027'."""
        return day(self.scenario.start + timedelta(days=period))

    def lock(self, quantity: float, product: int, stage: int, period: int) -> str:
        """'lock of 40 P0012 to Tennessee on 6 Jan 2027'."""
        line = f"{number(quantity)} {self.product(product)} to {self.stage(stage)}"
        return f"lock of {line} on {self.day(period)}"

    def stock(self, product: int, stage: int) -> str:
        """'opening stock of P0012 at Los Angeles'."""
        return f"opening stock of {self.product(product)} at {self.stage(stage)}"

    def largest(self, product: int) -> str:
        """'largest order of P0012'."""
        return f"largest order of {self.product(product)}"

    def minimum(self, product: int) -> str:
        """'minimum order of P0012'."""
        return f"minimum order of {self.product(product)}"

    def lot(self, product: int) -> str:
        """'lot size of P0012'."""
        return f"lot size of {self.product(product)}"

    def stage_days(self, stage: int) -> str:
        """'order days of Tennessee'."""
        return f"order days of {self.stage(stage)}"

    def supplier_days(self, supplier: int) -> str:
        """'order days of Ningbo Harbour Goods'."""
        return f"order days of {self.supplier(supplier)}"

    def supply(self, stage: int, period: int | None = None) -> str:
        """'supply capacity of Tennessee on 6 Jan 2027'; of any day without a period."""
        return f"supply capacity of {self.stage(stage)}{self._on(period)}"

    def space(self, stage: int, period: int | None = None) -> str:
        """'space at Tennessee on 6 Jan 2027'; of any day without a period."""
        return f"space at {self.stage(stage)}{self._on(period)}"

    def budget(self, period: int | None = None) -> str:
        """'budget of 6 Jan 2027'; 'budget of a day' without a period."""
        return f"budget of {'a day' if period is None else self.day(period)}"

    def total(self) -> str:
        """'budget of the horizon'."""
        return "budget of the horizon"

    def supplier_minimum(self, supplier: int, period: int | None = None) -> str:
        """'minimum order of Ningbo Harbour Goods on 6 Jan 2027'; of any day without a period."""
        return f"minimum order of {self.supplier(supplier)}{self._on(period)}"

    def _on(self, period: int | None) -> str:
        return "" if period is None else f" on {self.day(period)}"
