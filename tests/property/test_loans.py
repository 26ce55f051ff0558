"""Whose a tag is that is lent, at every time: by a slow oracle over all that was heard and all loans, whatever becomes known when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.shop_stories import IDLE_S, Shop, seen
from tests.support.whole import examples

EVER_S = 10.0**8
LATE = "y"


class Loan(NamedTuple):
    """`back_s`: when it was given back, None where nobody stated that. `fan` is "" while consent is withdrawn."""

    from_s: int
    fan: str
    back_s: int | None


def whose(at_s: float, loans: Sequence[Loan], heard_s: Sequence[int]) -> str:
    """Return whose the tag is at a time, by the rules alone; times of loans and of what is heard differ."""
    before = [each for each in loans if each.from_s <= at_s]
    if not before:
        return ""
    loan = max(before)
    if loan.back_s is not None:
        return loan.fan if at_s < loan.back_s else ""
    since = [each for each in heard_s if each >= loan.from_s]
    if not since or since[0] > loan.from_s + IDLE_S:
        return loan.fan if not since or at_s < since[0] else ""
    last = next(one for one, other in zip(since, [*since[1:], EVER_S], strict=True) if other - one > IDLE_S)
    return loan.fan if at_s <= last else ""


def lend(shop: Shop, loans: Sequence[Loan]) -> None:
    ordered = sorted(loans)
    nexts = [*(each.from_s for each in ordered[1:]), EVER_S]
    spans = [
        (each.from_s, next_s if each.back_s is None else min(each.back_s, next_s), each.fan)
        for each, next_s in zip(ordered, nexts, strict=True)
    ]
    returned = [each.from_s for each in ordered if each.back_s is not None]
    shop.stands("ben", *spans, lent=[each.from_s for each in ordered if each.back_s is None], given_back=returned)


@st.composite
def told(draw: Any) -> tuple[list[int], list[Loan], list[int]]:
    """When the tag is heard, at whole tens of seconds; loans, at fives; and when it is scanned, at sevens."""
    gaps = draw(st.lists(st.sampled_from([20, 60, 150, 290, 300, 310, 450]), min_size=2, max_size=7))
    heard = [100 + sum(gaps[:nth]) for nth in range(len(gaps) + 1)]
    times = st.integers(6, heard[-1] // 10 + 20).map(lambda tens: 10 * tens)
    begins = draw(st.lists(times, min_size=1, max_size=5, unique=True))
    loans = []
    for at_s in begins:
        back_s = at_s + 5 + draw(st.sampled_from([0, 0, 1, 20, 40])) * 10
        loans.append(Loan(at_s + 5, draw(st.sampled_from(["fan-1", "fan-2", ""])), back_s if back_s > at_s + 5 else None))
    return heard, loans, sorted(each + 7 for each in draw(st.lists(times, min_size=1, max_size=4, unique=True)))


@given(told(), st.data())
@settings(
    max_examples=examples(12), phases=[Phase.explicit, Phase.reuse, Phase.generate], deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_what_is_lent_is_whose_the_rules_make_it(story: tuple[list[int], list[Loan], list[int]], data: st.DataObject) -> None:
    heard, loans, scans = story
    late = {each for each in heard if data.draw(st.sampled_from([False] * 4 + [True]))}
    order, shop, known = data.draw(st.permutations(loans)), Shop().hear(seen("ann", "a", 50)), list[Loan]()
    learned_s = sorted(data.draw(st.integers(60, heard[-1] + 2000)) for _ in order)
    for at_s, what in sorted([*((each, 0) for each in heard), *((each, 1) for each in scans), *((each, 2) for each in learned_s)]):
        if what == 0 and at_s not in late:
            shop.hear(seen("ben", "a", at_s))
            continue
        shop.wait(at_s - shop.now_s)
        if what == 1:
            shop.touch("scan", "ben", event_id=f"at-{at_s}")
        elif what == 2:
            known.append(order[len(known)])
            lend(shop, known)
    shop.late(*(seen("ben", "a", at_s, agent=LATE) for at_s in sorted(late))).close()
    assert [each.fan for each in shop.touches()] == [whose(at_s + 0.0025, loans, heard) for at_s in scans]
    for each in [*shop.standing(), *shop.dwells()]:
        if each.who == "ben":
            assert each.fan == whose(each.begin_s, loans, heard), each
