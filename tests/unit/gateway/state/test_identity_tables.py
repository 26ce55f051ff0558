"""The ledger's facts by name: what bears a name is found whether it waits, is written, or was written by the process before."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.fold.store import TouchNameRow, TouchRow
from gateway.identity.facts import Span, Standing, fact_name, names_of
from gateway.state.ledger import Ledger
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
