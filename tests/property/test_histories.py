"""A gateway whose state is lost writes no history over: raw rows are the same from it, and of derived ones only what is after that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.records import Record, RecordKind
from tests.support import journal_stories as made
from tests.support.journal_stories import Row, Rows, S, Story, assert_same, folded, goods, new_fold, pairs, store
from tests.support.whole import examples

SLOW = settings(
    max_examples=examples(40), phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
RAW = frozenset({"presence", "door", "touch", "item"})
DERIVED = frozenset({"traffic", "zone_traffic", "visit", "dwell"})

people = st.builds(
    Row,
    kind=st.sampled_from([Kind.ENTER, Kind.STAY, Kind.STAY, Kind.EXIT]),
    subject=st.sampled_from(made.SUBJECTS),
    place=st.integers(0, 2),
    rssi_dbm=st.sampled_from([-90, -75, -60, -40]),
    profile=st.sampled_from([0, 0, 1, 3]),
)
things = st.builds(
    lambda kind, subject, place, rssi_dbm: Row(kind, subject, place, 0.0, rssi_dbm, 5, extra=goods(subject)),
    st.sampled_from([Kind.ENTER, Kind.STAY, Kind.STAY, Kind.EXIT]),
    st.sampled_from(list(made.GOODS)),
    st.integers(0, 2),
    st.sampled_from([-90, -75, -60, -40]),
)
doors = st.builds(Row, kind=st.sampled_from([Kind.IN, Kind.OUT]), profile=st.just(2), count=st.integers(0, 5))
steps = st.lists(
    st.tuples(
        st.sampled_from([0.3, 1.0, 5.0, 20.0, 70.0, 301.0]), st.integers(0, 1), st.lists(people | people | things | doors, max_size=4)
    ),
    max_size=20,
)


def live(story: Story, said: Sequence[tuple[float, int, list[Row]]]) -> Story:
    """Both agents of the first store report what they hear at once, and that they are there. An item that comes has an ENTER."""
    for wait_s, agent, rows in said:
        story.wait(wait_s)
        story.frame(agent, [_entering(story, agent, row) for row in rows]).frame(1 - agent, [])
    return story


def _entering(story: Story, agent: int, row: Row) -> Row:
    """As agents report it: each zone by itself."""
    if not row.extra:
        return row
    heard_ns = story.__dict__.setdefault("heard_ns", {})
    key = (agent, row.place, row.extra)
    is_new = story.now_ns - heard_ns.get(key, 0) > 60 * S
    heard_ns[key] = story.now_ns if row.kind != Kind.EXIT else 0
    return replace(row, kind=Kind.ENTER) if is_new and row.kind == Kind.STAY else row


def lost(records: Sequence[Record], story: Story) -> list[Record]:
    """The journal of a gateway that begins with nothing: the site, whose history it is, and all frames once more."""
    receipted_ns = records[-1].received_ns
    story.wait(90)
    again = [records[0]._replace(pos=1, received_ns=story.now_ns)]
    story.wait(1)
    again += [Record(0, story.now_ns, RecordKind.HISTORY, "s1", "x", 0, 0, 0, 0, json.dumps({"until_ns": receipted_ns}).encode())]
    for record in records:
        if record.kind == RecordKind.FRAME:
            again.append(record._replace(received_ns=story.wait(0.05).now_ns))
    return [record._replace(pos=pos) for pos, record in enumerate(again, 1)]


def without_lag(rows: Rows) -> Rows:
    return {key: {name: value for name, value in row.items() if name != "lag_ms"} for key, row in rows.items()}


@given(steps, steps)
@SLOW
def test_what_is_sent_again_to_a_gateway_without_state_changes_no_history(before: list, after: list) -> None:  # type: ignore[type-arg] # steps
    story = live(Story().frame(0, []).frame(1, []).wait(1), before)
    first = [*story.records]
    until_ns = first[-1].received_ns
    stored = folded(first)
    second = lost(first, story)
    story.wait(5)
    more_at = len(story.records)
    live(story, after).end(1)
    more = [record._replace(pos=pos) for pos, record in enumerate(story.records[more_at:], len(second) + 1)]

    undisturbed = without_lag(folded(story.records))
    store(new_fold().apply(pairs([*second, *more])), found := dict(stored))
    found = without_lag(found)

    of_ours = {key: row for key, row in undisturbed.items() if key[0] in RAW or (key[0] in DERIVED and key[1] > until_ns)}
    assert_same({key: row for key, row in found.items() if key[0] in RAW or (key[0] in DERIVED and key[1] > until_ns)}, of_ours)
    frozen = {key: row for key, row in stored.items() if key[0] in DERIVED and key[1] <= until_ns}
    assert_same({key: row for key, row in found.items() if key[0] in DERIVED and key[1] <= until_ns}, frozen)


def test_rows_written_before_it_is_known_stay_as_they_are_in_batches_of_any_size() -> None:
    story = live(Story().frame(0, []).frame(1, []), [(1.0, 0, [Row(Kind.STAY, 5)]), (20.0, 0, [Row(Kind.STAY, 5)])])
    story.add(RecordKind.HISTORY, json.dumps({"until_ns": story.now_ns}).encode(), "s1", "x")
    records = story.end(1).records
    fold, rows = new_fold(), {}
    for record in records:
        store(fold.apply(pairs([record])), rows)
    assert rows == folded(records)


def test_nobody_makes_history_of_a_time_to_come() -> None:
    story = Story().frame(0, []).add(RecordKind.HISTORY, json.dumps({"until_ns": 1 << 62}).encode(), "s1", "x")
    fold = new_fold()
    fold.apply(pairs(story.records))
    assert fold.history_ns() == {"s1": story.records[-1].received_ns}


def test_history_is_remembered() -> None:
    story = Story().frame(0, []).add(RecordKind.HISTORY, json.dumps({"until_ns": made.T0 - 60 * S}).encode(), "s1", "x")
    fold = new_fold()
    fold.apply(pairs(story.records))
    fold.checkpoint({})
    again = new_fold(fold.state.ledger)
    again.load(fold.state.ledger.state())
    assert again.history_ns() == fold.history_ns() == {"s1": made.T0 - 60 * S}
