"""Referral: who came by whose share, once, and never by their own or by whom they brought."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.query.referral import MOST_DEPTH, referred_of
from tests.support.query_rows import SATURDAY, Row, table, touch


def at(minute: int, what: str, fan: str, **more: str) -> Row:
    return touch(SATURDAY + minute * 60 * 10**9, what, fan=fan, **more)


def told(*rows: Row) -> list[tuple[str, str, str, str, bool]]:
    """What each touch is: its fan, whose share it is or came by, who shared first, the steps, and whether its fan came by it."""
    found = referred_of(table("touch", sorted(rows)))
    return list(zip(*(found.values(name) for name in ("fan", "sharer", "root", "depth", "brings")), strict=True))


def brought(*rows: Row) -> dict[str, str]:
    """By fan who brought them."""
    return {fan: sharer for fan, sharer, _, _, brings in told(*rows) if brings}


def test_who_comes_with_the_code_of_a_share_was_brought_by_it_and_all_that_they_buy_is_of_it() -> None:
    rows = (at(0, "share", "f1", code="A"), at(1, "registration", "f2", code="A"), at(2, "transaction", "f2"), at(3, "return", "f2"))
    assert told(*rows) == [
        ("f1", "f1", "f1", "0", False), ("f2", "f1", "f1", "1", True), ("f2", "f1", "f1", "1", False), ("f2", "f1", "f1", "1", False),
    ]  # fmt: skip
    found = referred_of(table("touch", list(rows)))
    assert found.values("brought") == [False, False, True, True], "a sale and what is given back of it"


def test_shared_by_names_the_fan_where_there_is_no_code() -> None:
    assert brought(at(0, "transaction", "f2", shared_by="f1")) == {"f2": "f1"}


def test_whom_the_brought_bring_came_by_more_steps_and_the_root_is_who_shared_first() -> None:
    rows = (at(0, "share", "f1", code="A"), at(1, "scan", "f2", code="A"), at(2, "share", "f2", code="B"), at(3, "scan", "f3", code="B"))
    assert told(*rows)[2:] == [("f2", "f2", "f1", "0", False), ("f3", "f2", "f1", "2", True)]


def test_somebody_is_brought_once_and_only_who_bought_nothing_before() -> None:
    shares = (at(0, "share", "f1", code="A"), at(0, "share", "f3", code="C"))
    assert brought(*shares, at(1, "scan", "f2", code="A"), at(2, "scan", "f2", code="C")) == {"f2": "f1"}
    assert brought(*shares, at(1, "transaction", "f2"), at(2, "transaction", "f2", code="A")) == {}


def test_nobody_is_brought_by_themselves_or_in_a_circle() -> None:
    assert brought(at(0, "share", "f1", code="A"), at(1, "transaction", "f1", code="A")) == {}
    assert told(at(0, "registration", "f1", shared_by="f1"), at(1, "transaction", "f1", shared_by="f1")) == [], "it counts nowhere"
    circle = (at(0, "scan", "f2", shared_by="f1"), at(1, "scan", "f3", shared_by="f2"), at(2, "scan", "f1", shared_by="f3"))
    assert brought(*circle) == {"f2": "f1", "f3": "f2"}


def test_a_code_is_of_who_shared_it_last_before_and_one_of_a_voucher_brings_nobody() -> None:
    shares = (at(0, "share", "f1", code="A"), at(5, "share", "f3", code="A"))
    assert brought(*shares, at(1, "scan", "f2", code="A"), at(6, "scan", "f4", code="A")) == {"f2": "f1", "f4": "f3"}
    assert brought(at(0, "voucher_issue", "f1", code="V"), at(1, "redemption", "f2", code="V")) == {}
    assert brought(at(0, "scan", "f2", code="A"), at(1, "share", "f1", code="A")) == {}, "nobody had shared it yet"


def test_of_one_moment_the_share_comes_first() -> None:
    assert brought(at(0, "scan", "f2", code="A"), at(0, "share", "f1", code="A")) == {"f2": "f1"}


def test_whoever_nobody_knows_is_counted_apart() -> None:
    found = referred_of(table("touch", [at(0, "share", "f1", code="A"), at(1, "transaction", "", code="A"), at(2, "share", "", code="B")]))
    assert found.values("unnamed") == [False, True, False]
    assert found.values("sharer") == ["f1", "f1", ""]
    assert not any(found.values("brings"))
    assert not any(found.values("brought"))


def test_steps_are_counted_up_to_a_bound_and_a_long_way_costs_no_stack() -> None:
    chain = [at(n, "scan", f"f{n + 1}", shared_by=f"f{n}") for n in range(3_000)]
    ways = told(*chain)
    assert [int(way[3]) for way in ways[:12]] == [*range(1, MOST_DEPTH + 1), MOST_DEPTH, MOST_DEPTH, MOST_DEPTH]
    assert {way[2] for way in ways} == {"f0"}
    assert brought(*chain, at(3_000, "scan", "f0", shared_by="f3000")).get("f0") is None, "that would be a circle"


FANS = ("f1", "f2", "f3", "f4", "")
TOUCHES = st.lists(
    st.tuples(
        st.integers(0, 8), st.sampled_from(("share", "scan", "transaction")), st.sampled_from(FANS), st.sampled_from(("A", "B", "")),
        st.sampled_from(FANS),
    )
)  # fmt: skip


@given(TOUCHES)
def test_who_was_brought_forms_trees_and_a_table_in_any_order_tells_the_same(touches: list[tuple[int, str, str, str, str]]) -> None:
    rows = [
        at(minute, what, fan, code=code, shared_by="" if what == "share" or code else sharer, ref=f"T-{n}")
        for n, (minute, what, fan, code, sharer) in enumerate(touches)
    ]
    by_ref = [dict(_by_ref(each)) for each in (sorted(rows), sorted(rows, key=lambda row: (row[0], row[7:9])))]
    assert by_ref[0] == by_ref[1]
    above = brought(*rows)
    for fan in above:
        way = [fan]
        while way[-1] in above:
            way.append(above[way[-1]])
            assert len(way) <= len(FANS), "a circle"


def _by_ref(rows: list[Row]) -> list[tuple[str, tuple[str, ...]]]:
    found = referred_of(table("touch", rows))
    columns = [found.values(name) for name in ("sharer", "root", "depth", "brings")]
    return list(zip(found.values("ref"), zip(*columns, strict=True), strict=True))
