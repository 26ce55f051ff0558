"""The fold is a function of the journal: batches of any size, restarts and crashes anywhere give the same rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold import deaf_zones, usual_levels, zone_rules, zone_shares
from gateway.fold.dwells import Dwells
from gateway.fold.fold import Fold
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks
from gateway.fold.visits import Visits
from gateway.points import Points
from gateway.records import Record, RecordKind
from gateway.state.ledger import Ledger
from tests.support import journal_stories as made
from tests.support.journal_stories import (
    Row,
    Rows,
    Story,
    expected_traffic,
    expected_zone_traffic,
    folded,
    new_fold,
    of,
    pairs,
    store,
    stored_minutes,
)
from tests.support.memory_fold_store import MemoryStore
from tests.support.whole import examples, small_or_whole

stories = st.lists(made.steps, max_size=25).map(made.told)
crowd_rows = st.builds(
    Row,
    kind=st.sampled_from([Kind.ENTER, Kind.ENTER, Kind.STAY, Kind.EXIT]),
    subject=st.sampled_from([*made.SUBJECTS, *range(100, 110)]),
    place=st.integers(0, 3),
    age_s=st.sampled_from([0.0, 0.0, 0.5, 3.0, 20.0, 65.0]),
    rssi_dbm=st.sampled_from([-90, -75, -60, -40]),
    profile=st.sampled_from([0, 0, 0, 1]),
)
crowd_seconds = st.sampled_from([1.0, 5.0, 10.0, 20.0, 70.0, 301.0])
crowd_frames = st.builds(
    lambda agent, said, lag_s: lambda story: story.frame(agent, said, lag_s),
    st.integers(0, 1),
    st.lists(crowd_rows, min_size=4, max_size=24),
    st.sampled_from([0.0] * 8 + [30.0, 250.0, 800.0]),
)
crowd_steps = st.tuples(crowd_seconds, crowd_frames | crowd_frames | crowd_frames | made.others)
crowds = st.lists(crowd_steps, min_size=3, max_size=25).map(made.told)
"""Many people who go from zone to zone, mostly heard in time."""
goods_stories = st.lists(st.tuples(made.seconds, made.frames(rows=made.goods_rows)), max_size=30).map(made.told)
batch_sizes = st.sampled_from([1, 3, 40])
"""The most records of a batch."""
SLOW = settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def in_batches(records: Sequence[Record], rng: random.Random, most: int) -> Rows:
    fold, rows, at = new_fold(), {}, 0
    while at < len(records):
        size = rng.randint(1, most)
        store(fold.apply(pairs(records[at : at + size])), rows)
        at += size
    return rows


def with_restarts(records: Sequence[Record], rng: random.Random, share: float = 0.3) -> Rows:
    """State dumped and loaded again before a share of the records; the ledger stays."""
    fold, rows = new_fold(), {}
    for record in records:
        if rng.random() < share:
            ledger = fold.state.ledger
            fold.checkpoint({})
            fold = new_fold(ledger)
            fold.load(ledger.state())
        store(fold.apply(pairs([record])), rows)
    return rows


def with_crashes(records: Sequence[Record], rng: random.Random, opened: Callable[[], Ledger | MemoryStore]) -> Rows:
    """A crash after every record, a checkpoint at some. Points since the checkpoint may or may not be stored."""
    rows: Rows = {}
    checkpointed = 0
    for crash_at in range(1, len(records) + 1):
        ledger = opened()
        fold = new_fold(ledger)
        if "fold" in (state := ledger.state()):
            fold.load(state)
        assert fold.pos == checkpointed
        points: list[Points] = []
        while fold.pos < crash_at:
            points += fold.apply(pairs(records[fold.pos : min(fold.pos + rng.randint(1, 4), crash_at)]))
        last = crash_at == len(records)
        if last or rng.random() < 0.3:
            fold.checkpoint({})
            checkpointed = fold.pos
            store(points, rows)  # they are in the outbox, which is part of the checkpoint
        elif rng.random() < 0.5:
            store(points, rows)
        if isinstance(ledger, Ledger):
            ledger.close()
    return rows


@given(stories, batch_sizes, st.integers(0, 2**32))
@SLOW
def test_batches_of_any_size_give_the_same_rows(story: Story, most: int, seed: int) -> None:
    records = story.end().records
    assert in_batches(records, random.Random(seed), most) == folded(records)


@given(stories, st.integers(0, 2**32))
@SLOW
def test_a_restart_anywhere_gives_the_same_rows(story: Story, seed: int) -> None:
    records = story.end(1).records
    assert with_restarts(records, random.Random(seed)) == folded(records)


def test_a_restart_right_after_a_link_leaves_a_visit_that_it_cut_with_the_others_of_its_fan() -> None:
    """What a link changes is emitted with it: a batch ends only with the next second."""
    story = Story().links([made.Link(f"{subject:016x}", fan, 0, 1 << 62, "crm", 1.0) for subject, fan in ((5, "fan-2"), (7, "fan-1"))])
    for _ in range(6):
        story.wait(60).frame(0, [Row(Kind.STAY, 5, 0), Row(Kind.STAY, 7, 0)]).frame(1, [])
    story.links([made.Link(f"{7:016x}", "fan-2", made.T0 + 200 * made.S, 1 << 62, "crm", 1.0)])
    records = story.wait(2).tick().wait(2).tick().records
    assert with_restarts(records, random.Random(0), share=1.0) == folded(records)


@given(stories, st.integers(0, 2**32))
@settings(SLOW, max_examples=examples(25), phases=[Phase.explicit, Phase.reuse, Phase.generate])  # to shrink takes too long
def test_a_crash_at_every_record_gives_the_same_rows(story: Story, seed: int) -> None:
    records = story.end(0.4).records
    with TemporaryDirectory() as folder:
        assert with_crashes(records, random.Random(seed), lambda: Ledger(Path(folder) / "ledger.db")) == folded(records)


@given(stories, st.integers(0, 2**32))
@settings(SLOW, max_examples=examples(25))
def test_a_store_of_dictionaries_gives_the_same_rows_through_every_crash(story: Story, seed: int) -> None:
    records, kept = story.end(0.4).records, {}
    assert with_crashes(records, random.Random(seed), lambda: MemoryStore(kept)) == folded(records)


def set_back(records: Sequence[Record], at: int, ahead_s: int) -> list[Record]:
    """The gateway's clock was ahead for the records before `at`, and with it all that was dated by it; then it was corrected."""
    ahead_ns = ahead_s * made.S
    before = [r._replace(received_ns=r.received_ns + ahead_ns, offset_ns=r.offset_ns + ahead_ns) for r in records[:at]]
    if not 0 < at < len(records):
        return list(records)
    note = Record(at + 1, records[at].received_ns, RecordKind.NOTE, "", "", 0, 0, 3, 0, b"the clock was set back")
    return [*before, note, *(r._replace(pos=r.pos + 1) for r in records[at:])]


@given(stories, st.integers(0, 60), st.sampled_from([1, 6, 300, 8 * 3600, 86_400 * 400]), batch_sizes, st.integers(0, 2**32))
@SLOW
def test_a_clock_that_was_set_back_leaves_the_fold_a_function_of_the_journal(
    story: Story, at: int, ahead_s: int, most: int, seed: int
) -> None:
    records, rng = set_back(story.end().records, at, ahead_s), random.Random(seed)
    expected = folded(records)
    assert in_batches(records, rng, most) == expected
    assert with_restarts(records, rng) == expected


@given(stories)
@SLOW
def test_visits_and_dwells_closed_as_columns_are_what_each_would_be_alone(story: Story) -> None:
    records = story.end().records
    stores = MemoryStore(), MemoryStore()
    as_columns, alone = (new_fold(each) for each in stores)
    rows, rows_alone = store(as_columns.apply(pairs(records)), {}), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Visits, "may_close_alone", lambda self, slots: np.zeros(len(slots), np.bool_))
        patch.setattr(Dwells, "close_many", lambda self, slots: [self.close(slot) for slot in slots.tolist()])
        store(alone.apply(pairs(records)), rows_alone)
    assert rows == rows_alone
    for fold in (as_columns, alone):
        fold.checkpoint({})
    assert stores[0].kept == stores[1].kept


@given(stories)
@SLOW
def test_minutes_are_the_sums_of_what_is_stored(story: Story) -> None:
    """Whatever came late, was voided, linked, merged: traffic agrees with visits, doors and touches; zone_traffic with dwells."""
    rows = folded(story.end().records)
    assert stored_minutes(rows, "traffic", made.UNSUMMED) == expected_traffic(rows)
    assert stored_minutes(rows, "zone_traffic") == expected_zone_traffic(rows)


@given(stories)
@SLOW
def test_entries_of_staff_are_those_of_their_visits_and_no_more_of_them_are_counted_than_came_in(story: Story) -> None:
    rows = folded(story.end().records)
    for name in ("s1", "s2"):
        minutes = [row for row in of(rows, "traffic") if row["store"] == name]
        visits = [row for row in of(rows, "visit") if row["store"] == name and row["is_staff"] and not row["void"]]
        assert all(0 <= row["in_staff"] <= row["in"] for row in minutes)
        if not any(visit["open"] for visit in visits):
            assert sum(row["staff_entries"] for row in minutes) == sum(visit["entries"] for visit in visits)


@given(stories)
@SLOW
def test_nothing_is_negative_and_known_is_part_of_all(story: Story) -> None:
    rows = folded(story.end().records)
    for row in of(rows, "traffic"):
        assert min(value for name, value in row.items() if name not in ("store", "time_ns", "revenue", "drift")) >= 0
        assert row["known_open"] + row["anonymous_open"] <= row["visits_open"]
        assert row["anonymous_started"] <= row["visits_started"]
        assert row["transactions_known"] <= row["transactions"] <= row["touches"]
    for row in of(rows, "zone_traffic"):
        assert min(value for name, value in row.items() if name not in ("store", "zone", "time_ns")) >= 0
        assert row["known_present"] <= row["present"]
    assert all(row["seconds"] >= 0 for name in ("visit", "dwell") for row in of(rows, name))


@given(stories)
@SLOW
def test_a_point_keeps_its_subject_and_merged_visits_name_one_that_stands(story: Story) -> None:
    records = story.end().records
    fold, first, rows = new_fold(), {}, {}
    for record in records:
        store(fold.apply(pairs([record])), rows)
        for key, fields in rows.items():
            if key[0] in ("visit", "dwell"):
                assert first.setdefault(key, fields["subject"]) == fields["subject"]
    standing = {f"{row['time_ns']}/{row['agent']}" for row in of(rows, "visit") if not row["void"]}
    for row in of(rows, "visit"):
        assert row["void"] or row["merged_into"] == ""
        assert row["merged_into"] in ("", *standing), "of what was a part of another visit, and is no more, no other stands"
        assert not row["open"]


@given(stories)
@SLOW
def test_rows_taken_as_columns_are_what_each_would_be_alone(story: Story) -> None:
    records, rows = story.end().records, []
    for few in (1, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(zone_rules, "FEW", few)
            rows.append(folded(records))
    assert rows[0] == rows[1]


def regrouped() -> Story:
    """What arrived late makes one visit of two; then their subject changes zone, minutes later and minutes after that."""
    story = Story()

    def heard(agent: int, *rows: Row) -> None:
        story.wait(5).frame(agent, rows).wait(5).frame(1 - agent, []).frame(agent, [])

    heard(0)
    heard(1)
    heard(0, Row(Kind.ENTER, 5, 0), Row(Kind.ENTER, 100, 0))
    heard(1, Row(Kind.STAY, 5, 0, 500.0))
    heard(1, Row(Kind.STAY, 5, 0, 300.0))
    for place in (1, 0):
        story.wait(90)
        heard(0, Row(Kind.ENTER, 5, place, rssi_dbm=-40), Row(Kind.ENTER, 100, place, rssi_dbm=-40))
    return story


def tracks_by_subject(fold: Fold) -> dict[tuple[int, int], list[dict[str, object]]]:
    """What each track has, by subject and store, oldest first; numbers of slots and fans follow the order of work, and are left out."""
    tracks, fan_name, found = fold.state.tracks, fold.state.fan_name, {}
    for slot in np.flatnonzero(tracks.store[: tracks.size] != NO_CODE).tolist():
        key = (int(tracks.subject[slot]), int(tracks.store[slot]))
        found[key] = [
            {name: fan_name(value) if name.endswith("_fan") else value for name, value in columns_of(tracks, each).items()}
            for each in tracks.tracks_of(*key)
        ]
    return found


def columns_of(tracks: Tracks, slot: int) -> dict[str, object]:
    """What a track has; of a row beyond the owner's latest evidence key and agent mean nothing once there is none."""
    unused = {"next", *(() if tracks.beyond_ns[slot] else ("beyond_key_ns", "beyond_agent"))}
    return {name: getattr(tracks, name)[slot].tolist() for name in Tracks.COLUMNS if name not in unused}


def heard_elsewhere() -> Story:
    """Between two rows of its owner a subject is heard elsewhere twice; nothing of the first time is left after the second."""
    story = Story()
    for place, age_s in ((0, 0.0), (1, 0.0), (0, 0.0), (1, 0.0), (0, 0.0)):
        story.wait(3).frame(0, [Row(Kind.STAY, 5, place, age_s, -60 - 20 * place)]).frame(1, [])
    return story.wait(2).tick()


def areas_that_come_and_go() -> Story:
    """What areas left of a subject is forgotten when it is heard anew without them."""
    story = Story(3)
    for variant in (0, 3):
        story.wait(3).frame(0, [Row(Kind.ENTER, 5, 0)]).frame(1, []).wait(10).frame(0, []).frame(1, []).wait(400).site(variant)
    return story.frame(0, [Row(Kind.ENTER, 5, 1)]).frame(1, []).wait(2).tick()


@given(crowds, st.lists(crowd_steps, max_size=10))
@example(regrouped(), [])
@example(heard_elsewhere(), [])
@example(areas_that_come_and_go(), [])
@settings(SLOW, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # to shrink takes too long
def test_a_crowd_taken_as_columns_is_what_each_would_be_alone(story: Story, then: list[tuple[float, Callable[[Story], Story]]]) -> None:
    """Points, tracks before all have gone, counts and the ledger; and points of what comes then, which both take alike."""
    crowd = [*story.records]
    for wait_s, step in then:
        step(story.wait(wait_s))
    after, found = story.end(1).records[len(crowd) :], []
    for few in (0, 10**9):
        memory, rows = MemoryStore(), {}
        fold = new_fold(memory)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(zone_rules, "FEW", few)
            store(fold.apply(pairs(crowd)), rows)
        tracks = tracks_by_subject(fold)
        store(fold.apply(pairs(after)), rows)
        fold.checkpoint({})
        found.append((rows, tracks, dict(fold.state.counts), *(memory.kept[name] for name in ("visits", "dwells", "cells"))))
    for as_columns, alone in zip(*found, strict=True):
        assert as_columns == alone


def know_soon(patch: pytest.MonkeyPatch) -> None:
    """Let two changes of zone and half a minute be enough to learn from, half of all levels be unusual, and one person many."""
    for name, value in (("LEAST", 2), ("SLICE_NS", 30 * made.S), ("FLOOR_DB", 0)):
        patch.setattr(usual_levels, name, value)
    patch.setattr(zone_shares, "EVEN", 1)


def quieter_crowd() -> Story:
    """Many go from a to b, whose owner is heard while it falls behind. Others are heard more weakly in b, and then nowhere else."""
    story = Story()
    for first, dbm in ((100, -50), (200, -55)):
        crowd = range(first, first + 80)
        for turn in range(60):
            kind, here, there = Kind.STAY if turn else Kind.ENTER, *((-60, -80) if turn < 15 else (-80, dbm))
            rows = [Row(kind, subject, 1, rssi_dbm=there) for subject in crowd]
            rows += [Row(kind, subject, 0, rssi_dbm=here) for subject in crowd if turn < 30]
            story.wait(1 if turn < 40 else 5).frame(0, rows).frame(1, [])
        story.wait(60).frame(0, []).frame(1, [])
    return story


def several_deaf_zones() -> Story:
    """Neither a nor b hears anybody any more. Then b does again, a crowd more weakly than usual, and falls silent.

    Others are heard weakly in b for a moment while a alone is deaf, so that they may be there, and then no more.
    """
    story, weak, brief, others = quieter_crowd(), range(100, 180), range(200, 280), range(300, 310)

    def hear(place: int, dbm: int, subjects: Sequence[int], times: int, every_s: float = 5) -> None:
        for _ in range(times):
            rows = [Row(Kind.STAY, subject, place, rssi_dbm=dbm) for subject in subjects]
            story.wait(every_s).frame(0, [*rows, *(Row(Kind.STAY, subject, 4, rssi_dbm=-90) for subject in others)]).frame(1, [])

    hear(4, -90, [*weak, *brief], 20)
    hear(1, -70, weak, 20)
    hear(1, -40, brief, 8)
    hear(1, -90, brief, 3, every_s=1)
    hear(4, -90, weak, 20, every_s=10)
    return story


@given(crowds)
@example(quieter_crowd())
@example(several_deaf_zones())
@settings(SLOW, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_what_is_usual_in_zones_is_the_same_for_columns_and_for_each_alone(story: Story) -> None:
    """Where two changes of zone and half a minute are enough to learn from, half of all levels are unusual, and of people one is many."""
    records, found = story.end(1).records, []
    for few in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            know_soon(patch)
            patch.setattr(deaf_zones, "LEAST_KNOWN", 1)
            patch.setattr(deaf_zones, "MISSED", 1)
            patch.setattr(zone_rules, "FEW", few)
            fold = new_fold()
            rows = store(fold.apply(pairs(records)), {})
            learned = (fold.state.usual_levels, fold.state.deaf_zones, fold.state.zone_shares)
            found.append((rows, tracks_by_subject(fold), *[known.dump() for known in learned]))
    assert found[0] == found[1]


def on_the_way() -> Story:
    """Some go from a to b. Then b hears one of them more weakly than that, for three rows, before w does."""
    story, levels = Story(), [(-60, -80, -90)] * 4 + [(-80, -50, -90)] * 8 + [(-80, -45, -90)] * 8
    levels += [(-90, -55, -80)] * 3 + [(-90, -80, -40)] * 8
    for turn, by_place in enumerate(levels):
        heard = [(100, by_place), *((subject, (-80, -45, -90) if turn >= 12 else by_place) for subject in (101, 102))]
        rows = [Row(Kind.STAY, who, place, rssi_dbm=dbm) for who, at in heard for place, dbm in zip((0, 1, 4), at, strict=True)]
        story.wait(5).frame(0, rows).frame(1, [])
    return story


def where_few_are() -> Story:
    """Three are in a. Then b, in which nobody is, hears one of them better: by enough, if one did not know where people are."""
    story = Story()
    for turn in range(60):
        rows = [Row(Kind.STAY, who, 0, rssi_dbm=-60) for who in (100, 101, 102)]
        story.wait(5).frame(0, [*rows, Row(Kind.STAY, 100, 1, rssi_dbm=-50 if 30 <= turn < 54 else -80)]).frame(1, [])
    return story


@given(crowds, batch_sizes, st.integers(0, 2**32))
@example(on_the_way(), 3, 0)
@example(where_few_are(), 3, 0)
@settings(SLOW, max_examples=examples(15), phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_what_is_learned_of_levels_and_zones_is_the_same_through_batches_restarts_and_crashes(story: Story, most: int, seed: int) -> None:
    records, rng, kept = story.end(0.2).records, random.Random(seed), {}
    with pytest.MonkeyPatch.context() as patch:
        know_soon(patch)
        expected = folded(records)
        assert in_batches(records, rng, most) == expected
        assert with_restarts(records, rng, 0.5) == expected
        assert with_crashes(records, rng, lambda: MemoryStore(kept)) == expected


@given(goods_stories)
@SLOW
def test_an_item_arrives_once_moves_from_where_it_is_and_leaves(story: Story) -> None:
    """In the order in which it was reported; nothing is reported twice, and after two quiet hours nothing is in a store."""
    rows: Rows = {}
    fold, place = new_fold(), {}
    for record in story.end().records:
        points = fold.apply(pairs([record]))
        for key, item in store([each for each in points if each.measurement == "item"], {}).items():
            assert key not in rows
            rows[key] = item
            _, _, _, kind, store_name, zone = key
            here = place.get((store_name, item["epc"]), "")
            assert here == {"arrived": "", "moved": item["from_zone"]}.get(kind, zone)
            place[store_name, item["epc"]] = "" if kind == "left" else zone
            assert item["seconds"] >= (10 if kind == "tried" else 0)
            assert zone != "street"
            assert kind != "tried" or zone == "b"
    assert set(place.values()) <= {""}


@given(goods_stories)
@SLOW
def test_goods_make_no_visit_and_no_dwell(story: Story) -> None:
    rows = folded(story.end().records)
    subjects = {f"{subject:016x}" for subject in made.GOODS}
    assert not [row for name in ("visit", "dwell") for row in of(rows, name) if row["subject"] in subjects]


@given(stories)
@SLOW
def test_no_row_of_a_frame_shares_its_point_with_another(story: Story) -> None:
    records = story.records
    rows = folded(records)
    bodies = [body for _, body in pairs(records) if body is not None]
    sent = sum(int((body.kind <= Kind.EXIT).sum()) for body in bodies)
    assert len(of(rows, "presence")) == sent
    doors = sum(int(((body.kind == Kind.IN) | (body.kind == Kind.OUT)).sum()) for body in bodies)
    assert len(of(rows, "door")) >= doors


@given(st.lists(st.tuples(made.seconds, made.frames()), max_size=30).map(made.told))
@SLOW
def test_doors_are_conserved_exactly(story: Story) -> None:
    records = story.end(0.2).records
    rows = folded(records)
    for kind, name in ((Kind.IN, "in"), (Kind.OUT, "out")):
        sent = sum(int(body.count[body.kind == kind].sum()) for _, body in pairs(records) if body is not None)
        assert sum(row[name] for row in of(rows, "door")) == sent
        assert sum(row[name] for row in of(rows, "traffic")) == sent


@given(st.lists(st.tuples(made.seconds, made.frames([0])), max_size=30).map(made.told))
@SLOW
def test_occupancy_is_never_negative_and_drift_counts_the_rest(story: Story) -> None:
    """All of it lies in a few hours of one store's day or the one before: the running sum, never below 0, and 0 once the store closed."""
    rows = folded(story.end(0.2).records)
    running: dict[int, tuple[int, int]] = {}
    for row in sorted(of(rows, "traffic"), key=lambda row: row["time_ns"]):
        day, second = divmod(row["time_ns"] // made.S + 8 * 3600 - 4 * 3600, 86_400)  # Shanghai's day begins at 4
        occupancy, drift = running.get(day, (0, 0))
        counted = occupancy + row["in"] - row["out"]
        occupancy = 0 if second in (3600, 86_340) else max(0, counted)  # the store closes at 5
        drift += occupancy - counted
        running[day] = (occupancy, drift)
        assert (row["occupancy"], row["drift"]) == (occupancy, drift)


@given(st.integers(0, 2**32))
@settings(max_examples=small_or_whole(1, 3))
@example(1)
@example(165)  # a link that took a visit out of those of its subject that nobody was known to have
@example(1708)  # a link that took a visit out of a group, and with it what the group counted
def test_long_stories_too(seed: int) -> None:
    """An afternoon of frames from three agents, one of which is away for an hour."""
    rng, story = random.Random(seed), Story()
    for turn in range(400):
        story.wait(rng.choice([0.1, 3, 20]))
        agent = rng.randrange(3)
        if agent == 1 and 100 < turn < 250:
            continue
        rows = [
            Row(rng.choice([Kind.STAY, Kind.STAY, Kind.ENTER, Kind.EXIT]), rng.choice(made.SUBJECTS), rng.randrange(3),
                rng.choice([0, 1.5, 4]), rng.randint(-90, -50))
            for _ in range(rng.randrange(5))
        ]  # fmt: skip
        story.frame(agent, rows, lag_s=rng.choice([0, 0, 0, 2, 40, 1500]) if agent == 1 else 0)
        if rng.random() < 0.05:
            fan = rng.choice(made.FANS)
            story.links(
                [made.Link(f"{rng.choice(made.SUBJECTS[:3]):016x}", fan, made.T0, made.T0 + rng.choice([300, 10**5]) * made.S, "t", 1.0)]
            )
    records = story.end().records
    expected = folded(records)
    assert in_batches(records, rng, 30) == expected
    assert with_restarts(records, rng, share=0.05) == expected
    assert stored_minutes(expected, "traffic", made.UNSUMMED) == expected_traffic(expected)
    assert stored_minutes(expected, "zone_traffic") == expected_zone_traffic(expected)
