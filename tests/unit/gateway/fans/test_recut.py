"""Visits are cut by standings that are not the fold's: whatever parts the store has are made whole first."""

from __future__ import annotations

from gateway.fans.recut import dwells_within, recut, wholes_of
from gateway.fold.store import DwellRow, VisitRow
from gateway.identity.facts import Span, Standing

S = 1_000_000_000
A = "a" * 16


def visit(key_s: int, start_s: int, last_s: int, part_of_s: int = 0, absences: str = "", **more: int) -> VisitRow:
    values = {"zones": 1, "staff": 0, "open": 0, **more}
    row = VisitRow(A, "s1", key_s * S, "x", start_s * S, last_s * S, **values, fan="", grouped=0, counted="")
    return row._replace(absences=absences, part_of_ns=part_of_s * S)


def lent(*begins_s: int) -> Standing:
    ends_s = (*begins_s[1:], 1 << 30)
    spans = tuple(Span(from_s * S, to_s * S, f"f{from_s}") for from_s, to_s in zip(begins_s, ends_s, strict=True))
    return Standing(A, 1, spans, lent=tuple(each * S for each in begins_s))


def spans(rows: list[VisitRow]) -> list[tuple[int, int, int]]:
    return [(row.key_ns // S, row.start_ns // S, row.last_ns // S) for row in rows]


def test_a_whole_one_is_cut_at_each_handover_and_the_parts_make_it_whole() -> None:
    whole = visit(10, 10, 100)
    parts = recut(whole, lent(5, 40, 70))
    assert spans(parts) == [(10, 10, 40), (40, 40, 70), (70, 70, 100)]
    assert {row.part_of_ns for row in parts} == {whole.key_ns}
    (again,) = wholes_of(parts)
    assert (again.key_ns, again.start_ns, again.last_ns, again.part_of_ns) == (10 * S, 10 * S, 100 * S, 0)
    assert recut(again, None) == recut(again, lent(5)) == [again]


def test_who_was_away_at_a_handover_is_in_neither_part() -> None:
    parts = recut(visit(10, 10, 100, absences=f"[[{30 * S}, {60 * S}]]"), lent(5, 40))
    assert spans(parts) == [(10, 10, 30), (60, 60, 100)]
    (whole,) = wholes_of(parts)
    assert whole.absences == f"[[{30 * S}, {60 * S}]]"


def test_a_dwell_that_spans_a_handover_is_each_one_s_while_they_had_the_subject() -> None:
    first, second = recut(visit(10, 10, 100), lent(5, 40))
    spans_s = ((10, 20), (30, 70), (70, 100))
    dwells = [DwellRow(A, "s1", "shoes", at_s * S, "x", at_s * S, last_s * S, 0, 0, "") for at_s, last_s in spans_s]
    found = [dwells_within([part], own, dwells) for part, own in ((first, dwells[:2]), (second, dwells[2:]))]
    told = [[(row.start_ns // S, row.last_ns // S) for row in rows] for rows in found]
    assert told == [[(10, 20), (30, 40)], [(40, 70), (70, 100)]]
    assert dwells_within([], dwells[:2], dwells) == dwells[:2], "where nothing passed on a dwell is whose it was at its start"


def test_the_last_part_goes_on_and_a_pass_or_one_of_the_staff_is_not_cut() -> None:
    assert [row.open for row in recut(visit(10, 10, 100, open=1), lent(5, 40))] == [0, 1]
    assert len(recut(visit(10, 10, 100, zones=0), lent(5, 40))) == len(recut(visit(10, 10, 100, staff=1), lent(5, 40))) == 1
