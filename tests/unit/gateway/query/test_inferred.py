"""Inferences: who is inferred from which rows, and with which confidence."""

from __future__ import annotations

from footfall.units import NS_PER_S
from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate
from gateway.query.figures import COLUMNS as FIGURES
from gateway.query.inferences import COLUMNS
from gateway.query.inferred import GoodsTried, SaleMade, Stayed, inferences
from gateway.query.questions import ask
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import SATURDAY, TWO_DAYS, Row, minute, touch

TILL, FITTING = "checkout", "fitting"


def stayed(fan: str, from_s: float, to_s: float, zone: str = TILL) -> Stayed:
    return Stayed(zone, fan, round(from_s * NS_PER_S), round(to_s * NS_PER_S))


def sale(at_s: float, fan: str = "") -> SaleMade:
    return SaleMade(round(at_s * NS_PER_S), TILL, fan, f"T-{at_s:g}")


def bought(stays: list[Stayed], *sales: SaleMade) -> list[tuple[str, str]]:
    return [(each.fan, each.of) for each in inferences(stays, sales, [])]


def test_the_only_known_person_at_the_till_probably_bought() -> None:
    assert bought([stayed("f1", 0, 90), stayed("", 10, 60)], sale(60)) == [("f1", "T-60")]
    assert bought([stayed("f1", 0, 90), stayed("f1", 2, 88)], sale(60)) == [("f1", "T-60")], "two devices are one person"
    assert bought([stayed("f1", 0, 90), stayed("f2", 10, 60)], sale(60)) == [], "of two nobody is singled out"
    assert bought([stayed("f1", 0, 90, "shelf")], sale(60)) == []
    assert bought([stayed("f1", 0, 90)], sale(60, "f3")) == [], "a sale that names its buyer needs no inference"


def test_a_sale_beside_others_is_less_sure_and_one_beside_the_fan_s_own_hardly_likely() -> None:
    beside = ((), (sale(30),), (sale(20, "f1"),))
    alone, queue, own = (inferences([stayed("f1", 0, 90)], [sale(60), *more], [])[-1].confidence for more in beside)
    assert own < 0.05 < queue < alone < 1.0
    assert alone > 0.9


def test_who_was_in_the_fitting_room_with_goods_for_the_same_time_probably_tried_them_on() -> None:
    stays = [stayed("f1", 0, 240, FITTING), stayed("f2", 200, 500, FITTING), stayed("", 0, 240, FITTING)]
    found = {each.fan: each.confidence for each in inferences(stays, [], [GoodsTried(3 * NS_PER_S, 236 * NS_PER_S, FITTING, "e1", "A1")])}
    assert found.keys() == {"f1", "f2"}
    assert found["f2"] < 0.1 < 0.9 < found["f1"]


def test_every_column_is_explained() -> None:
    assert all(FIGURES[column].meaning for column in COLUMNS)


def asked(*touches: Row, **more: str) -> Answer:
    request = Request("inferred", from_="2026-10-23", to="2026-10-24", **more)
    return ask(MemoryReader({"touch": list(touches), "traffic": [minute(0)]}), request, QueryEstate({}), SATURDAY + TWO_DAYS)


def test_sales_that_suggest_nobody_are_there_all_the_same() -> None:
    answer = asked(touch(SATURDAY + NS_PER_S, fan="", zone=TILL))
    (note,) = answer.notes
    assert (answer.rows, answer.is_empty) == ([], False)
    assert note.startswith("nothing to infer in this span: that takes an anonymous sale where one known fan alone was")
    (note,) = asked(touch(SATURDAY + NS_PER_S, fan="", zone=TILL), fan="f1").notes
    assert note.startswith("nothing to infer of fan f1 in this span: ")


def test_where_nothing_was_sold_or_tried_on_it_says_so() -> None:
    answer = asked(touch(SATURDAY + NS_PER_S, "scan"))
    assert answer.is_empty
    assert answer.notes[0] == "memory has no sale, and no goods that were tried on, in this span"
