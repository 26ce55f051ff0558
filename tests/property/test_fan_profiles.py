"""A fan's profile as of a time is what had happened by then: what comes later, and the order of rows, change nothing."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.fans.history import FanRows, history_of
from gateway.fans.profile import Profile, Seen, profile_of
from gateway.fans.profile_settings import FanProfileSettings
from gateway.fold.store import TouchRow, VisitRow

S = 1_000_000_000
DAY_S = 86_400
SETTINGS = FanProfileSettings()
STORES = ("s1", "s2")
TIMES = st.integers(0, 400 * DAY_S)


@st.composite
def visits(draw: st.DrawFn) -> VisitRow:
    start_ns, store = draw(TIMES) * S, draw(st.sampled_from(STORES))
    last_ns = start_ns + draw(st.integers(0, 7200)) * S
    return VisitRow(draw(st.sampled_from("ab")), store, start_ns, "x", start_ns, last_ns, draw(st.integers(0, 1)), 0, 0, "f", 0, "")


@st.composite
def touches(draw: st.DrawFn) -> TouchRow:
    time_ns, what = draw(TIMES) * S, draw(st.sampled_from(("transaction", "return", "scan", "try_on", "payment")))
    values = {"what": what, "zone": "", "staff_id": "", "department": "", "channel": draw(st.sampled_from(("", "web", "mini"))),
              "campaign": "", "ref": "", "items": "", "amount": draw(st.integers(0, 10_000)) / 100}  # fmt: skip
    row = draw(st.integers(0, 1 << 30))
    return TouchRow(draw(st.sampled_from(STORES)), "till", row, time_ns, time_ns, None, "", "f", "f", 0, json.dumps(values))


ROWS = st.builds(
    lambda some, more: FanRows(visits=some, touches=more, timeout_ns=dict.fromkeys(STORES, 1800 * S)),
    st.lists(visits(), max_size=8),
    st.lists(touches(), max_size=8),
)


def profile(rows: FanRows, at_ns: int) -> Profile:
    return profile_of(history_of(rows), at_ns, SETTINGS)


JOINED_LATER = FanRows(
    visits=[VisitRow("a", "s1", at * S, "x", at * S, at * S, 1, 0, 0, "f", 0, "") for at in (0, 2)],
    timeout_ns=dict.fromkeys(STORES, 1800 * S),
)


@settings(max_examples=40)
@example(JOINED_LATER, 1)
@given(ROWS, TIMES)
def test_what_comes_later_changes_nothing(rows: FanRows, at_s: int) -> None:
    at_ns = at_s * S
    by_then = replace(
        rows,
        visits=[each for each in rows.visits if each.start_ns <= at_ns],
        touches=[each for each in rows.touches if each.time_ns <= at_ns],
    )
    assert profile(rows, at_ns) == profile(by_then, at_ns)


@settings(max_examples=40)
@given(ROWS, TIMES, st.randoms())
def test_the_order_of_rows_changes_nothing(rows: FanRows, at_s: int, dice: random.Random) -> None:
    other = replace(rows, visits=dice.sample(rows.visits, len(rows.visits)), touches=dice.sample(rows.touches, len(rows.touches)))
    assert profile(other, at_s * S) == profile(rows, at_s * S)


@settings(max_examples=40)
@given(ROWS, TIMES, TIMES)
def test_what_a_fan_ever_did_only_grows(rows: FanRows, one_s: int, other_s: int) -> None:
    earlier, later = (profile(rows, at_s * S) for at_s in sorted((one_s, other_s)))
    assert _at_most(earlier.ever, later.ever)
    assert set(earlier.stores) <= set(later.stores)
    if earlier.first_ns is not None:
        assert (earlier.first_ns, earlier.last_ns or 0) <= (later.first_ns, later.last_ns or 0)
        assert earlier.first_ns == later.first_ns
    assert _at_most(later.lately, later.ever)


def _at_most(one: Seen, other: Seen) -> bool:
    numbers = (one.visits <= other.visits, one.purchases <= other.purchases, one.returns <= other.returns)
    channels = all(count <= other.channels.get(name, 0) for name, count in one.channels.items())
    return all(numbers) and channels and set(one.behaviour) <= set(other.behaviour)


@settings(max_examples=40)
@given(ROWS, TIMES)
def test_the_value_index_is_within_its_scale_and_every_fan_has_a_stage(rows: FanRows, at_s: int) -> None:
    found = profile(rows, at_s * S)
    assert 0 <= found.value.points <= 100
    assert all(0 <= part <= 1 for part in found.value.parts.values())
    assert found.stage in {stage.name for stage in SETTINGS.stages}
    bought = found.ever.money + sum(row.time_ns <= at_s * S and _is(row, "return") * _amount(row) for row in rows.touches)
    assert bought == sum(_amount(row) for row in rows.touches if row.time_ns <= at_s * S and _is(row, "transaction"))


def _is(row: TouchRow, what: str) -> bool:
    return bool(json.loads(row.body)["what"] == what)


def _amount(row: TouchRow) -> int:
    return round(json.loads(row.body)["amount"] * 100)
