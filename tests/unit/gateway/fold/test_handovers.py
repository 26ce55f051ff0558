"""When something passes on: what is lent at every handover and return, all else from one registered fan to another."""

from __future__ import annotations

import pytest

from footfall.units import NS_PER_MS
from gateway.fold.handovers import dwell_ends_of, handovers_of, may_pass
from gateway.identity.facts import FOR_EVER_NS, InStore, Span, Standing

Told = tuple[int, int, *tuple[str, ...]]
"""From, to (ms), the fan, and behind a fan "" who withdrew consent."""
EVER = FOR_EVER_NS // NS_PER_MS + 1


def standing(*spans: Told, lent: tuple[int, ...] = ()) -> Standing:
    found = tuple(Span(from_ms * NS_PER_MS, min(to_ms * NS_PER_MS, FOR_EVER_NS), *fans) for from_ms, to_ms, *fans in spans)
    return Standing("0" * 16, 1, found, lent=tuple(each * NS_PER_MS for each in lent))


@pytest.mark.parametrize(
    ("spans", "lent", "expected"),
    [
        ([(0, 10, "f"), (10, EVER, "g")], (), [10]),
        ([(0, 10, "f"), (20, EVER, "g")], (), [10, 20]),
        ([(0, 10, "f"), (20, EVER, "f")], (), []),
        ([(0, 10, "anon-1"), (10, EVER, "g")], (), []),
        ([(0, 10, "f"), (10, 20, ""), (20, EVER, "f")], (), []),
        ([(0, 10, "f"), (10, 20, "", "f"), (20, EVER, "f")], (), []),
        ([(0, 10, "f"), (10, 20, "", "g"), (20, EVER, "f")], (), [10, 20]),
        ([(0, 10, "anon-1"), (10, EVER, "", "g")], (), []),
        ([(5, EVER, "f")], (), []),
        ([(5, EVER, "f")], (5,), [5]),
        ([(5, 10, "f"), (10, EVER, "g")], (5, 10), [5, 10]),
        ([(5, 10, "f"), (10, EVER, "f")], (5, 10), [5, 10]),
        ([(5, 10, ""), (10, EVER, "")], (5, 10), [5]),
        ([(5, 10, "f"), (10, 15, ""), (15, EVER, "f")], (5,), [5]),
        ([(5, 10, "f"), (10, 20, ""), (20, 30, "g")], (5, 20), [5, 20, 30]),
    ],
)
def test_what_passes_on_does_so_where_its_fans_change(spans: list[Told], lent: tuple[int, ...], expected: list[int]) -> None:
    found = standing(*spans, lent=lent)
    assert handovers_of(found, "s1") == [each * NS_PER_MS for each in expected]
    assert may_pass(found) or not expected


def test_dwells_end_at_handovers_and_where_consent_is_withdrawn_or_granted_again() -> None:
    found = standing((0, 10, "f"), (10, 20, ""), (20, 30, "f"), (30, EVER, "g"))
    assert dwell_ends_of(found, "s1") == [each * NS_PER_MS for each in (10, 20, 30)]
    assert handovers_of(found, "s1") == [30 * NS_PER_MS]


def test_a_handover_in_another_store_is_none_here() -> None:
    one, other = standing((5, 10, "f"), lent=(5,)), standing((10, 20, "g"), lent=(10,))
    found = Standing("0" * 16, 1, in_stores=(InStore("s1", one.spans, one.lent), InStore("s2", other.spans, other.lent)))
    expected = [[5, 10], [10, 20], []]
    assert [handovers_of(found, store) for store in ("s1", "s2", "s3")] == [[each * NS_PER_MS for each in some] for some in expected]
    assert may_pass(found)
