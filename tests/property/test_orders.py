"""The same evidence gives the same rows in whichever order agents deliver it, as long as all of it comes before the watermark."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold import deaf_zones, usual_levels, zone_shares
from tests.support import journal_stories as made
from tests.support.journal_stories import GOODS, Row, Rows, S, Story, assert_same, folded, goods
from tests.support.whole import examples

SLOW = settings(
    max_examples=examples(40),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
AWAY_S = 8 * 3600.0
TOLD_S = 1.0
"""Up to then all agents have reported what they heard when the outage begins."""
AGENTS = 2
"""Both of the first store, with two zones in common."""


@dataclass(frozen=True)
class Heard:
    """A row, `after_s` the one before it; EXIT means that it was heard for the last time `age_s` before."""

    row: Row
    after_s: float


ages = st.sampled_from([0.0, 0.0, 0.0, 1.5, 14.0, 40.0])
people = st.builds(
    lambda kind, subject, place, rssi_dbm, profile, age_s: Row(
        kind, subject, place, age_s if kind == Kind.EXIT else 0.0, rssi_dbm, 0 if kind != Kind.ENTER else profile
    ),
    st.sampled_from([Kind.ENTER, Kind.STAY, Kind.STAY, Kind.EXIT]),
    st.sampled_from(made.SUBJECTS),
    st.integers(0, 2),
    st.sampled_from([-90, -75, -74, -60, -40]),
    st.sampled_from([0, 0, 1, 3]),
    ages,
)
things = st.builds(
    lambda kind, subject, place, rssi_dbm, named, age_s: Row(
        kind, subject, place, age_s if kind == Kind.EXIT else 0.0, rssi_dbm, 5, extra=goods(subject, named) if named is not None else ()
    ),
    st.sampled_from([Kind.ENTER, Kind.STAY, Kind.STAY, Kind.EXIT]),
    st.sampled_from(list(GOODS)),
    st.integers(0, 2),
    st.sampled_from([-90, -75, -60, -40]),
    st.sampled_from([None, "", "sku-1", "sku-2"]),
    ages,
)
doors = st.builds(Row, kind=st.sampled_from([Kind.IN, Kind.OUT]), profile=st.just(2), count=st.integers(0, 5))
heard = st.builds(Heard, people | people | things | doors, st.sampled_from([0.0, 0.0, 0.25, 1.0, 5.0, 5.0, 30.0, 100.0, 310.0, 4000.0]))
streams = st.lists(st.lists(st.lists(heard, min_size=1, max_size=4), max_size=8), min_size=AGENTS, max_size=AGENTS)
"""Of each agent its frames, of each frame its rows."""
links = st.lists(made.links_made, max_size=3)


@dataclass(frozen=True)
class Made:
    """A frame: when it was made, after the outage began, and its rows with their age then."""

    at_s: float
    rows: tuple[Row, ...]


def frames(stream: Sequence[Sequence[Heard]]) -> list[Made]:
    """Return them as their agent made them, each with its last row, up to the end of the outage: none is delivered before it was made."""
    found, now_s = [], TOLD_S + 0.1
    for frame in stream:
        if now_s + sum(each.after_s for each in frame) > AWAY_S - 10:
            break
        times = []
        for each in frame:
            now_s += each.after_s
            times.append(now_s)
        # What an EXIT reports of before the outage comes late: all agents had reported that time already.
        ages_s = [min(each.row.age_s, at_s - TOLD_S) + now_s - at_s for each, at_s in zip(frame, times, strict=True)]
        rows = tuple(replace(each.row, age_s=age_s) for each, age_s in zip(frame, ages_s, strict=True))
        found.append(Made(now_s, rows))
        now_s += 0.01
    return found


def delivered(all_frames: Sequence[Sequence[Made]], said: Sequence[made.Link], rng: random.Random, links_first: bool = True) -> Rows:
    """All agents were heard, then nobody for hours; they come back and send what they have, in any order and at any pace."""
    story = Story()
    began_ns = story.now_ns
    for agent in range(AGENTS):
        story.frame(agent, [])
    story.wait(1)
    for agent in range(AGENTS):
        story.frame(agent, [])
    for _ in range(3):
        story.wait(700).tick()
    story.wait(began_ns / S + AWAY_S - story.now_ns / S)
    left = [list(each) for each in all_frames]
    links_left = [*reversed(said)]
    while links_left and links_first:
        story.links([links_left.pop()])
    while any(left) or links_left:
        story.wait(rng.choice([0.0, 0.0, 0.01, 0.7, 2.0, 20.0]))
        if links_left and rng.random() < 0.2:
            story.links([links_left.pop()])
        who = rng.choice([agent for agent in range(AGENTS) if left[agent]] or [NO_CODE])
        if who == NO_CODE:
            continue
        for _ in range(min(len(left[who]), rng.choice([1, 1, 2, 20]))):
            frame = left[who].pop(0)
            story.frame(who, frame.rows, (story.now_ns - began_ns) / S - 1 - frame.at_s)
    return {key: row for key, row in folded(story.end(1).records).items() if key[0] not in BY_TIME}


NO_CODE = -1
BY_TIME = frozenset({"presence", "gap", "agent", "coverage", "revision"})
"""Measurements that have when something came, or when agents gave signs of life: deliveries differ in that."""


def without_empty_minutes(rows: Rows) -> Rows:
    """Leave out minutes in which nothing was counted: such a minute may have a row, or none (see test_as_of.py).

    It has one where something was counted in it for a while: a link that came between may have joined what another parted again.
    """
    return {
        key: row
        for key, row in rows.items()
        if "traffic" not in key[0] or any(row[name] for name in row if name not in ("occupancy", "drift"))
    }


def garment(kind: Kind, age_s: float = 0.0, sku: str = "sku-1") -> Row:
    return Row(kind, 11, 0, age_s, profile=5, extra=goods(11, sku))


def with_late_exit(quiet_s: float, exit_of: Row) -> list[list[list[Heard]]]:
    """An item that an agent hears once, and after `quiet_s` an EXIT about a time that it had reported before. The other is far on."""
    door = Row(Kind.OUT, profile=2)
    return [[[Heard(garment(Kind.ENTER), 1.0), Heard(door, quiet_s)], [Heard(exit_of, 0.25)]], [[Heard(door, 4000.0)]]]


@given(streams, links, st.integers(0, 2**32))
@example(with_late_exit(5.5, garment(Kind.EXIT, age_s=10, sku="sku-2")), [], 0)  # names it after its arrival was settled
@example(with_late_exit(198, garment(Kind.EXIT, age_s=18)), [], 0)  # it had left by the frame before
@SLOW
def test_in_whichever_order_backlogs_come_the_rows_are_the_same(streams: list[list[list[Heard]]], said: list[made.Link], seed: int) -> None:
    rng, all_frames = random.Random(seed), [frames(stream) for stream in streams]
    expected = delivered(all_frames, said, rng)
    for _ in range(4):
        assert_same(delivered(all_frames, said, rng), expected)


@given(streams, st.integers(0, 2**32))
@settings(SLOW, max_examples=examples(15))
def test_what_is_usual_in_zones_does_not_depend_on_the_order_either(streams: list[list[list[Heard]]], seed: int) -> None:
    """Where half a minute is enough to learn from, half of all levels are unusual, and of people one is many."""
    rng, all_frames = random.Random(seed), [frames(stream) for stream in streams]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("LEAST", 0), ("SLICE_NS", 30 * S), ("FLOOR_DB", 0)):
            patch.setattr(usual_levels, name, value)
        patch.setattr(deaf_zones, "LEAST_KNOWN", 1)
        patch.setattr(deaf_zones, "MISSED", 1)
        patch.setattr(zone_shares, "EVEN", 1)
        expected = delivered(all_frames, [], rng)
        for _ in range(3):
            assert_same(delivered(all_frames, [], rng), expected)


@given(streams, links, st.integers(0, 2**32))
@SLOW
def test_links_that_come_in_between_change_nothing(streams: list[list[list[Heard]]], said: list[made.Link], seed: int) -> None:
    rng, all_frames = random.Random(seed), [frames(stream) for stream in streams]
    expected = without_empty_minutes(delivered(all_frames, said, rng))
    for _ in range(2):
        assert_same(without_empty_minutes(delivered(all_frames, said, rng, links_first=False)), expected)


@given(st.lists(st.lists(heard, max_size=25), min_size=AGENTS, max_size=AGENTS), st.integers(0, 2**32))
@SLOW
def test_however_rows_are_put_into_frames_the_rows_are_the_same(streams: list[list[Heard]], seed: int) -> None:
    """Of rows that are no older than those that their agent made before them."""
    rng = random.Random(seed)
    prompt = [[replace(each, row=replace(each.row, age_s=0.0), after_s=each.after_s + 0.02) for each in stream] for stream in streams]
    prompt = [stream[: bisect(list(accumulate(each.after_s for each in stream)), AWAY_S - 20)] for stream in prompt]
    found = []
    for most in (1, 3, 25):
        split = []
        for stream in prompt:
            rows, frames_of = [*stream], []
            while rows:
                frames_of.append([rows.pop(0) for _ in range(min(len(rows), rng.randint(1, most)))])
            split.append(frames_of)
        # The pause after a frame is part of it, so that a row has its time however they are split.
        found.append(delivered([_without_pauses(frames_of) for frames_of in split], [], rng))
    assert_same(found[1], found[0])
    assert_same(found[2], found[0])


def _without_pauses(stream: Sequence[Sequence[Heard]]) -> list[Made]:
    return [Made(each.at_s - 0.01 * n, each.rows) for n, each in enumerate(frames(stream))]


def test_a_visit_that_is_not_over_is_the_same_whenever_one_looks() -> None:
    """Two zones heard in one turn, or in two: what is written until it is over is that it began."""
    rows = (Row(Kind.ENTER, 5, 0, 20.0), Row(Kind.ENTER, 5, 1, 0.0, -40))
    at_once = Story().frame(0, []).frame(1, []).wait(30).frame(0, rows).frame(1, []).wait(2).tick()
    apart = Story().frame(0, []).frame(1, []).wait(10).frame(0, [replace(rows[0], age_s=0.0)]).frame(1, []).wait(20)
    apart.frame(0, rows[1:]).frame(1, []).wait(2).tick()
    said = [made.of(folded(story.records), "visit") for story in (at_once, apart)]
    assert said[0] == said[1]
    assert [(visit["open"], visit["seconds"], visit["zones"]) for visit in said[0]] == [(True, 0.0, 1)]
