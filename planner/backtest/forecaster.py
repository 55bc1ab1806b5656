"""The planner's own forecast, made anew on the first morning of every month."""

from __future__ import annotations

from data.sales import Sales
from planner.backtest.past import Past
from planner.forecasting.forecast import ForecastSetting, SalesForecast, forecast_sales


class OwnForecast:
    """Forecasts sales as `planner forecast` does, methods judged at each product's cost ratio.

    Args:
        past: whose products and chain say what an error costs.
    """

    def __init__(self, past: Past) -> None:
        interval = tuple(int(stage.lead_time) + 1 for stage in past.network.stages)
        self._setting = ForecastSetting(
            cost_ratio=past.products.cost_ratio, protection_interval=interval
        )

    def __call__(self, sales: Sales, days: int) -> SalesForecast:
        """The forecast of `days` days from `sales.end` on."""
        return forecast_sales(sales, days, self._setting)
