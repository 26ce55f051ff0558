"""Doors of a store: whatever is counted, taken back, or becomes an inner door in between, the store has what its entrances have."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold.fold import Fold
from gateway.site import Site
from tests.support.journal_stories import Row, Story, new_fold, of, pairs, site_of, store
from tests.support.whole import examples
from tests.unit.gateway.fold.test_minute_points import changed

DOORS = ("d", "east", "west")


class Counted(NamedTuple):
    """`of`: which of the counts before it is taken back, if `what` is that; `wait_s` before it."""

    what: str
    door: str
    entered: int
    left: int
    of: int
    inner: frozenset[str]
    wait_s: float


COUNTED = st.builds(
    Counted, st.sampled_from(["event", "event", "frame", "void", "site"]), st.sampled_from(DOORS), st.integers(0, 5), st.integers(0, 5),
    st.integers(0, 30), st.frozensets(st.sampled_from(DOORS)), st.sampled_from([1.0, 20.0, 70.0]),
)  # fmt: skip


class Expected:
    """What is counted, worked out by hand: by door, and of the store."""

    def __init__(self) -> None:
        self.inner: frozenset[str] = frozenset()
        self.by_door: Counter[tuple[str, str]] = Counter()
        self.of_store: Counter[str] = Counter()
        self._counts: list[tuple[str, int, int, bool]] = []

    def count(self, door: str, entered: int, left: int) -> None:
        self._add(door, entered, left, door in self.inner)

    def keep(self, door: str, entered: int, left: int) -> str:
        """Count what may be taken back; return its id."""
        self._counts.append((door, entered, left, door in self.inner))
        self.count(door, entered, left)
        return f"c{len(self._counts) - 1}"

    def void(self, number: int) -> str:
        """Take one back, if it was not before."""
        number %= len(self._counts)
        door, entered, left, is_inner = self._counts[number]
        self._add(door, -entered, -left, is_inner)
        self._counts[number] = (door, 0, 0, is_inner)
        return f"c{number}"

    @property
    def has_counts(self) -> bool:
        return bool(self._counts)

    def _add(self, door: str, entered: int, left: int, is_inner: bool) -> None:
        for way, people in (("in", entered), ("out", left)):
            self.by_door[door, way] += people
            self.of_store[way] += 0 if is_inner else people


def tell(told: Story, each: Counted, number: int, expected: Expected) -> None:
    told.wait(each.wait_s)
    if each.what == "site":
        expected.inner = each.inner
        changed(told, doors=DOORS, inner_doors=sorted(each.inner))
    elif each.what == "frame":
        expected.count("d", each.entered, each.left)
        ways = ((Kind.IN, each.entered), (Kind.OUT, each.left))
        told.frame(0, [Row(kind, profile=2, count=people) for kind, people in ways if people])
    elif each.what == "event":
        counted = {"door": each.door, "in": each.entered, "out": each.left}
        told.event(0, {"kind": "count", "id": expected.keep(each.door, each.entered, each.left), **counted})
    elif expected.has_counts:
        told.event(0, {"kind": "void", "id": f"v{number}", "of": expected.void(each.of), "reason": "wrong", "actor": "test"})


@given(st.lists(COUNTED, max_size=20))
def test_a_store_has_what_its_entrances_count_and_occupancy_accounts_for_it(some: list[Counted]) -> None:
    body = json.loads(site_of().model_dump_json())
    body["stores"][0]["doors"] = DOORS
    told, expected = changed(Story().knows(Site.model_validate(body)), doors=DOORS).frame(0, []).wait(1), Expected()
    for number, each in enumerate(some):
        tell(told, each, number, expected)
    rows: dict[Any, Any] = {}
    fold: Fold = new_fold()
    store(fold.apply(pairs(told.wait(5).tick().wait(5).tick().records)), rows)
    doors, traffic = of(rows, "door"), sorted(of(rows, "traffic"), key=lambda row: row["time_ns"])
    for way in ("in", "out"):
        assert sum(row[way] for row in traffic) == expected.of_store[way]
        assert {door: sum(row[way] for row in doors if row["door"] == door) for door in DOORS} == {
            door: expected.by_door[door, way] for door in DOORS
        }
    if traffic:
        last = traffic[-1]
        assert last["occupancy"] == expected.of_store["in"] - expected.of_store["out"] + last["drift"]
        assert all(row["occupancy"] >= 0 for row in traffic)


ADJUSTED = st.builds(
    Counted, st.sampled_from(["event", "frame", "adjustment", "adjustment", "void"]), st.sampled_from(DOORS), st.integers(-9, 9),
    st.integers(-9, 9), st.integers(0, 30), st.just(frozenset[str]()), st.sampled_from([1.0, 20.0, 70.0]),
)  # fmt: skip


@given(st.lists(ADJUSTED, max_size=20))
@settings(max_examples=examples(60))
def test_whatever_adjustments_take_back_no_minute_is_below_zero_and_the_day_has_what_its_doors_state(some: list[Counted]) -> None:
    body = json.loads(site_of().model_dump_json())
    body["stores"][0]["doors"] = DOORS
    told, expected = changed(Story().knows(Site.model_validate(body)), doors=DOORS).frame(0, []).wait(1), Expected()
    for number, each in enumerate(some):
        if each.what == "adjustment":
            values = {
                "id": f"a{number}",
                "door": each.door,
                "in": each.entered or -1,
                "out": each.left,
                "reason": "a class",
                "actor": "test",
            }
            told.wait(each.wait_s).event(0, {"kind": "adjustment", **values})
        else:
            tell(told, each._replace(entered=abs(each.entered), left=abs(each.left)), number, expected)
    rows: dict[Any, Any] = store(new_fold().apply(pairs(told.wait(5).tick().wait(5).tick().records)), {})
    doors, traffic = of(rows, "door"), of(rows, "traffic")
    for way in ("in", "out"):
        assert sum(row[way] for row in traffic) == sum(row[way] for row in doors)
        assert all(row[way] >= 0 for row in traffic)
