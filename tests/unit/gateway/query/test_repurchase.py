"""Repurchase: an order repeats the fan's order before it, in whatever store, if that was at most 400 days ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.query.brand_rows import BEFORE_NS
from gateway.query.repurchase import SAME_ORDER_NS, orders_of
from tests.support.query_rows import SATURDAY, table, touch

DAY = NS_PER_DAY


def told(*sales: tuple[float, str]) -> list[tuple[bool, bool, float]]:
    """Of sales at some day to a fan: whether an order begins with each, whether that repeats one, and after how many days."""
    found = orders_of(table("touch", sorted(touch(SATURDAY + round(day * DAY), fan=fan) for day, fan in sales)))
    columns = (found.numbers(name).tolist() for name in ("order", "repeat", "days_since"))
    return list(zip(*columns, strict=True))


def test_who_buys_again_repeats_and_the_days_are_those_since_the_order_before() -> None:
    assert told((0, "f1"), (2, "f1"), (2.5, "f1"), (3, "f2")) == [
        (True, False, 0.0), (True, True, 2.0), (True, True, 0.5), (True, False, 0.0),
    ]  # fmt: skip


def test_receipts_within_twelve_hours_are_one_order_and_all_of_them_are_repeated_if_it_is() -> None:
    """Days count from the last receipt of the order before."""
    assert told((0, "f1"), (0.25, "f1"), (3.25, "f1"), (3.5, "f1")) == [
        (True, False, 0.0), (False, False, 0.0), (True, True, 3.0), (False, True, 3.0),
    ]  # fmt: skip


def test_an_order_of_more_than_400_days_ago_is_forgotten() -> None:
    assert [repeats for _, repeats, _ in told((0, "f1"), (400, "f1"), (800.5, "f1"))] == [False, True, False]


def test_only_sales_to_registered_fans_are_orders() -> None:
    rows = [touch(SATURDAY, fan="anon-1"), touch(SATURDAY + 1, fan=""), touch(SATURDAY + 2, "return", fan="f1")]
    assert len(orders_of(table("touch", rows))) == 0
    assert len(orders_of(table("touch", []))) == 0


SALES = st.lists(st.tuples(st.integers(0, 40).map(lambda hours: hours * 7 * NS_PER_HOUR), st.sampled_from(("f1", "f2", "anon-1", ""))))


@given(SALES, st.integers(0, 40).map(lambda hours: hours * 7 * NS_PER_HOUR))
def test_each_sale_is_told_by_those_before_it_alone(sales: list[tuple[int, str]], until_ns: int) -> None:
    rows = sorted(touch(SATURDAY + at, fan=fan, ref=f"T-{n}") for n, (at, fan) in enumerate(sales))
    found = orders_of(table("touch", rows))
    sofar = orders_of(table("touch", [row for row in rows if row[0] <= SATURDAY + until_ns]))
    for name in ("order", "repeat", "days_since", "fan_number"):
        assert found.numbers(name).tolist()[: len(sofar)] == sofar.numbers(name).tolist()
    last: dict[str, int] = {}
    repeats = dict[str, bool]()
    for time_ns, fan, order, repeat in zip(
        found.time_ns.tolist(), found.values("fan"), found.values("order"), found.values("repeat"), strict=True
    ):
        since = time_ns - last[fan] if fan in last else None
        assert order == (since is None or since >= SAME_ORDER_NS)
        if order:
            repeats[fan] = since is not None and since <= BEFORE_NS
        assert repeat == repeats[fan]
        last[fan] = time_ns
