"""What the measures of questions are made of, and in which units facts count them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.chain.chain import DOOR_TASK, PRESENCE_TASK
from simulators.numbers.outcome import CONVERSIONS, SHARED

MONEY: Final = ("revenue", "sold", "repeat_sold", "given_back", *SHARED)
"""And other numbers in hundredths."""
SECONDS: Final = ("dwell_sum_s", "tried_sum_s", "stay_sum_s", "sum_s")
RATIOS: Final[Mapping[str, tuple[str, str]]] = {
    "mean_dwell_s": ("dwell_sum_s", "visits_closed"), "basket": ("revenue", "transactions"), "revenue_per_visitor": ("revenue", "in"),
    "conversion": ("transactions", "in"), "items_per_sale": ("items_sold", "transactions"), "mean_tried_s": ("tried_sum_s", "tried"),
    "mean_stay_s": ("stay_sum_s", "left"), "mean_s": ("sum_s", "count"), **CONVERSIONS,
    "repeat_share": ("repeat_orders", "orders"), "days_mean": ("days_sum", "repeat_orders"), "repeat_fans_share": ("repeat_fans", "fans"),
    "repeat_sold_share": ("repeat_sold", "sold"), "brought_per_share": ("brought", "shares"),
}  # fmt: skip
RESTS: Final[Mapping[str, tuple[str, str]]] = {
    "anonymous_visits": ("visits_known", "visits"), "anonymous_transactions": ("transactions_known", "transactions"),
}  # fmt: skip
OF_HOURS_SEEN: Final = ("conversion", "revenue_per_visitor")
"""Ratios of sales to people: both of hours in which people were counted, for tills go on while counters are down."""
OF_QUESTION: Final = {"zones": {"mean_dwell_s": ("dwell_sum_s", "dwells")}, "outcome": {"conversion": ("orders", "entrants")}}
"""Ratios that are made of other parts than those of other questions."""
QUANTILES: Final = {"median_s": 0.5, "p90_s": 0.9}
QUANTILES_OF_DAYS: Final = {"days_median": 0.5, "days_p90": 0.9}
S_PER_DAY: Final = 86_400
MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "traffic": (
        "in", "out", "visits_started", "visits_closed", "dwell_sum_s", "mean_dwell_s", "transactions", "transactions_known", "returns",
        "revenue", "basket", "revenue_per_visitor", "touches", "conversion", "visits", "visits_known", "anonymous_visits",
        "anonymous_transactions",
    ),
    "zones": ("entries", "exits", "dwells", "dwell_sum_s", "mean_dwell_s"),
    "doors": ("in", "out", "net"),
    "sales": (
        "transactions", "transactions_known", "anonymous_transactions", "returns", "sold", "given_back", "revenue", "basket",
        "items_sold", "items_per_sale", "touches",
    ),
    "items": ("arrived", "moved", "tried", "left", "tried_sum_s", "stay_sum_s", "mean_tried_s", "mean_stay_s"),
    "dwell": ("count", "sum_s", "mean_s", "median_s", "p90_s"),
    "outcome": (), "repurchase": (), "referral": (),
}  # fmt: skip
"""What is asked for where a question names no measures."""
OBSERVED_BY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("in", "out", "net", "conversion", "revenue_per_visitor"), DOOR_TASK),
    **dict.fromkeys(
        ("visits_started", "visits_closed", "dwell_sum_s", "mean_dwell_s", "visits", "visits_known", "anonymous_visits", "entries",
         "exits", "dwells", "count", "sum_s", "mean_s", "median_s", "p90_s"),
        PRESENCE_TASK,
    ),
}  # fmt: skip
"""Which task a measure needs; the others come from the till, or from goods."""
