"""What led to a sale: touches of its fan in the store, within the window, after the last sale of an earlier day."""

from __future__ import annotations

from typing import Any

from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.identity.facts_json import HANDBACK
from gateway.outcome.journey import RETURN, SALE, Act, act_of, contributed

DAY_BEGIN_NS = 100 * NS_PER_DAY
SOLD_NS = DAY_BEGIN_NS + 10 * NS_PER_HOUR


def act(time_ns: int, what: str = "service", staff_id: str = "anna") -> Act:
    return Act(time_ns, "s1", "f1", what, "", staff_id, "", "", "", (), "", 0)


SOLD = act(SOLD_NS, SALE, "cleo")


def led(*acts: Act, window_days: int = 30) -> list[str]:
    return [each.staff_id for each in contributed(SOLD, [*acts, SOLD], DAY_BEGIN_NS, window_days * NS_PER_DAY)]


def test_touches_before_a_sale_led_to_it_and_itself_is_the_last() -> None:
    assert led(act(SOLD_NS - 2, staff_id="ben"), act(SOLD_NS - NS_PER_DAY)) == ["anna", "ben", "cleo"]


def test_what_is_after_it_or_before_the_window_did_not() -> None:
    assert led(act(SOLD_NS + 1), act(SOLD_NS - 31 * NS_PER_DAY), act(SOLD_NS - 2, RETURN), act(SOLD_NS - 3, HANDBACK)) == ["cleo"]


def test_what_led_to_a_sale_of_an_earlier_day_is_used_up() -> None:
    yesterday = act(DAY_BEGIN_NS - 1, SALE, "ben")
    assert led(act(DAY_BEGIN_NS - 2), yesterday) == ["cleo"]


def test_sales_of_one_day_share_what_led_to_them() -> None:
    assert led(act(SOLD_NS - 9), act(SOLD_NS - 5, SALE, "ben")) == ["anna", "ben", "cleo"]


def test_a_touch_of_an_earlier_release_has_one_campaign_and_no_squad() -> None:
    values: dict[str, Any] = {"what": SALE, "zone": "", "staff_id": "", "department": "", "channel": "", "campaign": "spring", "ref": "",
                              "amount": 0.145}  # fmt: skip
    found = act_of(7, "s1", "f1", values)
    assert (found.campaigns, found.squad, found.cents) == (("spring",), "", 14)
