"""A day that is folded once more is as if today's estate had been there from the start; without a correction nothing changes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_profiles.registry import shipped
from footfall.frames import Kind
from gateway.fold.rebuilt import RebuiltPart, encode
from gateway.rebuild.records import as_of_now
from gateway.rebuild.shadow import Shadow, Stamp
from gateway.records import Record, RecordKind
from gateway.site.recorded import record_site
from tests.support import journal_stories as made
from tests.support.journal_stories import Rows, Story, new_fold, of, pairs, store
from tests.support.memory_fold_store import MemoryStore
from tests.support.plain_identity import PlainIdentity
from tests.support.whole import examples

SLOW = settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
STAMP = Stamp("ann", "a door was wrong", made.T0)
DAY = datetime.fromtimestamp(made.T0 / made.S, UTC).date()
DAYS = [DAY + timedelta(days=n) for n in range(-2, 3)]
DERIVED = ("visit", "dwell", "traffic", "zone_traffic")

walking_rows = st.builds(
    made.Row,
    kind=st.sampled_from([Kind.STAY, Kind.STAY, Kind.STAY, Kind.EXIT]),
    subject=st.sampled_from([*made.SUBJECTS, 9, 10]),
    place=st.sampled_from([0, 1, 1, 2]),
    age_s=st.sampled_from([0.0, 0.5, 3.0]),
    rssi_dbm=st.sampled_from([-75, -60, -40]),
)
walks = st.tuples(
    st.sampled_from([5.0, 20.0, 70.0, 160.0, 200.0, 301.0]),
    st.builds(
        lambda agent, rows: lambda story: story.frame(agent, rows).frame(1 - agent, []),
        st.integers(0, 1),
        st.lists(walking_rows, min_size=1, max_size=8),
    ),
)
"""People who are heard in time, mostly again within the timeout, or within half of it."""
stories = st.lists(walks | walks | walks | made.steps, min_size=8, max_size=20).map(made.told)
parts_of = st.sampled_from([1, 3, 10_000])


def ended(story: Story) -> list[Record]:
    return story.end(5).records


def with_site(records: Sequence[Record], site: bytes) -> list[Record]:
    return [record._replace(body=site) if record.kind == RecordKind.SITE else record for record in records]


def rebuilt(records: Sequence[Record], name: str, site: bytes, days: Sequence[date] = DAYS, rows_a_part: int = 10_000) -> list[Record]:
    """Return the records that a rebuild journals at the end."""
    with Shadow(name, shipped(), lambda site: ({made.STAFF}, set())) as shadow:
        shadow.take(as_of_now(records, name, site))
        parts: list[RebuiltPart] = [part for day in days for part in shadow.day(day, STAMP).in_parts(rows_a_part)]
    last = records[-1]
    made_of = last._replace(kind=RecordKind.REBUILT, store=name, agent="", seq=0)
    return [made_of._replace(pos=last.pos + at, body=encode(part)) for at, part in enumerate(parts, 1)]


def then_ticks(records: Sequence[Record]) -> list[Record]:
    last, story = records[-1], Story()
    ticks = [story.records[0]._replace(kind=RecordKind.TICK, body=b"", pos=last.pos + n, received_ns=last.received_ns + 2 * n * made.S)
             for n in (1, 2)]  # fmt: skip
    return [*records, *ticks]


def shown(rows: Rows, name: str) -> dict[Any, Any]:
    """Return what people see of a store: void rows and empty minutes are nothing."""
    found: dict[Any, Any] = {}
    for measurement in ("visit", "dwell"):
        for row in of(rows, measurement):
            if row["store"] == name and not row["void"]:
                found[measurement, row["time_ns"], row["agent"], row["subject"], row.get("zone", "")] = row | {"merged_into": ""}
    for measurement in ("traffic", "zone_traffic"):
        cells = made.stored_minutes(rows, measurement)
        found |= {(measurement, *key): cell for key, cell in cells.items() if name in key and cell}
    return found


@SLOW
@given(stories, st.sampled_from(["s1", "s2"]), parts_of)
def test_without_a_correction_a_rebuild_changes_nothing(story: Story, name: str, rows_a_part: int) -> None:
    site = record_site(made.site_of(0))
    records = with_site(ended(story), site)
    fold, rows = new_fold(), {}
    store(fold.apply(pairs(records)), rows)
    store(fold.apply(pairs(then_ticks(records)[-2:])), rows)
    again = rebuilt(then_ticks(records), name, site, rows_a_part=rows_a_part)
    points = fold.apply(pairs(then_ticks(again)))
    assert [each.measurement for each in points if each.measurement in (*DERIVED, "revision")] == []


@SLOW
@given(stories, st.sampled_from(["s1", "s2"]), st.sampled_from([0, 1, 3, 4, 5, 6, 7]), parts_of)
def test_after_a_correction_rows_are_those_of_a_fold_that_had_it_from_the_start(
    story: Story, name: str, variant: int, rows_a_part: int
) -> None:
    site = record_site(made.site_of(variant))
    records = then_ticks(story.site(variant).end(5).records)
    right = store(new_fold().apply(pairs(with_site(records, site))), {})
    fold, rows = new_fold(), {}
    store(fold.apply(pairs(records)), rows)
    store(fold.apply(pairs(then_ticks(rebuilt(records, name, site, rows_a_part=rows_a_part)))), rows)
    mine, theirs = shown(rows, name), shown(right, name)
    unlike = [key for key in sorted({*mine, *theirs}, key=str) if mine.get(key) != theirs.get(key)]
    assert not unlike, "".join(f"\n{key}\n    {mine.get(key)}\n    {theirs.get(key)}" for key in unlike) + repr(story)
    others = {key: row for key, row in rows.items() if name not in key}
    assert others == {key: row for key, row in store(new_fold().apply(pairs(records)), {}).items() if name not in key}


@SLOW
@given(stories, st.sampled_from([1, 4, 7]), st.integers(0, 10**6))
def test_a_crash_at_any_record_of_a_rebuild_ends_in_the_same_rows(story: Story, variant: int, seed: int) -> None:
    site, rng = record_site(made.site_of(variant)), random.Random(seed)  # where it crashes
    heard = then_ticks(story.site(variant).end(5).records)
    again = then_ticks(rebuilt(heard, "s1", site, rows_a_part=2))
    records, identity, at_once = [*heard, *again], PlainIdentity(), {}
    store(new_fold().apply(pairs(records)), at_once)
    kept: dict[str, Any] = {}
    fold, rows = new_fold(MemoryStore(kept), identity), {}
    store(fold.apply(pairs(heard)), rows)
    fold.checkpoint({})
    for record in again:
        crashing = new_fold(memory := MemoryStore(kept), identity)
        crashing.load(memory.state())
        points = crashing.apply(pairs(each for each in again if crashing.pos < each.pos <= record.pos))
        if rng.random() < 0.5:
            crashing.checkpoint({})
            store(points, rows)
    last = new_fold(memory := MemoryStore(kept), identity)
    last.load(memory.state())
    store(last.apply(pairs(each for each in again if each.pos > last.pos)), rows)
    made.assert_same(rows, at_once)
