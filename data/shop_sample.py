"""Writes a small shop in the shape that `data/shop.py` reads; everything in it is made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data.errors import ConfigurationError
from data.shop import DAYS, HOURS

NAMES = (
    *("Bananas", "Whole Milk", "Sourdough", "Free-Range Eggs", "Baby Spinach", "Cheddar"),
    *("Ground Coffee", "Olive Oil", "Dark Chocolate", "Sparkling Water", "Basmati Rice", "Soap"),
)
USUAL_GAP = 5.5
"""Days between two orders of a customer [day]."""
USUAL_BASKET = 4.0
"""Products in an order."""
_WEEK = np.array([1.35, 1.25, 0.95, 0.85, 0.85, 0.9, 0.85])
"""Orders by day of the week, 0 first [1]."""


def write_shop(
    folder: Path, products: int = 12, customers: int = 300, weeks: int = 8, seed: int = 1
) -> None:
    """Write orders.csv, order_products.csv and products.csv.

    Customers come back every few days, mostly in the daytime; a few products are in most baskets,
    others in few; each product has hours of its own at which it is wanted.

    Args:
        folder: created if need be; files of these names are replaced.
        products: number of products K.
        customers: number of customers.
        weeks: that the orders span [week].
        seed: of everything drawn; one seed gives the same bytes.

    Raises:
        ConfigurationError: there is nothing to write.
    """
    if min(products, customers, weeks) < 1:
        raise ConfigurationError(
            f"a shop of {products} products, {customers} customers and {weeks} weeks was asked "
            "for; give 1 or more of each"
        )
    rng = np.random.default_rng(seed)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weight = _wanted(rng, products)
    orders = list(_orders(rng, customers, weeks))
    _write(
        folder / "products.csv", "product_id,product_name,aisle_id,department_id", _names(products)
    )
    _write(
        folder / "orders.csv",
        "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order",
        (",".join(map(str, (number, *order))) for number, order in enumerate(orders, 1)),
    )
    _write(
        folder / "order_products.csv",
        "order_id,product_id,add_to_cart_order,reordered",
        _baskets(rng, orders, weight),
    )


def _wanted(rng: np.random.Generator, products: int) -> np.ndarray:
    """How much each product is wanted in each hour (K, 24) [1]."""
    popularity = 1.0 / np.arange(1, products + 1) ** 0.8
    peak = rng.uniform(8.0, 21.0, products)[:, None]
    hour = np.arange(HOURS)
    apart = np.minimum((hour - peak) % HOURS, (peak - hour) % HOURS)
    own: np.ndarray = popularity[:, None] * (0.6 + np.exp(-0.5 * (apart / 3.0) ** 2))
    return own


_Order = tuple[int, str, int, int, int, str]
"""user_id, eval_set, order_number, order_dow, order_hour_of_day, days_since_prior_order."""


def _orders(rng: np.random.Generator, customers: int, weeks: int) -> Iterator[_Order]:
    hour = np.arange(HOURS)
    by_hour = np.exp(-0.5 * ((hour - 13.5) / 4.2) ** 2) + 0.02
    for customer in range(1, customers + 1):
        day = int(rng.integers(0, DAYS))
        number, gap = 1, ""
        while day < weeks * DAYS:
            if rng.random() < _WEEK[day % DAYS] / _WEEK.max():
                when = int(rng.choice(HOURS, p=by_hour / by_hour.sum()))
                yield customer, "prior", number, day % DAYS, when, gap
                number, waited = number + 1, 1 + int(rng.poisson(USUAL_GAP - 1.0))
                gap = f"{waited}.0"
                day += waited
            else:
                day, gap = day + 1, f"{float(gap) + 1}" if gap else ""


def _baskets(rng: np.random.Generator, orders: list[_Order], weight: np.ndarray) -> Iterator[str]:
    seen: dict[int, set[int]] = {}
    for number, order in enumerate(orders, 1):
        own = weight[:, order[4]]
        size = min(1 + int(rng.poisson(USUAL_BASKET - 1.0)), len(own))
        bought = rng.choice(len(own), size, replace=False, p=own / own.sum()) + 1
        known = seen.setdefault(order[0], set())
        for place, product in enumerate(bought.tolist(), 1):
            yield f"{number},{product},{place},{int(product in known)}"
        known.update(bought.tolist())


def _names(products: int) -> Iterator[str]:
    for number in range(products):
        turn, name = divmod(number, len(NAMES))
        words = NAMES[name] if not turn else f"{NAMES[name]} {turn + 1}"
        yield f"{number + 1},{words},{number % 6 + 1},{number % 3 + 1}"


def _write(path: Path, header: str, lines: Iterator[str]) -> None:
    path.write_text("\n".join((header, *lines, "")), encoding="utf-8", newline="\n")
