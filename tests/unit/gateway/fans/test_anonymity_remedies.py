"""What a remedy would bring is what it brings where it is applied, to as many rows as it is about here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from gateway.fans.anonymity_remedies import LEAST_DONE, Gain, Tally, gains, undone
from gateway.fans.anonymity_rows import Among, Counted, Remedy
from gateway.identity.nobody import Nobody
from gateway.query.measures import SMALL_BASE


def orders(store: str, count: int, asked: int, known: int) -> Iterator[Counted]:
    """So many orders, of whom the first are asked, and of these the first known."""
    for nth in range(count):
        done = frozenset({Remedy.ASK} if nth < asked else ())
        yield Counted(store, Among.ORDERS, None if nth < known else Nobody.NOTHING, frozenset({Remedy.ASK}), done)


def promised(rows: Iterable[Counted], *more: Any) -> list[Gain]:
    return gains(Counter(rows), *more)


def test_a_store_that_does_not_ask_gains_what_those_gain_that_do() -> None:
    (gain,) = promised([*orders("s1", 100, 80, 40), *orders("s2", 100, 90, 60), *orders("s3", 50, 0, 5)], {})
    assert (gain.remedy, gain.store, gain.concerned) == (Remedy.ASK, "s3", 45)
    assert gain.named == pytest.approx(50 * 0.5 - 5)
    assert gain.basis == "in 2 stores that do it 50.0% of 200 are known"


def give_or_take(*there: Counted) -> float:
    (gain,) = promised([*there, *orders("here", 50, 0, 5)])
    return gain.give_or_take


def test_what_is_given_or_taken_is_what_chance_leaves_open_of_the_rows_there_and_here() -> None:
    alike = [*orders("s1", 100, 80, 50), *orders("s2", 100, 90, 50)]
    assert give_or_take(*alike) == pytest.approx(1.96 * (0.25 * (50 + 50 * 50 / 200)) ** 0.5)


def test_rows_of_one_fan_tell_no_more_than_one() -> None:
    rows = [*orders("s1", 100, 80, 50), *orders("s2", 100, 90, 50)]
    of_fans = [row._replace(fan=f"f{nth // 4}") if row.why is None else row for nth, row in enumerate(rows)]
    assert give_or_take(*of_fans) == pytest.approx(2 * give_or_take(*rows), rel=0.02), "four rows a fan, so twice as much"


def test_stores_that_differ_more_than_by_chance_leave_more_open() -> None:
    differ = [*orders("s1", 100, 80, 20), *orders("s2", 100, 90, 80)]
    between = (100 * 2 * 0.3**2 - 0.25) / (200 - 100)
    expected = 0.25 * (50 + 50 * 50 / 200) + between * 50 * 50 * (1 + 2 * 100**2 / 200**2)
    assert give_or_take(*differ) == pytest.approx(1.96 * expected**0.5)


def test_a_store_is_compared_with_those_that_are_like_it_in_what_leaves_the_rows() -> None:
    """Where nobody asks at the till, those whom it had named pay among the others, and more payments are known."""

    def paid(store: str, linked: int, known: int) -> Iterator[Counted]:
        for nth in range(100):
            done = frozenset({Remedy.LINK} if nth < linked else ())
            yield Counted(store, Among.ORDERS, None if nth < known else Nobody.PAYMENT, frozenset({Remedy.LINK}), done)

    asking = [*orders("asks", 100, 90, 60), *orders("asks_too", 100, 90, 60), *orders("asks_not", 100, 0, 0)]
    rows = [*asking, *paid("asks", 90, 20), *paid("asks_not", 90, 80), *paid("asks_too", 0, 5)]
    found = {gain.store: gain.named for gain in promised(rows, {}) if gain.remedy is Remedy.LINK}
    assert found == {"asks_too": pytest.approx(20 - 5)}
    alone = [*orders("asks", 100, 90, 60), *orders("asks_not", 100, 0, 0), *paid("asks_not", 90, 80), *paid("asks", 0, 5)]
    assert [gain.named for gain in promised(alone, {}) if gain.remedy is Remedy.LINK] == [pytest.approx(75)], "there is no other"


def test_who_asks_half_as_often_as_the_best_asks_too() -> None:
    assert promised([*orders("s1", 100, 80, 40), *orders("s2", 100, 40, 10)], {}) == []
    assert [gain.store for gain in promised([*orders("s1", 100, 80, 40), *orders("s2", 100, 39, 10)], {})] == ["s2"]


def test_a_store_with_few_orders_shows_nothing_and_is_promised_nothing() -> None:
    assert promised([*orders("s1", SMALL_BASE - 1, 29, 20), *orders("s2", 100, 0, 0)], {}) == []
    assert promised([*orders("s1", 100, 80, 40), *orders("s2", SMALL_BASE - 1, 0, 0)], {}) == []


def test_what_no_store_does_has_a_bound_in_place_of_an_estimate() -> None:
    rows = [*orders("s1", 100, LEAST_DONE - 1, 4), *orders("s2", 50, 0, 0)]
    assert promised(rows, {}) == []
    (bound,) = undone(Counter(rows))
    assert (bound.remedy, bound.named) == (Remedy.ASK, 146.0)


def test_where_others_do_no_better_nothing_is_promised() -> None:
    assert promised([*orders("s1", 100, 80, 10), *orders("s2", 100, 0, 40)], {}) == []


def test_beacons_are_registered_where_registrations_name_them() -> None:
    def visits(store: str, known: int) -> list[Counted]:
        about = frozenset({Remedy.REGISTER})
        return [Counted(store, Among.VISITS, None if nth < known else Nobody.UNREGISTERED, about) for nth in range(100)]

    registrations = {"s1": Tally(done=40, of=50), "s2": Tally(done=2, of=50)}
    (gain,) = promised([*visits("s1", 70), *visits("s2", 30)], registrations)
    assert (gain.store, gain.named) == ("s2", pytest.approx(40))
    assert promised([*visits("s1", 70), *visits("s2", 30)], {}) == []


def test_of_what_waits_for_a_decision_as_much_is_named_as_was_tried() -> None:
    rows = [Counted("s1", Among.VISITS, Nobody.CONFLICT, frozenset({Remedy.RESOLVE}))] * 3
    (gain,) = promised(rows, {}, {(Remedy.RESOLVE, Among.VISITS): 2})
    assert (gain.remedy, gain.among, gain.concerned, gain.named) == (Remedy.RESOLVE, Among.VISITS, 3, 2.0)
    assert promised(rows, {}, {}) == []


def test_junk_would_have_named_as_many_as_numbers_do() -> None:
    about = frozenset({Remedy.ASK})
    real = [Counted("s1", Among.ORDERS, None if nth < 30 else Nobody.UNREGISTERED, about, about | {Remedy.CLEAN}) for nth in range(40)]
    junk = [Counted("s1", Among.ORDERS, Nobody.JUNK, about | {Remedy.CLEAN}, about)] * 8
    assert [(gain.remedy, gain.named) for gain in promised([*real, *junk], {})] == [(Remedy.CLEAN, pytest.approx(6.0))]
