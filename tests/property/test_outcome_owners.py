"""Contributions add up and depend on nothing but what is known: with owners of fans, squads and several campaigns, in every order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.facts import Fact, Identifier, Link, Merge, Ownership, Revoke, Split
from gateway.outcome.day import KINDS
from gateway.outcome.journey import RETURN, SALE
from gateway.outcome.rules import OWNER, RULES
from tests.property.test_outcome import HOUR_S, SLOW, days_of, filled, rows_after, shares_of, written
from tests.support.journal_stories import T0, S, of, pseudonym

STAFF: Final = ("anna", "ben", "cleo")
COMMON: Final[dict[str, Any]] = {"learned_ns": 0, "source": "crm"}
CHANGES: Final = (
    {"campaigns": ["app", "mail"]}, {"campaign": "spring"}, {"campaigns": None}, {"squad": "late"}, {"staff_id": "cleo", "amount": 3.33},
    {"what": "service", "amount": None}, {"ref": None}, {"identifiers": ["member:m2"]},
)  # fmt: skip


@st.composite
def told(draw: Any) -> dict[str, Any]:
    """One touch: of a person, by a staff, of some campaigns, at an hour of four days, with what is corrected of it later."""
    values: dict[str, Any] = {
        "kind": "touch", "what": draw(st.sampled_from([SALE, SALE, RETURN, "service", "registration", "registration"])),
        "id": f"e{draw(st.integers(0, 10**6))}", "amount": draw(st.integers(0, 9_999)) / 100, "ref": draw(st.sampled_from(["", "r1"])),
        "staff_id": draw(st.sampled_from(STAFF)), "squad": draw(st.sampled_from(["", "early"])),
        "identifiers": draw(st.sampled_from([[], ["member:m1"], ["member:m2"]])),
        "campaigns": draw(st.lists(st.sampled_from(["spring", "app", "mail"]), unique=True, max_size=3)),
    }  # fmt: skip
    values = {key: value for key, value in values.items() if value not in ("", [])}
    corrected = draw(st.sampled_from([None, None, None, "void", *CHANGES]))
    return {"values": values, "at_h": draw(st.integers(0, 95)), "agent": draw(st.sampled_from([0, 0, 2])), "corrected": corrected}


def _owner(number: int, fan: str, staff_id: str, store: str, at_h: int) -> Ownership:
    return Ownership(id=f"o{number}", from_ns=T0 + round(at_h * HOUR_S) * S, fan=fan, staff_id=staff_id, store=store, **COMMON)


facts: Final = st.lists(
    st.one_of(
        st.builds(
            _owner, st.integers(0, 2), st.sampled_from(["fan-1", "fan-2"]), st.sampled_from(["", *STAFF]), st.sampled_from(["s1", "s2"]),
            st.integers(-24, 95),
        ),
        st.builds(lambda of_id: Revoke(id=f"r-{of_id}", of=of_id, **COMMON), st.sampled_from(["o0", "o1", "l1"])),
        st.sampled_from([
            Link(id="l1", identifier=Identifier("member", pseudonym("member:m1")), fan="fan-1", **COMMON),
            Link(id="l2", identifier=Identifier("member", pseudonym("member:m2")), fan="fan-2", **COMMON),
            Merge(id="m", fans=("fan-1", "fan-2"), **COMMON),
            Split(id="s", of="m", **COMMON),
        ]),
    ),
    max_size=6,
    unique_by=lambda fact: fact.id,
)  # fmt: skip


@given(
    st.lists(told(), min_size=1, max_size=6, unique_by=lambda each: each["values"]["id"]), facts, st.permutations(range(19)), st.data()
)  # fmt: skip
@SLOW
def test_owners_squads_and_campaigns_add_up_whatever_comes_first(
    events: Sequence[dict[str, Any]], known: Sequence[Fact], order: Sequence[int], data: st.DataObject
) -> None:
    late, at_once = rows_after(events, known, order), rows_after(events, known, range(19))
    by, rule = data.draw(st.sampled_from(KINDS)), data.draw(st.sampled_from([OWNER, *RULES]))
    for rows in (late, at_once):
        assert filled(shares_of(rows, by, rule)) == filled(days_of(rows)), (by, rule)
    assert written(late) == written(at_once)
    if owned := {row["value"] for row in of(late, "outcome") if row["by"] == "staff" and row[f"revenue_{OWNER}"]} - {""}:
        assert owned <= set(STAFF)
