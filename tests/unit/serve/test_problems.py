"""Refusals say what to change in the terms of requests, whatever the command line calls it."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlencode

import pytest

from gateway.query.options import MEANINGS, OPTIONS
from serve.problems import in_parameters
from serve.roles import Role
from tests.support.served_brand import ServedBrand
from tests.support.served_database import write_database

OPTION: Final = " --"
VALUES: Final = {"from": "2026-10-24", "to": "2026-10-25", "top": "3", "day": "store", "interval": "1h", "compare": "previous"}
REFUSED: Final = (
    "traffic?from=2026-10-25&to=2026-10-24", "traffic?compare=group&by=chain", "traffic?compare=store:s1&store=s1",
    "traffic?compare=2026-10-23T10:00..2026-10-24T10:00", "traffic?compare=last-year", "traffic?--by=store", "nope", "traffic?top=0",
    "zones?measures=nope", "outcome?interval=1h", "stock", "traffic?limit=0",
)  # fmt: skip
DECIDED: Final = (
    ("merge", {"fans": ["f-1", "f-nope"]}), ("distinct", {"fans": ["f-1", "f-nope"]}),
    ("unlink", {"identifier": "member:nope", "fan": "f-1"}), ("own", {"fan": "f-1"}),
    ("own", {"fan": "f-1", "staff": "s", "from": "2026-10-02", "to": "2026-10-01"}),
    ("link", {"identifier": "member:7", "fan": "f-1", "from": "2026-10-02", "to": "2026-10-01"}),
    ("link", {"identifier": "member:7", "fan": "f-1", "store": "s1"}), ("link", {"identifier": "tag:7", "fan": "f-1"}),
    ("link", {"identifier": "tag:7", "fan": "f-1", "from": "2026-10-01", "store": "s9"}),
    ("link", {"identifier": "member:7", "fan": "f-1", "from": "yesterday"}),
    ("consent", {"fan": "f-1", "granted": False, "purpose": "nope"}), ("split", {"of": "link-f-1"}),
    ("merge", {"fans": ["f-1", "f-2"], "actor": "a\nb"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    made = ServedBrand(tmp_path_factory.mktemp("brand"))
    write_database(made.folder / "footfall.db")
    return made


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("--from is not before --to", "`from` is not before `to`"),
        ("nothing is known of it; --force states it all the same", "nothing is known of it; `force` states it all the same"),
        ("--store: there is no store 's9'", "`store`: there is no store 's9'"),
        (
            "traffic with --as-of has them (a day given as --to is included)",
            "traffic with `as-of` has them (a day given as `to` is included)",
        ),
        ("a --dry-run needs none", "a `dry_run` needs none"),
        ("traffic has no option '--by'", "traffic has no option '--by'"),
        ("the first user: footfall user add NAME --role headquarters", "the first user: footfall user add NAME --role headquarters"),
    ],
)
def test_options_of_the_command_line_are_parameters(message: str, shown: str) -> None:
    assert in_parameters(message) == shown


def test_no_refusal_of_a_question_names_an_option_of_the_command_line(brand: ServedBrand) -> None:
    each_option = (f"{what}?{urlencode({name: VALUES.get(name, 'nope')})}" for what in MEANINGS for name in OPTIONS)
    refused = [brand.ask("GET", f"/api/query/{each}", Role.HEADQUARTERS) for each in (*each_option, *REFUSED)]
    messages = [answer.json()["message"] for answer in refused if answer.status >= 400]
    assert len(messages) > len(MEANINGS)
    assert not [message for message in messages if OPTION in f" {message}"]


@pytest.mark.parametrize(("what", "decision"), DECIDED)
def test_no_refusal_of_a_decision_does(brand: ServedBrand, what: str, decision: dict[str, object]) -> None:
    body = json.dumps({"dry_run": True, **decision}).encode()
    answer = brand.ask("POST", f"/api/decisions/{what}", Role.HEADQUARTERS, body)
    assert (answer.status, answer.json()["reason"]) == (400, "decision")
    assert OPTION not in f" {answer.json()['message']}"
