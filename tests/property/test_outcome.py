"""Contributions add up: whatever is sold, brought back, voided, amended or named late, in every order, under every rule, for every day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.identity.facts import Identifier, Link, Merge
from gateway.identity.facts_json import encode_facts
from gateway.outcome.day import KINDS, SHARES, DayKey, StoreDay, rows_of
from gateway.outcome.journey import RETURN, SALE, Act, GuestVisit, OwnedBy, Sale
from gateway.outcome.rules import RULES, ContributionSettings
from gateway.outcome.shares import shared_out
from gateway.records import RecordKind
from gateway.site.site import local_day
from gateway.state.ledger import Ledger
from tests.property.test_facts import stage
from tests.support.journal_stories import Rows, S, Story, of, pairs, pseudonym, store

LENT = ["tag:17"]
"""What a return of it alone hands back; amended to state an amount, it is one of goods."""
SLOW = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
HOUR_S: Final = 3600.0
DAY: Final = timedelta(hours=4)
ZONES: Final = {"s1": ZoneInfo("Asia/Shanghai"), "s2": ZoneInfo("America/St_Johns")}


# Shares


weighed = st.dictionaries(st.text(max_size=3), st.integers(0, 10**13), min_size=1).filter(lambda each: any(each.values()))


@given(st.integers(-(10**9), 10**9), weighed)
def test_parts_add_up_and_none_is_off_by_a_whole(whole: int, weights: dict[str, int]) -> None:
    parts, total = shared_out(whole, weights), sum(weights.values())
    assert sum(parts.values()) == whole
    assert all(abs(parts[key] * total - whole * weight) < total for key, weight in weights.items())


acts = st.builds(
    Act, st.integers(0, 10**15), st.just("s1"), st.sampled_from(["", "f1"]), st.sampled_from([SALE, "try_on", "service", RETURN]),
    st.sampled_from(["", "a"]), st.sampled_from(["", "anna", "ben", "cleo"]), st.sampled_from(["", "shoes"]), st.sampled_from(["", "red"]),
    st.sampled_from(["", "pos"]), st.lists(st.sampled_from(["spring", "app", "mail"]), unique=True, max_size=3).map(tuple), st.just(""),
    st.integers(-500, 99_999),
)  # fmt: skip
owners = st.builds(OwnedBy, st.sampled_from(["", "anna"]), st.sampled_from(["", "s1", "s2"]))
visits = st.builds(
    GuestVisit, st.just(0), st.just(1), st.just("f1"), st.booleans(), st.sampled_from([frozenset(), frozenset({"a"})]),
    st.lists(acts, max_size=4).map(lambda each: tuple(sorted(each))), owners,
)  # fmt: skip
sales = st.builds(
    lambda act, what, before, owner: Sale(act._replace(what=what), bool(act.fan), (*sorted(before), act), owner, act.time_ns),
    acts, st.sampled_from([SALE, RETURN]), st.lists(acts, max_size=4), owners,
)  # fmt: skip


@given(st.lists(visits, max_size=4), st.lists(sales, max_size=4), st.integers(0, 3), st.integers(1, 10**16))
def test_every_rule_and_kind_of_value_adds_up_to_the_day(
    there: Sequence[GuestVisit], sold: Sequence[Sale], others: int, half_life_ns: int
) -> None:
    rows = rows_of(StoreDay("s1", 5, len(there) + others, there, sold), ContributionSettings(half_life_ns=half_life_ns))
    revenue = sum(sale.act.cents * (-1 if sale.act.what == RETURN else 1) for sale in sold)
    bought = sum(any(act.what == SALE for act in visit.acts) for visit in there)
    whole = {"revenue": revenue, "orders": 100 * sum(sale.act.what == SALE for sale in sold), "visits": 100 * (len(there) + others),
             "buyers": 100 * bought}  # fmt: skip
    for by in KINDS:
        found = {field: sum(row[-len(SHARES) + n] for key, row in rows.items() if key.by == by) for n, field in enumerate(SHARES)}
        assert found == {f"{what}_{rule}": amount for rule in RULES for what, amount in whole.items()}, by
    assert not rows or (all(any(row) for row in rows.values()) and DayKey("store", "s1") in rows)


# From the journal


@st.composite
def told(draw: Any) -> dict[str, Any]:
    """One event: of a person, by a staff, at an hour of four days, with what is corrected of it later."""
    number = draw(st.integers(0, 10**6))
    values: dict[str, Any] = {
        "kind": "touch", "what": draw(st.sampled_from([SALE, SALE, RETURN, "service", "try_on", "registration"])), "id": f"e{number}",
        "amount": draw(st.integers(0, 9_999)) / 100, "ref": draw(st.sampled_from(["", "r1", "r2"])),
        "staff_id": draw(st.sampled_from(["", "anna", "ben", "cleo"])), "department": draw(st.sampled_from(["", "shoes"])),
        "identifiers": draw(st.sampled_from([[], ["member:m1"], ["member:m2"], LENT])),
    }  # fmt: skip
    of_goods = ("amount", "ref") if values["what"] == RETURN and values["identifiers"] == LENT else ()
    values = {key: value for key, value in values.items() if value not in ("", []) and key not in of_goods}
    corrected = draw(st.sampled_from([None, None, "void", {"amount": 12.34}, {"staff_id": "dora"}]))
    return {"values": values, "at_h": draw(st.integers(0, 95)), "agent": draw(st.sampled_from([0, 0, 2])), "corrected": corrected}


links = st.sampled_from([
    Link(id="l1", learned_ns=0, source="crm", identifier=Identifier("member", pseudonym("member:m1")), fan="fan-1"),
    Link(id="l2", learned_ns=0, source="crm", identifier=Identifier("member", pseudonym("member:m2")), fan="fan-2"),
    Merge(id="m", learned_ns=0, source="crm", fans=("fan-1", "fan-2")),
])  # fmt: skip


def rows_after(events: Sequence[dict[str, Any]], facts: Sequence[Any], order: Sequence[int]) -> Rows:
    """What is stored where each arrives in its turn, in the order of `order`, some of it days late."""
    story = Story()
    steps = [
        *(("event", each) for each in events),
        *(("correct", each) for each in events if each["corrected"]),
        *(("fact", each) for each in facts),
    ]
    now_h = 0
    for place in sorted(range(len(steps)), key=lambda n: order[n % len(order)] * 1000 + n):
        kind, each = steps[place]
        if kind == "fact":
            story.add(RecordKind.FACTS, encode_facts([each]))
            continue
        while now_h < each["at_h"]:
            now_h += 1
            story.wait(HOUR_S).tick()
        if kind == "event":
            story.event(each["agent"], each["values"], age_s=(now_h - each["at_h"]) * HOUR_S)
        else:
            of_id = {"of": each["values"]["id"], "reason": "wrong", "actor": "test"}
            its = {"kind": "void"} if each["corrected"] == "void" else {"kind": "amend", "set": each["corrected"]}
            story.event(each["agent"], its | {"id": f"c-{each['values']['id']}"} | of_id)
    for _ in range(13):
        story.wait(600).tick()
    return store(stage(Ledger(":memory:")).fold_alone(pairs(story.records)).points, {})


def days_of(rows: Rows) -> dict[tuple[str, int], Counter[str]]:
    """What tills sold and took back, by store and day, in hundredths: from the touches that are stored."""
    found: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for row in of(rows, "touch"):
        if not row["void"] and row["what"] in (SALE, RETURN):
            _, begin_s, _ = local_day(ZONES[row["store"]], DAY, row["time_ns"] // S)
            sign = 1 if row["what"] == SALE else -1
            found[row["store"], begin_s * S]["revenue"] += sign * round(row["amount"] * 100)
            found[row["store"], begin_s * S]["orders"] += 100 * (sign == 1)
    return found


def shares_of(rows: Rows, by: str, rule: str) -> dict[tuple[str, int], Counter[str]]:
    found: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for row in of(rows, "outcome"):
        if row["by"] == by:
            for what in ("revenue", "orders"):
                found[row["store"], row["time_ns"]][what] += round(row[f"{what}_{rule}"] * 100)
    return found


def filled(days: dict[tuple[str, int], Counter[str]]) -> dict[tuple[str, int], dict[str, int]]:
    return {day: some for day, amounts in days.items() if (some := {what: amount for what, amount in amounts.items() if amount})}


some_told = st.lists(told(), min_size=1, max_size=8, unique_by=lambda each: each["values"]["id"])


@given(some_told, st.lists(links, max_size=3, unique_by=lambda each: each.id), st.permutations(range(19)))
@SLOW
def test_contributions_add_up_to_what_tills_sold_in_every_order(events: list[dict[str, Any]], facts: list[Any], order: list[int]) -> None:
    late, at_once = rows_after(events, facts, order), rows_after(events, facts, range(19))
    for rows in (late, at_once):
        for by in KINDS:
            for rule in RULES:
                assert filled(shares_of(rows, by, rule)) == filled(days_of(rows)), (by, rule)
    assert written(late) == written(at_once), "rows depend on what happened, and not on the order in which it became known"


def written(rows: Rows) -> Rows:
    return {key: row for key, row in rows.items() if key[0] == "outcome" and any(row.values())}
