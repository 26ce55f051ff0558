"""Counters of stores are in step with the stored rows: at every moment the sums of today are the sums of today's rows of `traffic`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgpack
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.fold.fold import Fold
from gateway.fold.store_counters import OPEN, SUMMED, LatestCounters
from gateway.records import Record, RecordKind
from tests.support import journal_stories as made
from tests.support.journal_stories import MINUTE, Row, Rows, S, Story, new_fold, of, pairs, site_of, store
from tests.support.memory_fold_store import MemoryStore
from tests.support.whole import examples

waits = made.seconds | st.sampled_from([7200.0, 30_000.0])
"""Some long enough for the next day to begin."""
histories = st.builds(lambda agent, ago_s: lambda story: history(story, agent, ago_s), st.integers(0, 2), st.sampled_from([0, 90, 7200]))
steps = made.frames() | made.frames() | made.touches() | made.others | histories
stories = st.lists(st.tuples(waits, steps), max_size=25).map(made.told)
COUNT = {"kind": "count", "id": "c3", "door": "d", "in": 1, "out": 0}
ZONES = {each.name: (each.zone, each.day_start) for each in site_of().stores}


def history(story: Story, agent: int, ago_s: int) -> Story:
    """Another gateway is found to have made what a store has up to a time."""
    body = json.dumps({"until_ns": story.now_ns - ago_s * S}).encode()
    return story.add(RecordKind.HISTORY, body, made.AGENTS[agent][1])


def day_of(name: str, time_ns: int) -> date:
    """Worked out the slow way."""
    zone, day_start = ZONES[name]
    return (datetime.fromtimestamp(time_ns / S, zone).replace(tzinfo=None) - timedelta(hours=day_start.hour)).date()


def begin_ns(name: str, day: str) -> int:
    zone, day_start = ZONES[name]
    return int(datetime.combine(date.fromisoformat(day), day_start, ZoneInfo(str(zone))).timestamp()) * S


def expected(rows: Rows, of_store: LatestCounters, ours_ns: int) -> dict[str, float]:
    """The day of the counters by the stored rows; nothing of a moment whose row another gateway made."""
    mine = sorted((row for row in of(rows, "traffic") if row["store"] == of_store.store), key=lambda row: row["time_ns"])
    today = [row for row in mine if day_of(of_store.store, row["time_ns"]).isoformat() == of_store.day]
    found = {name: round(sum(row[name] for row in today if row["time_ns"] >= of_store.since_ns), 6) for name in SUMMED}
    if of_store.time_ns >= ours_ns:
        found["occupancy"] = mine[-1]["occupancy"] if today and mine[-1] == today[-1] else 0
    last_whole = -1 if of_store.as_of_ns is None else of_store.as_of_ns // MINUTE * MINUTE - MINUTE
    now = [row for row in mine if row["time_ns"] == last_whole]
    return found | ({name: now[0][name] if now else 0 for name in OPEN} if last_whole >= ours_ns else {})


def restarted(fold: Fold) -> Fold:
    """Return a fold that goes on from a checkpoint."""
    ledger = fold.state.ledger
    assert isinstance(ledger, MemoryStore)
    fold.checkpoint({})
    again = new_fold(ledger)
    again.load(dict(fold.parts()))
    return again


def moments(records: Sequence[Record], restarts: set[int]) -> Iterator[tuple[Record, Rows, list[LatestCounters]]]:
    """Fold one record at a time; yield what is stored after each, and the counters that changed."""
    fold, rows = new_fold(), {}
    for number, pair in enumerate(pairs(records)):
        store(fold.apply([pair]), rows)
        if number in restarts:
            fold = restarted(fold)
        yield pair[0], rows, fold.counters.take()


@settings(max_examples=examples(100), deadline=None)
@given(stories, st.sets(st.integers(0, 25)))
@example(
    made.told(
        [
            (4000.0, lambda story: story.tick()),
            (7200.0, lambda story: story.tick()),
            (5.0, lambda story: history(story, 0, 0)),
            (0.0, lambda story: story.event(0, COUNT)),
        ]
    ),
    {3},
)
def test_today_is_the_sum_of_the_stored_rows_at_every_moment(story: Story, restarts: set[int]) -> None:
    latest: dict[str, LatestCounters] = {}

    def histories_of(name: str, until: Record) -> list[Record]:
        return [past for past in story.records if past.kind == RecordKind.HISTORY and past.store == name and past.pos <= until.pos]

    for record, rows, changed in moments(story.end(0.5).records, restarts):
        latest |= {each.store: each for each in changed}
        for each in latest.values():
            until_ns = max((json.loads(past.body)["until_ns"] for past in histories_of(each.store, record)), default=-2 * MINUTE)
            ours_ns = (until_ns // MINUTE + 1) * MINUTE
            assert each.today | expected(rows, each, ours_ns) == each.today, each.store
            assert each.since_ns == max(begin_ns(each.store, each.day), ours_ns)
            assert day_of(each.store, record.received_ns).isoformat() >= each.day


@settings(max_examples=examples(50), deadline=None)
@given(stories)
def test_a_release_without_counters_leaves_a_state_from_which_they_are_added_up(story: Story) -> None:
    fold = new_fold()
    fold.apply(pairs(story.end(0.2).records))
    before = restarted(fold)
    ledger = fold.state.ledger
    assert isinstance(ledger, MemoryStore)
    values: Any = dict(fold.parts())
    values["fold"] = _without_counters(values["fold"])
    after = new_fold(ledger)
    after.load(values)
    assert sums(after) == sums(before)


def _without_counters(packed: bytes) -> bytes:
    values = msgpack.unpackb(packed, strict_map_key=False)
    del values["counters"], values["state"]["traffic"]["before"], values["state"]["zones"]["before"]
    written: bytes = msgpack.packb(values)
    return written


def sums(fold: Fold) -> dict[str, dict[str, float]]:
    return {each.store: {name: each.today[name] for name in SUMMED} for each in fold.counters.take() if any(each.today.values())}


def test_a_day_that_begins_starts_at_zero() -> None:
    story = Story().frame(0, [Row(kind=5, profile=2, count=4)])
    story.wait(20).frame(0, []).wait(5).tick()
    *_, (_, _, before) = moments(story.records, set())
    assert {each.store: each.today["in"] + each.today["out"] for each in before} == {"s1": 4}
    *_, (_, rows, changed) = moments(story.wait(86_400).frame(0, []).wait(5).tick().records, set())
    (after,) = [each for each in changed if each.store == "s1"]
    assert (after.day, not any(after.today.values()), len(of(rows, "traffic"))) == ("2026-05-30", True, 2)
