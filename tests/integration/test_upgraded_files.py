"""The first start of this release leaves no identifier in clear in what the release before wrote."""

from __future__ import annotations

from pathlib import Path

from footfall.sealing import public_key, public_key_text
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.process import free_port
from simulators.parts.programs import AgentProcess
from tests.support.identifier_search import Known, files_of
from tests.support.running_gateway import SECRET, Place
from tests.support.waiting import until
from tests.unit.edge_agent.spool import test_hiding as spools
from tests.unit.gateway.state import test_pseudonymised as journals


def test_the_journal_of_the_release_before_loses_its_identifiers_at_the_first_start(
    tmp_path: Path, embedded_broker: EmbeddedBroker
) -> None:
    place = Place(tmp_path / "gateway", embedded_broker)
    state = place.folder / "state"
    journals.make(state)
    (state / "ledger.db").unlink()  # its state is none of a fold: it is made again from the journal
    known = Known(journals.NUMBERS, [])
    assert known.found(files_of(state))
    with place:
        place.until(place.gateway.is_settled, "the journal to be folded")
        assert known.found(files_of(place.folder)) == []
        assert "identifiers of staff are replaced by subjects" in place.gateway.log.read_text()
    assert known.found(files_of(place.folder)) == []


def test_the_spool_of_the_release_before_is_sealed_at_the_first_start_or_with_the_first_receipt(
    tmp_path: Path, embedded_broker: EmbeddedBroker
) -> None:
    known = Known(spools.NUMBERS, [])
    for name, keys in (("pinned", {"keys": {"gateway_file": str(tmp_path / "gateway.pub")}}), ("x", {})):
        box = tmp_path / name
        box.mkdir()
        (tmp_path / "gateway.pub").write_text(public_key_text(public_key(SECRET.encode())))
        spools.old_spool(box / "spool.db")
        assert known.found(files_of(box))
        agent = AgentProcess(
            box, free_port(), {"store": "s1", "agent": name, "spool": {"path": "spool.db"}, "broker": {"port": embedded_broker.port}} | keys
        )
        agent.process.start()
        try:
            if keys:
                assert known.found(files_of(box)) == [], "it is up once that is done"
                continue
            assert known.found(files_of(box)), "it has no key yet"
            with Place(tmp_path / "gateway", embedded_broker) as place:
                until(lambda box=box: known.found(files_of(box)) == [], "the first receipt to bring the key")
                place.until(lambda: place.gateway.status()["balance"]["in_total"] > 0, "its events to arrive")
        finally:
            agent.process.stop()
        assert known.found(files_of(box)) == []
