"""The ledger's facts by name: what bears a name is found whether it waits, is written, or was written by the process before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.fold.store import TouchNameRow, TouchRow
from gateway.identity.facts import Span, Standing, fact_name, names_of
from gateway.state.ledger import Ledger
from gateway.state.touch_tables import TOUCHES_AT_ONCE
from tests.support.identity_facts import link, name, same

CARD, PAIR = link("member:1", "A"), same("wx-a:1 web:1")
TOUCH = TouchRow("s", "a", 1, 5, 5, "t1", name("web:2"), "", "", 0, '{"subjects": [], "ref": "", "fan": ""}')
ALIEN = "0" * 16


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger.db")
    made.add([CARD, PAIR], [])
    made.save_standings([Standing("ref:r", 1, (Span(0, 9, "A"),))])
    made.save_touches([TOUCH], [TouchNameRow(name("web:3"), "s", "a", 1, 5)])
    return made


def _bears(ledger: Ledger) -> None:
    names = [*names_of(CARD), *names_of(PAIR), "ref:r", TOUCH.subject, name("web:3"), fact_name("t1")]
    assert set(names) <= set(ledger.bearing([*names, ALIEN, fact_name("t2")]))
    assert ALIEN not in ledger.bearing([ALIEN])
    assert [fact.id for fact in ledger.facts_naming([name("member:1")])] == [CARD.id]
    assert list(ledger.facts_naming([ALIEN])) == []
    assert ledger.standings(["ref:r", ALIEN]).keys() == ledger.standings_saved(["ref:r", ALIEN]).keys() == {"ref:r"}


def test_what_bears_a_name_is_found_whether_it_is_written_or_waits(ledger: Ledger) -> None:
    _bears(ledger)
    ledger.checkpoint([])
    _bears(ledger)


def test_what_the_process_before_wrote_is_found(ledger: Ledger) -> None:
    ledger.checkpoint([])
    ledger.close()
    after = Ledger(ledger.path)
    _bears(after)


def test_what_was_not_durable_bears_nothing(ledger: Ledger) -> None:
    ledger.roll_back()
    assert ledger.bearing([*names_of(CARD), "ref:r", TOUCH.subject]) == set()
    assert list(ledger.facts_naming(names_of(CARD))) == []


@pytest.mark.parametrize(("body", "own"), [({"mention": "s/a/5/0a"}, "s/a/5/0a"), ({}, "s/a/1/6")])
def test_a_touch_without_an_id_is_found_by_the_one_of_what_it_states_also_as_an_earlier_release_took_it(
    ledger: Ledger, body: dict[str, str], own: str
) -> None:
    stated = {"subjects": [name("web:2")], "ref": "", "fan": "", "time_ns": 5, **body}
    ledger.save_touches([TOUCH._replace(key_ns=6, id=None, body=json.dumps(stated))])
    assert [fact.id for fact in ledger.unkept([fact_name(own)])] == [own]
    assert list(ledger.unkept([fact_name("s/a/5/0b"), fact_name("s/a/2/6")])) == []


def test_a_reference_is_shared_once_two_touches_have_it_wherever_they_are(ledger: Ledger) -> None:
    def refer(row: int, *refs: str) -> None:
        ledger.save_touches([TOUCH._replace(row=row, id=f"t{row}")], [TouchNameRow(f"ref:{ref}", "s", "a", row, 5) for ref in refs])

    asked = ["waiting", "written", "both", "one", "none"]
    refer(2, "written", "both", "one")
    refer(3, "written")
    ledger.checkpoint([])
    refer(4, "waiting", "both")
    assert set(ledger.shared_refs(asked)) == {"written", "both"}
    refer(5, "waiting")
    assert set(ledger.shared_refs(asked)) == {"waiting", "written", "both"}
    ledger.roll_back()
    assert set(ledger.shared_refs(asked)) == {"written"}


def test_touches_that_wait_are_written_once_they_are_many(ledger: Ledger) -> None:
    ledger.save_touches([TOUCH._replace(row=row, id=f"t{row}") for row in range(TOUCHES_AT_ONCE)])
    assert ledger._touches == []
