"""A day that another gateway made, whose state is lost, becomes what it would be had there been one, as far as agents send again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from device_profiles.registry import shipped
from footfall.frames import Kind
from gateway.fold.rebuilt import RebuiltPart, encode
from gateway.points import SCHEMA
from gateway.rebuild.other_gateway import Takeover, stored_day
from gateway.rebuild.records import as_of_now
from gateway.rebuild.shadow import Shadow, Stamp
from gateway.records import Record, RecordKind
from tests.support import journal_stories as made
from tests.support.journal_stories import Row, Rows, S, Story, new_fold, pairs, store
from tests.support.memory_reader import MemoryReader
from tests.support.whole import examples

SLOW = settings(
    max_examples=examples(8), phases=[Phase.explicit, Phase.reuse, Phase.generate], deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
DAY = datetime.fromtimestamp(made.T0 / S, UTC).date()
DAYS = [DAY + timedelta(days=n) for n in range(-1, 2)]
DERIVED = ("visit", "dwell", "traffic", "zone_traffic", "coverage")

people = st.builds(
    Row,
    kind=st.sampled_from([Kind.STAY, Kind.STAY, Kind.STAY, Kind.EXIT]),
    subject=st.sampled_from([*made.SUBJECTS, 9, 10]),
    place=st.sampled_from([0, 1, 1, 2]),
    rssi_dbm=st.sampled_from([-75, -60, -40]),
)
doors = st.builds(Row, kind=st.sampled_from([Kind.IN, Kind.OUT]), profile=st.just(2), count=st.integers(0, 5))
steps = st.lists(
    st.tuples(st.sampled_from([5.0, 20.0, 70.0, 160.0, 301.0]), st.integers(0, 1), st.lists(people | people | doors, max_size=6)),
    min_size=4,
    max_size=16,
)


def told(said: Sequence[tuple[float, int, list[Row]]]) -> Story:
    """Both agents of the first store report what they hear at once, and then that nobody is there any more."""
    story = Story().frame(0, []).frame(1, [])
    for wait_s, agent, rows in said:
        story.wait(wait_s).frame(agent, rows).frame(1 - agent, [])
    return story.end(5)


def sent_again(records: Sequence[Record], story: Story, lost: int = -1) -> list[Record]:
    """The journal of a gateway that begins with nothing: all frames once more, but the one of that number."""
    until_ns = records[-1].received_ns
    story.wait(90)
    again = [records[0]._replace(received_ns=story.now_ns)]
    again.append(Record(0, story.wait(1).now_ns, RecordKind.HISTORY, "s1", "x", 0, 0, 0, 0, json.dumps({"until_ns": until_ns}).encode()))
    frames = [record for record in records if record.kind == RecordKind.FRAME]
    again += [each._replace(received_ns=story.wait(0.05).now_ns) for at, each in enumerate(frames) if at != lost]
    at = len(story.records)
    again += story.end(5).tick().wait(2).tick().records[at:]
    return [record._replace(pos=pos) for pos, record in enumerate(again, 1)]


def points_of(rows: Rows) -> Mapping[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for (measurement, *key), fields in rows.items():
        found.setdefault(measurement, []).append((*key, *(fields[name] for name in SCHEMA[measurement].fields)))
    return found


def taken_over(records: Sequence[Record], database: Rows, rows_a_part: int) -> list[Record]:
    """The records that a rebuild journals, behind those that were, and two ticks."""
    site, last = records[0].body, records[-1]
    with Shadow("s1", shipped(), lambda site: ({made.STAFF}, set())) as shadow:
        shadow.take(as_of_now(records, "s1", site))
        reader = MemoryReader(points_of(database))
        stored = {day: stored_day(reader, "s1", *shadow.span(day)) for day in DAYS}
        takeover = Takeover(shadow.span(DAYS[0])[0], True, stored)
        days: list[date] = DAYS
        parts: list[RebuiltPart] = [
            part for day in days for part in takeover.of(shadow.day(day, Stamp("ann", "it was lost", made.T0))).in_parts(rows_a_part)
        ]
    bodies = [*((RecordKind.REBUILT, "s1", encode(part)) for part in parts), *[(RecordKind.TICK, "", b"")] * 2]
    return [
        last._replace(pos=last.pos + n, received_ns=last.received_ns + 400 * n * S, kind=kind, store=name, agent="", seq=0, body=body)
        for n, (kind, name, body) in enumerate(bodies, 1)
    ]


def of_the_store(rows: Rows) -> Rows:
    """What people see of the store and of what follows from what was heard: void rows and empty minutes are nothing."""
    return {
        key: {name: value for name, value in fields.items() if name != "merged_into"}
        for key, fields in rows.items()
        if key[0] in DERIVED and "s1" in key and not fields.get("void") and any(fields.values())
    }


@SLOW
@given(steps, st.sampled_from([2, 10_000]))
def test_what_was_sent_again_ends_as_if_there_had_been_one_gateway(said: list[Any], rows_a_part: int) -> None:
    story = told(said)
    first = [*story.records]
    right = store(new_fold().apply(pairs([*first, *story.tick().wait(2).tick().records[len(first) :]])), {})
    database = dict(right)
    invented = next(iter(of_the_store({key: row for key, row in right.items() if key[0] == "visit"}).items()), None)
    if invented:
        (measurement, time_ns, *tags), fields = invented
        database[measurement, time_ns + 7, *tags] = fields | {"merged_into": "", "subject": f"{77:016x}"}
    again, fold = sent_again(first, story), new_fold()
    store(fold.apply(pairs(again)), database)
    assert "s1" in fold.history_ns()
    store(fold.apply(pairs(taken_over(again, database, rows_a_part))), database)
    over_ns = first[-1].received_ns - 3600 * S
    made.assert_same(*({key: row for key, row in of_the_store(rows).items() if key[1] < over_ns} for rows in (database, right)))
    assert fold.history_ns() == {}, "status names it no longer"


def test_what_was_not_sent_again_is_void_and_not_counted() -> None:
    story = told([(20.0, 0, [Row(Kind.STAY, 5)]), (5.0, 0, [Row(Kind.STAY, 5)]), (600.0, 0, [Row(Kind.STAY, 7)])])
    first = [*story.records]
    database = store(new_fold().apply(pairs(first)), {})
    lost = next(at for at, record in enumerate([each for each in first if each.kind == RecordKind.FRAME]) if at == 6)
    again, fold = sent_again(first, story, lost), new_fold()
    store(fold.apply(pairs(again)), database)
    before = of_the_store(database)
    store(fold.apply(pairs(taken_over(again, database, 10_000))), database)
    after = of_the_store(database)
    assert len([key for key in before if key[0] == "visit"]) == 2
    assert [fields["subject"] for key, fields in after.items() if key[0] == "visit"] == [f"{5:016x}"]
    assert sum(fields["visits_started"] for key, fields in after.items() if key[0] == "traffic") == 1


def test_what_is_before_stays_anothers_and_a_crash_in_between_changes_nothing() -> None:
    story = told([(20.0, 0, [Row(Kind.STAY, 5)]), (5.0, 0, [Row(Kind.STAY, 5)])])
    again = sent_again([*story.records], story)
    database: Rows = {}
    over = taken_over(again, database, 2)
    fold = new_fold()
    fold.apply(pairs(again))
    fold.checkpoint({})
    until = fold.state.history.of("s1")
    crashed = new_fold(fold.state.ledger)
    crashed.load(fold.state.ledger.state())
    assert crashed.state.history.of("s1") == until
    assert store(crashed.apply(pairs(over)), {}) == store(fold.apply(pairs(over)), {})
    assert fold.state.history.of("s1") < until
    fold.checkpoint({})
    last = new_fold(fold.state.ledger)
    last.load(fold.state.ledger.state())
    assert (last.state.history.of("s1"), last.history_ns()) == (fold.state.history.of("s1"), {})
