"""What was known at an earlier time: nothing of later, and nothing of a box that could not send."""

from __future__ import annotations

from datetime import date, datetime

from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.truth import Passing, Truth, Visit
from simulators.numbers.table import Asked
from simulators.numbers.then import moment_ms, then

CHAIN = Chain(3, 1)
"""The box of Sanya that hears people is offline on 2026-10-22 from 9 to 14."""
NOON = moment_ms("2026-10-22T12:00+08:00")
ASKED = Asked(id="q", question="traffic", measures=("in", "visits_started", "visits_closed"), by=("store",), interval="1h",
              stores=("sanya-bay",), first=date(2026, 10, 22), last=date(2026, 10, 22))  # fmt: skip


def ms(text: str) -> int:
    return round(datetime.fromisoformat(f"2026-10-22T{text}+08:00").timestamp() * 1000)


def visit(began: str, ended: str) -> Visit:
    return Visit("sanya-bay", 1, "", False, ms(began), ms(ended), 1)


TRUTH = Truth(
    passings=[Passing("sanya-bay", "main", ms(at), 2, 0, True) for at in ("10:10:00", "11:59:59", "12:00:00")],
    visits=[visit("08:05:00", "08:15:00"), visit("10:15:00", "10:45:00"), visit("13:00:00", "13:30:00")],
)


def by_hour(as_of_ms: int) -> dict[str, tuple[int | None, ...]]:
    cells = then(Simulated(CHAIN, TRUTH, 0, 0, 0), as_of_ms).replied(ASKED).cells
    return {dict(key)["time"][11:13]: tuple(values[name] for name in ASKED.measures) for key, values in cells.items()}


def test_what_an_offline_box_heard_is_not_known_and_not_zero_and_what_others_counted_is() -> None:
    found = by_hour(NOON)
    assert (found["08"], found["09"], found["10"], found["11"]) == ((0, 1, 1), (0, None, None), (2, None, None), (2, None, None))
    assert "12" not in found


def test_all_of_before_is_known_once_the_box_has_sent_it() -> None:
    found = by_hour(moment_ms("2026-10-22T14:00+08:00"))
    assert (found["10"], found["12"], found["13"]) == ((2, 1, 1), (2, 0, 0), (0, 1, 1))


def test_a_box_sends_at_full_hours_and_after_ten_minutes_in_which_it_heard_something() -> None:
    """The last frame before nine is that of 8:20, ten minutes in which it heard somebody; after eight that of nine is missing."""
    whole_day = ASKED.model_copy(update={"interval": None})
    unobserved = then(Simulated(CHAIN, TRUTH, 0, 0, 0), NOON).simulated.truth.unobserved
    assert [(each.task, each.from_ms) for each in unobserved] == [("presence", ms("08:20:00"))]
    assert then(Simulated(CHAIN, Truth(), 0, 0, 0), NOON).simulated.truth.unobserved[0].from_ms == ms("08:00:00")
    (values,) = then(Simulated(CHAIN, TRUTH, 0, 0, 0), NOON).replied(whole_day).cells.values()
    assert values["open_minutes"] == 120
