"""Visits are cut by standings that are not the fold's: whatever parts the store has are made whole first."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.fans.recut import recut, wholes_of
from gateway.fans.whose_then import WhoseThen
from gateway.fold.store import DwellRow, VisitRow
from gateway.identity.facts import Span, Standing
from gateway.state.ledger import Ledger
from tests.support.shop_stories import IDLE_S, PEOPLE, Seen, Shop, seen

S = 1_000_000_000
EVER_S = 10**8
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


def dwell(start_s: int, last_s: int, **more: int) -> DwellRow:
    values = {"staff": 0, "open": 0, **more}
    return DwellRow(A, "s1", "shoes", start_s * S, "x", start_s * S, last_s * S, **values, fan="")


def whose(standing: Standing) -> WhoseThen:
    return WhoseThen(lambda subject: [], lambda name: standing, {"s1": 300 * S})


def test_a_dwell_that_spans_a_handover_is_each_one_s_while_they_had_the_subject() -> None:
    whole = dwell(30, 100, open=1)
    first, second, third = whose(lent(5, 40, 70)).dwells_of(A, [whole])
    assert [(row.start_ns // S, row.last_ns // S, row.fan, row.open) for row in (first, second, third)] == [
        (30, 40, "f5", 0), (40, 70, "f40", 0), (70, 100, "f70", 1),
    ]  # fmt: skip
    assert (first.key_ns, {row.part_of_ns for row in (first, second, third)}) == (whole.key_ns, {whole.key_ns})
    assert len({row.key_ns for row in (first, second, third)}) == 3
    assert whose(lent(5)).dwells_of(A, [third, first, second]) == [whole._replace(fan="f5")], "whatever parts the store has"
    assert len(whose(lent(5, 40)).dwells_of(A, [dwell(30, 100, staff=1)])) == 1


def test_the_last_part_goes_on_and_a_pass_or_one_of_the_staff_is_not_cut() -> None:
    assert [row.open for row in recut(visit(10, 10, 100, open=1), lent(5, 40))] == [0, 1]
    assert len(recut(visit(10, 10, 100, zones=0), lent(5, 40))) == len(recut(visit(10, 10, 100, staff=1), lent(5, 40))) == 1


@pytest.mark.parametrize("seed", range(3))
def test_whatever_becomes_known_when_comes_to_one_end_which_as_known_has_too(seed: int, tmp_path: Path) -> None:
    drawn = random.Random(seed)
    rows, handed, at_s = list[Seen](), dict[int, tuple[int, str]](), 100
    for _ in range(3):
        rows += [seen("ben", drawn.choice("ab"), at_s + 60 * nth) for nth in range(drawn.randint(2, 8))]
        at_s = round(rows[-1].at_s) + drawn.choice((90, 200, int(IDLE_S) // 2, 2 * int(IDLE_S)))
    for each in drawn.sample(range(50, at_s), 4):
        handed[each] = each + drawn.choice((10**8, 200, 500)), drawn.choice(("fan-1", "fan-2"))

    def stand(shop: Shop, known: Sequence[int]) -> None:
        nexts = dict(pairwise(sorted(known)))
        spans = [(each, min(handed[each][0], nexts.get(each, EVER_S)), handed[each][1]) for each in sorted(known)]
        given_back = [each for each in known if handed[each][0] < EVER_S]
        shop.stands("ben", *spans, lent=[each for each in known if each not in given_back], given_back=given_back)

    found = []
    for nth in range(3):
        ledger = Ledger(tmp_path / f"{nth}.db")
        shop, order = Shop(ledger), drawn.sample(list(handed), 4)
        for upto in range(1, 5):
            if upto == nth + 1:
                shop.hear(*rows).close()
            stand(shop, order[:upto])
        shop.checkpoint()
        found.append(
            ([(each.fan, each.begin_s, each.seconds) for each in shop.standing()], shop.total("visits_started"), shop.total("dwell_sum_s"))
        )
        whose = WhoseThen(ledger.visits_of, ledger.standing, {"s1": int(IDLE_S * S)})
        subject = f"{PEOPLE['ben']:016x}"
        stored = {(row.start_ns, row.last_ns, row.fan) for row in ledger.visits_of(subject)}
        assert {(row.start_ns, row.last_ns, whose.of_visit(row)) for row in whose.parts_of(subject)} == stored
        ledger.close()
    assert found[1:] == found[:1] * 2
