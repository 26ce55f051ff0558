"""Cases of identity resolution hold in every order that they allow, and one that does not hold is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.identity.types import IdentifierTypes
from simulators.identity.cases import main, mistakes, orders_of, read_case

TYPES = IdentifierTypes()
FOLDER = Path(__file__).parents[3] / "golden/identity"
CASES = [json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
ORDERS = 120
"""All of five steps; `make identity` tries 500 where there are more."""
CASE: dict[str, Any] = {
    "case": "X",
    "steps": [
        ["touch", 0, {"what": "registration", "identifiers": ["member:x"], "ref": "reg", "fan": "A"}],
        ["touch", 5, {"what": "transaction", "identifiers": ["member:x"], "ref": "s"}],
        ["fact", {"fact": "merge", "fans": ["A", "B"]}],
    ],
    "want": {"s": "A"},
    "why": "because",
}


@pytest.mark.parametrize("values", CASES, ids=[f"{each['case']} {each['title']}" for each in CASES])
def test_a_case_holds_in_every_order(values: dict[str, Any]) -> None:
    assert mistakes(read_case(values, TYPES), TYPES, ORDERS) == []


def test_up_to_five_steps_every_order_is_tried_and_above_500_random_ones() -> None:
    assert len(list(orders_of(read_case(CASE, TYPES)))) == 6
    assert len(list(orders_of(read_case(CASE | {"steps": CASE["steps"] * 2}, TYPES)))) == 501
    assert len(list(orders_of(read_case(CASE | {"orders": "given"}, TYPES)))) == 1


@pytest.mark.parametrize(("ref", "want", "found"), [("s", "B", "'A'"), ("s", "", "'A'"), ("t", "A", "'no such touch'")])
def test_what_a_case_does_not_come_to_is_named_with_the_reason(ref: str, want: str, found: str) -> None:
    (mistake,) = mistakes(read_case(CASE | {"want": {ref: want}}, TYPES), TYPES)
    assert mistake == f"X: {ref} is {found}, not {want!r}: because"


def test_a_file_of_cases_is_run_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(each) for each in (CASE, CASE | {"want": {"s": "B"}})))
    assert main([str(path)]) == 1
    assert capsys.readouterr().out.splitlines() == ["right  X", "wrong  X", "       X: s is 'A', not 'B': because", "cases=2 wrong=1"]


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(ValueError, match="touch, link or fact, and not 'guess'"):
        read_case(CASE | {"steps": [["guess", 0]]}, TYPES)


def test_a_fact_about_a_value_that_is_none_states_nothing_as_at_accept() -> None:
    link, end = ["link", "member:null", "A", None, None], ["fact", {"fact": "revoke", "of_link": ["member:null", "A"]}]
    same = ["fact", {"fact": "same", "identifiers": ["member:7", "member:null"]}]
    assert read_case({"case": "c", "steps": [link, end, same], "want": {}}, TYPES).steps == [[], [], []]


def test_what_states_no_moment_begins_or_ends_when_it_was_learned_as_at_accept() -> None:
    stated = [{"fact": "revoke", "of_link": ["member:7", "A"]}, {"fact": "consent", "fan": "A", "purpose": "identify", "granted": False}]
    facts = [["fact", each | {"learned_min": 5, "version": ""}] for each in stated]
    (end,), (consent,) = read_case({"case": "c", "steps": facts, "want": {}}, TYPES).steps
    assert end.to_ns == consent.from_ns == end.learned_ns
