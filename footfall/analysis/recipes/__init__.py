"""Recipes on the DataFrames that `Footfall` returns. Each states what it assumes, and in which direction it may be wrong.

They are pure functions. Where a result has an interval, `docs/analysing.md` has how often it contained the truth in simulated worlds.
"""

from gateway.analysis.recipes.campaigns import Lift, capture_rate, lift
from gateway.analysis.recipes.estimates import Estimate
from gateway.analysis.recipes.fans import dwell_against_sale, people_to_staff, repeat_visits, visits_before_purchase
from gateway.analysis.recipes.forecasts import Backtest, backtest, naive_forecast, seasonal_naive
from gateway.analysis.recipes.occupancy import inside
from gateway.analysis.recipes.rhythm import peaks, profile
from gateway.analysis.recipes.ways import funnel, transitions

__all__ = [
    "Backtest", "Estimate", "Lift", "backtest", "capture_rate", "dwell_against_sale", "funnel", "inside", "lift", "naive_forecast", "peaks",
    "people_to_staff", "profile", "repeat_visits", "seasonal_naive", "transitions", "visits_before_purchase",
]  # fmt: skip
