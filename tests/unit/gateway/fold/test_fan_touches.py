"""Touches of a fan in memory are those of the ledger, whatever came and changed meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fold import fan_touches
from gateway.fold.fan_touches import READ_BEFORE_NS, VOUCHES, FanTouches
from gateway.fold.store import TouchRow
from tests.support.memory_fold_store import MemoryStore

WHATS = ("transaction", "scan", "promotion")
FANS = ("", "f1", "f2")


def row(number: int, time_ns: int, what: str, fan: str, void: int = 0) -> tuple[TouchRow, dict[str, object]]:
    values: dict[str, object] = {"what": what, "amount": float(number), "subjects": [], "ref": "", "fan": fan}
    return TouchRow("s1", "a1", number, time_ns, time_ns, f"t{number}", "", fan, fan, void, json.dumps(values)), values


def as_read(touch: TouchRow, values: dict[str, object]) -> tuple[int, bool, object]:
    return touch.time_ns, values["what"] in VOUCHES, values["amount"] if values["what"] == "transaction" else 0.0


@dataclass
class Kept:
    """Touches that were saved, in memory and in the ledger."""

    store: MemoryStore = field(default_factory=MemoryStore)
    rows: list[tuple[TouchRow, dict[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.touches = FanTouches(self.store)

    def save(self, time_ns: int, what: str, fan: str) -> None:
        self.rows.append(row(len(self.rows), time_ns, what, fan))
        self.touches.save(None, *self.rows[-1])

    def change(self, number: int, fan: str, void: int) -> None:
        before, values = self.rows[number % len(self.rows)]
        after = before._replace(fan=fan, void=void)
        self.rows[number % len(self.rows)] = after, values
        self.touches.save(before, after, values)

    def read(self, fan: str, from_ns: int, to_ns: int) -> list[tuple[int, bool, float]]:
        found = self.touches.of(fan, "s1", from_ns)
        there = found.within(from_ns, to_ns)
        assert sum(found.sales[there]) == sum(each["what"] == "transaction" for _, each in self.true(fan, from_ns, to_ns))
        columns = found.keys[there], found.vouches[there], found.amounts[there]
        return [(key[0], vouches, amount) for key, vouches, amount in zip(*columns, strict=True)]

    def true(self, fan: str, from_ns: int, to_ns: int) -> list[tuple[TouchRow, dict[str, object]]]:
        found = [one for one in self.rows if one[0].fan == fan and not one[0].void and from_ns <= one[0].time_ns <= to_ns]
        return sorted(found, key=lambda one: (one[0].time_ns, one[0].agent, one[0].row))


time = st.integers(0, 40)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("save"), time, st.sampled_from(WHATS), st.sampled_from(FANS)),
        st.tuples(st.just("change"), st.integers(0, 30), st.sampled_from(FANS), st.integers(0, 1)),
        st.tuples(st.just("read"), st.sampled_from(FANS[1:]), time, time),
    ),
    max_size=25,
)


@given(steps)
def test_what_is_read_is_what_was_saved_in_whatever_order(story: list[tuple[object, ...]]) -> None:
    kept = Kept()
    for what, *of in story:
        if what == "read":
            fan, from_ns, to_ns = of
            assert kept.read(fan, from_ns, to_ns) == [as_read(*one) for one in kept.true(fan, from_ns, to_ns)]
        elif what == "save" or kept.rows:
            getattr(kept, str(what))(*of)


def test_an_earlier_time_than_was_read_is_read_anew() -> None:
    kept = Kept()
    kept.save(10, "scan", "f1")
    late_ns = 3 * READ_BEFORE_NS
    kept.save(late_ns, "scan", "f1")
    assert [each[0] for each in kept.read("f1", late_ns, late_ns)] == [late_ns]
    assert [each[0] for each in kept.read("f1", 0, late_ns)] == [10, late_ns]


def test_only_so_many_fans_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_touches, "KEPT", 2)
    kept = Kept()
    for fan in ("f1", "f2", "f3", "f1"):
        kept.save(1, "scan", fan)
        assert kept.read(fan, 0, 5)
