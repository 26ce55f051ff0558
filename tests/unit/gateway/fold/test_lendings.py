"""What is lent ends with the visit in which it began: by the visits of each store, and not at all while that visit goes on."""

from __future__ import annotations

import pytest

from footfall.units import NS_PER_MS, NS_PER_S
from gateway.fold.lendings import UNHEARD_NS, Heard, among, as_given_back, begun_before, ended_ns, is_over, without
from gateway.identity.facts import FOR_EVER_NS, Span, Standing

S = NS_PER_S
TIMEOUT_NS = 300 * S
SPAN = Span(1000 * S, FOR_EVER_NS, "f")


@pytest.mark.parametrize(
    ("visits", "want_ns"),
    [
        ([(900, 1200), (1600, 1700)], 1200 * S),
        ([(1250, 1400), (2000, 2100)], 1400 * S),
        ([(900, 1200), (1200, 1500)], 1500 * S),
        ([(1301, 1500)], 1301 * S - NS_PER_MS),
        ([(100, 600)], SPAN.from_ns + UNHEARD_NS - NS_PER_MS),
        ([], SPAN.from_ns + UNHEARD_NS - NS_PER_MS),
    ],
    ids=["goes on", "begins soon", "was cut", "begins too late", "was before", "is heard by nobody"],
)
def test_it_ends_with_its_visit(visits: list[tuple[int, int]], want_ns: int) -> None:
    heard = [Heard(start_s * S, last_s * S, False) for start_s, last_s in visits]
    assert ended_ns(SPAN, TIMEOUT_NS, among(heard)) == want_ns


@pytest.mark.parametrize(
    ("next_s", "is_until_then"),
    [(1500, True), (1501, False)],
    ids=["the silence is as long as a visit lasts over", "it is longer"],
)
def test_what_is_handed_on_in_a_silence_that_ends_no_visit_was_the_fan_s_until_then(next_s: int, is_until_then: bool) -> None:
    """Whoever is heard with it behind the silence, and whether they still are."""
    span = SPAN._replace(to_ns=1400 * S)
    for is_open in (False, True):
        ended = ended_ns(span, TIMEOUT_NS, among([Heard(900 * S, 1200 * S, False), Heard(next_s * S, 1700 * S, is_open)]))
        assert (ended is None or ended >= span.to_ns) is is_until_then


def test_what_a_visit_may_prolong_that_begins_behind_it_is_lent_and_ends_after_that_time() -> None:
    begins = (0, 40, 90)
    spans = tuple(Span(from_s * S, to_s * S, fan) for from_s, to_s, fan in zip(begins, (*begins[1:], 200), "abc", strict=True))
    standing = Standing("1", 1, spans, lent=(0, 40 * S), given_back=(90 * S,))
    asked = ((10, 150), (39, 150), (40, 150), (90, 150), (250, 300), (-50, -10))
    assert [begun_before(standing, from_s * S, to_s * S) // S for from_s, to_s in asked] == [0, 0, 40, 150, 300, -10]


def test_whoever_had_it_just_before_gives_it_back() -> None:
    begins, until = (0, 40 * S, 90 * S), FOR_EVER_NS
    spans = tuple(Span(from_ns, to_ns, fan) for from_ns, to_ns, fan in zip(begins, (*begins[1:], until), "abc", strict=True))
    standing = Standing("1", 1, spans, lent=begins)
    found = {at_ns: as_given_back(standing, at_ns).spans for at_ns in (40 * S, 50 * S, 0)}
    assert [[(span.fan, span.to_ns > at_ns) for span in some] for at_ns, some in found.items()] == [[("a", True)], [("b", True)], []]


def test_it_goes_on_with_a_visit_that_is_open() -> None:
    assert ended_ns(SPAN, TIMEOUT_NS, lambda *_: [Heard(900 * S, 1200 * S, True)]) is None


def test_what_was_lent_is_over_with_its_visit_and_what_was_given_back_by_no_visit() -> None:
    lent = Standing("1", 1, (SPAN,), lent=(SPAN.from_ns,))
    assert [is_over(lent, SPAN, 1500 * S + each, lambda _: 1500 * S) for each in (0, NS_PER_MS)] == [False, True]
    assert not is_over(lent._replace(lent=()), SPAN, 9999 * S, lambda _: 1500 * S)
    assert without(lent, SPAN).spans == ()
