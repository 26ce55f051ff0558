"""Every store behind the fold answers alike by person, place and time: the ledger in SQLite, and plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.fold.dwell_fans import ALWAYS
from gateway.fold.store import Claim, CountRow, DwellRow, FoldStore, TouchNameRow, TouchRow, VisitRow
from gateway.identity.facts import InStore, Span, Standing
from gateway.state.ledger import Ledger
from tests.support.memory_fold_store import MemoryStore

A, B = "a" * 16, "b" * 16
MINUTE_NS = 60_000_000_000


class Kept:
    """Where a store keeps what it has; each `open` is a process that finds what the one before made durable."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._open: list[Any] = []

    def open(self) -> Any:
        self.close()
        self._open.append(self._make())
        return self._open[-1]

    def close(self) -> None:
        for each in self._open:
            if isinstance(each, Ledger):
                each.close()
        self._open = []


@pytest.fixture(params=["ledger", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    tables: dict[str, Any] = {}
    made = Kept(lambda: Ledger(tmp_path / "ledger.db") if request.param == "ledger" else MemoryStore(tables))
    yield made
    made.close()


@pytest.fixture
def store(kept: Kept) -> FoldStore:
    made: FoldStore = kept.open()
    return made


def visit(key_ns: int, start_ns: int, last_ns: int, subject: str = A, store: str = "s", fan: str = "") -> VisitRow:
    return VisitRow(subject, store, key_ns, "x", start_ns, last_ns, 1, 0, 0, fan, 0, "")


def dwell(key_ns: int, last_ns: int) -> DwellRow:
    return DwellRow(A, "s", "z", key_ns, "x", key_ns, last_ns, 0, 0, "")


def touch(row: int, time_ns: int, subject: str = "", fan: str = "", event_id: str | None = None, void: int = 0) -> TouchRow:
    return TouchRow("s", "x", row, time_ns, time_ns, event_id, subject, fan, "", void, "{}")


def test_a_visit_is_replaced_by_its_later_version(store: FoldStore) -> None:
    store.save_visits([visit(5, 5, 9)])
    store.save_visits([visit(5, 5, 20, fan="f")])
    assert store.visits_of(A) == [visit(5, 5, 20, fan="f")]


def test_rows_are_given_back_with_their_names(store: FoldStore) -> None:
    store.save_visits([visit(5, 5, 9)])
    store.save_dwells([dwell(5, 9)])
    store.save_touches([touch(1, 5, A, event_id="t")])
    store.save_count(CountRow("c", "s", "x", "main", 5, 2, 1))
    store.save_standings([Standing(A, 1, (Span(0, 9, "f"),))])
    assert store.visits_of(A)[0].last_ns == store.dwells_touching(A, *ALWAYS)[0].last_ns == 9
    standing = store.standing(A)
    assert standing is not None
    assert (store.touches_of(A)[0].id, standing.spans[0].fan) == ("t", "f")
    count = store.count_by_id("c")
    assert count is not None
    assert (count.entered, count.left) == (2, 1)


def test_visits_that_touch_a_span_both_ends_included(store: FoldStore) -> None:
    store.save_visits([visit(10, 10, 20), visit(30, 30, 40), visit(50, 50, 60), visit(11, 11, 21, store="other")])
    spans = ((0, 9), (0, 10), (20, 30), (21, 29), (35, 36), (60, 99), (61, 99))
    found = {span: [row.key_ns for row in store.visits(A, "s", *span)] for span in spans}
    assert found == {(0, 9): [], (0, 10): [10], (20, 30): [10, 30], (21, 29): [], (35, 36): [30], (60, 99): [50], (61, 99): []}


def test_dwells_that_touch_a_span_both_ends_included(store: FoldStore) -> None:
    store.save_dwells([dwell(10, 20), dwell(30, 40), dwell(50, 60), dwell(11, 21)._replace(store="other")])
    spans = ((0, 9), (0, 10), (20, 30), (21, 29), (35, 36), (60, 99), (61, 99))
    found = {span: [row.key_ns for row in store.dwells(A, "s", *span)] for span in spans}
    assert found == {(0, 9): [], (0, 10): [10], (20, 30): [10, 30], (21, 29): [], (35, 36): [30], (60, 99): [50], (61, 99): []}


def test_dwells_that_touch_a_span_both_ends_included_of_all_stores(store: FoldStore) -> None:
    store.save_dwells([dwell(10, 20), dwell(30, 40), dwell(50, 60), dwell(11, 21)._replace(store="other")])
    touching = {span: [row.start_ns for row in store.dwells_touching(A, *span)] for span in ((0, 9), (20, 30), (41, 50), ALWAYS)}
    assert touching == {(0, 9): [], (20, 30): [11, 10, 30], (41, 50): [50], ALWAYS: [11, 10, 30, 50]}
    assert store.dwells_touching(B, *ALWAYS) == []
    assert (store.has_dwells(A), store.has_dwells(B)) == (True, False)
    assert (store.has_dwells(A), store.has_dwells(B)) == (True, False)


def test_the_parts_of_a_dwell_are_found_by_its_key(store: FoldStore) -> None:
    parts = [dwell(10, 20)._replace(part_of_ns=10), dwell(20, 30)._replace(part_of_ns=10)]
    store.save_dwells([*parts, dwell(40, 50), parts[0]._replace(store="other")])
    assert sorted(store.dwells_of_parts(A, "s", 10)) == parts
    assert store.dwells_of_parts(B, "s", 10) == store.dwells_of_parts(A, "s", 20) == []


def test_a_store_s_visits_of_a_span_by_their_keys_and_what_is_deleted_is_gone(store: FoldStore) -> None:
    visits = [visit(10, 5, 20), visit(30, 30, 400), visit(31, 31, 40, subject=B), visit(40, 40, 50), visit(32, 32, 33, store="other")]
    store.save_visits(visits)
    assert sorted(row.key_ns for row in store.visits_between("s", 10, 40)) == [10, 30, 31]
    assert store.visits_between("s", 11, 30) == []
    store.delete_visits([visits[1], visit(10, 5, 20, subject=B)])
    assert sorted(row.key_ns for row in store.visits_between("s", 0, 99)) == [10, 31, 40]
    store.save_dwells([dwell(10, 20), dwell(30, 40)])
    store.delete_dwells([dwell(10, 99), dwell(30, 40)._replace(zone="elsewhere")])
    assert [row.key_ns for row in store.dwells_touching(A, *ALWAYS)] == [30]


def test_a_person_s_rows_come_by_store_and_key(store: FoldStore) -> None:
    store.save_visits([visit(2, 2, 3, store="t"), visit(9, 9, 10), visit(1, 1, 2), visit(4, 4, 5, subject=B)])
    assert [(row.store, row.key_ns) for row in store.visits_of(A)] == [("s", 1), ("s", 9), ("t", 2)]


def test_how_long_a_dwell_covers_a_time(store: FoldStore) -> None:
    store.save_dwells([dwell(key_ns, key_ns + 10) for key_ns in (100, 105, 200)])
    assert [store.dwell_end(A, "s", time_ns) for time_ns in (99, 100, 107, 115, 116, 210)] == [0, 110, 115, 115, 0, 210]


def test_a_standing_replaces_the_one_of_its_name(store: FoldStore) -> None:
    spans, apart = (Span(0, 9, "f"), Span(9, 20, "g")), (InStore("s1", (Span(0, 9, "h"), Span(12, 20, "")), (0,), (12,), "conflict"),)
    first = Standing(A, 1, spans, rank=7, only_by_ref=True, lent=(9,), label="shared", given_back=(0,), in_stores=apart)
    store.save_standings([first, Standing(B, 1), Standing("ref:r", 1, (Span(0, 9, "f"),)), Standing("fan:f", 2, (Span(0, 5, "", "f"),))])
    assert [store.standing(name) for name in (A, "ref:r", "ref:other")] == [first, Standing("ref:r", 1, (Span(0, 9, "f"),)), None]
    assert store.standing("fan:f") == Standing("fan:f", 2, (Span(0, 5, "", "f"),))
    assert store.lent_subjects() == store.subjects_that_may_pass() == [A]
    assert store.subjects_of("f") == store.subjects_of("g") == store.subjects_of("h") == store.withdrawn_subjects() == [A]
    assert sorted(store.names_with_standing()) == [A, B, "fan:f", "ref:r"]
    later = Standing(A, 2, (Span(0, 9, "h"),))
    store.save_standings([later])
    assert store.standing(A) == later
    assert (store.subjects_of("f"), store.subjects_of("h")) == ([A], [A]), "rows of the fan that it was are found as well"


def test_names_that_rows_bear_are_told_from_others(store: FoldStore) -> None:
    store.save_visits([visit(5, 5, 9)])
    store.save_dwells([dwell(5, 9)._replace(subject=B)])
    store.save_touches([touch(1, 10, "c" * 16)], [TouchNameRow("ref:r", "s", "x", 1, 10)])
    asked = [A, B, "c" * 16, "ref:r", "d" * 16, "ref:other"]
    assert store.names_with_rows(asked * 300) == set(asked[:4])
    assert store.names_with_rows([]) == set()


def test_visits_and_dwells_are_found_by_their_fan(store: FoldStore) -> None:
    visits = [visit(5, 5, 9, fan="f"), visit(50, 50, 90, subject=B, fan="f"), visit(7, 7, 9), visit(8, 8, 9, store="t", fan="f")]
    store.save_visits(visits)
    assert sorted(store.visits_of_fan("f", "s", 9, 50)) == visits[:2]
    assert store.visits_of_fan("f", "s", 10, 49) == store.visits_of_fan("", "s", 0, 99) == []
    assert sorted(store.stores_of(A)) == ["s", "t"]
    store.save_visits([visits[0]._replace(fan="g")])
    assert store.visits_of_fan("f", "s", 0, 49) == []
    dwells = [dwell(5, 9)._replace(fan="f"), dwell(7, 9)]
    store.save_dwells(dwells)
    assert store.dwells_of_fan("f", "s", 9, 99) == dwells[:1]
    assert store.dwells_of_fan("f", "s", 10, 99) == store.dwells_of_fan("", "s", 0, 99) == []


def test_cells_and_the_nearest_before_them(store: FoldStore) -> None:
    store.save_cells("traffic", [(1, minute, [float(minute)]) for minute in (5, 7, 9)])
    store.save_cells("zone", [(1, 8, [8.0])])
    assert store.load_cell("traffic", 1, 7) == [7.0]
    assert store.load_cell("traffic", 1, 8) is None
    assert store.load_cell_before("traffic", 1, 9) == (7, [7.0])
    assert store.load_cell_before("traffic", 1, 5) is None
    assert store.load_cell_before("traffic", 2, 9) is None
    assert sorted(store.cell_minutes("traffic", 1, 5, 8)) == [5, 7]
    assert store.load_cells("traffic", 1, 5, 7) == {5: [5.0], 7: [7.0]}
    assert store.load_cells("traffic", 2, 5, 9) == store.load_cells("traffic", 1, 8, 8) == {}


def test_void_touches_belong_to_no_fan(store: FoldStore) -> None:
    rows = [touch(n, 10 * n, fan="f", event_id=f"id{n}", void=int(n == 2)) for n in (1, 2, 3)]
    store.save_touches(rows)
    assert store.touches_of_fan("f", "s", 10, 30) == [rows[0], rows[2]]
    assert store.touches_of_fan("f", "s", 11, 29) == []
    assert store.touches_of_fan("f", "other", 0, 99) == []


def test_touches_that_were_just_saved_are_found(store: FoldStore) -> None:
    row = touch(1, 10, A, event_id="id1")
    store.save_touches([row])
    assert store.touch_by_id("id1") == store.touch_by_key("s", "x", 10) == row
    assert store.touches_of(A) == [row]
    assert store.touch_by_id("id2") is store.touch_by_key("s", "x", 11) is None


def test_a_touch_is_found_by_every_name_that_it_has(store: FoldStore) -> None:
    rows = [touch(1, 10, A), touch(2, 20, B), touch(3, 30)]
    names = [TouchNameRow(name, "s", "x", row, 10 * row) for name, row in ((B, 1), ("ref:r", 1), ("ref:r", 3), ("fan:f", 2))]
    store.save_touches(rows, names)
    assert store.touches_of(A) == [rows[0]]
    assert store.touches_of(B) == rows[:2]
    time_ns = rows[0].time_ns
    assert [store.touches_of(A, *span) for span in ((time_ns, time_ns), (time_ns + 1, time_ns + 9))] == [[rows[0]], []]
    assert store.touches_of("ref:r") == [rows[0], rows[2]]
    assert store.touches_of("fan:f") == [rows[1]]
    assert store.touches_of("ref:other") == []
    store.save_touches([rows[0]._replace(fan="g")])
    assert [row.fan for row in store.touches_of("ref:r")] == ["g", ""]
    store.prune(11)
    assert store.touches_of("ref:r") == [rows[2]]


def test_places_are_claimed_together_or_not_at_all(store: FoldStore) -> None:
    assert store.claim_all([Claim(1, 10, 5, 1), Claim(1, 11, 6, 2)])
    assert not store.claim_all([Claim(1, 12, 7, 3), Claim(1, 11, 7, 4)])
    assert store.claimed(1, 12) is None
    assert store.claimed(1, 11) == Claim(1, 11, 6, 2)
    assert not store.claim_all([Claim(2, 10, 7, 5), Claim(2, 10, 8, 6)])
    store.claim(Claim(1, 11, 9, 7))
    store.forget_claims(6)
    assert (store.claimed(1, 10), store.claimed(1, 11)) == (None, Claim(1, 11, 9, 7))


def test_prune_forgets_what_ended_before(store: FoldStore) -> None:
    store.save_visits([visit(1, 1, MINUTE_NS), visit(2, 2, 9 * MINUTE_NS)])
    store.save_dwells([dwell(key_ns, key_ns) for key_ns in (1, 9 * MINUTE_NS)])
    store.save_touches([touch(n, n * MINUTE_NS, A) for n in (1, 9)])
    for n in (1, 9):
        store.save_count(CountRow(f"c{n}", "s", "x", "main", n * MINUTE_NS, 1, 0))
    store.save_cells("traffic", [(1, n, [1.0]) for n in (1, 9)])
    store.save_standings([Standing(A, 1, (Span(0, 1, "f"),))])
    store.prune(5 * MINUTE_NS)
    assert [row.key_ns for row in store.visits_of(A)] == [2]
    assert [row.key_ns for row in store.dwells_touching(A, *ALWAYS)] == [9 * MINUTE_NS]
    assert [row.row for row in store.touches_of(A)] == [9]
    assert [store.count_by_id(name) is None for name in ("c1", "c9")] == [True, False]
    assert store.cell_minutes("traffic", 1, 0, 99) == [9]
    assert store.standing(A) is not None, "who is who is not forgotten"


def test_after_a_crash_all_is_as_at_the_last_checkpoint(kept: Kept) -> None:
    store = kept.open()
    store.save_visits([visit(1, 1, 2)])
    store.save_touches([touch(1, 10, A)])
    store.save_cells("traffic", [(1, 5, [1.0])])
    store.claim(Claim(1, 10, 5, 1))
    store.checkpoint([("fold", b"one"), ("other", b"kept")])
    store.save_visits([visit(1, 1, 9), visit(3, 3, 4)])
    store.save_touches([touch(2, 11, A)])
    store.save_cells("traffic", [(1, 5, [2.0])])
    store.save_standings([Standing(A, 1, (Span(0, 1, "f"),))])
    store = kept.open()
    assert store.visits_of(A) == [visit(1, 1, 2)]
    assert store.touches_of(A) == [touch(1, 10, A)]
    assert store.load_cell("traffic", 1, 5) == [1.0]
    assert store.standing(A) is None
    assert store.claimed(1, 10) == Claim(1, 10, 5, 1)
    assert store.state() == {"fold": b"one", "other": b"kept"}
