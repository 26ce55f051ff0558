"""A page of the journal goes bad under a gateway: it names the file, ends, and the next start goes on with all that is whole."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from simulators.parts.broker import EmbeddedBroker
from simulators.parts.programs import FOOTFALL
from tests.support.running_gateway import Place, recording
from tests.support.waiting import PATIENCE_S
from tests.unit.gateway.state.test_damaged_files import overwrite_page_of


def test_a_page_that_a_look_up_needs_is_named_and_mended_by_the_next_start(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    place = Place(tmp_path / "gateway", embedded_broker)
    made = recording(tmp_path / "first")
    seen = {"kind": "touch", "what": "scan", "id": "t0", "zone": "shelf", "time": datetime.now(UTC).isoformat()}
    with place:
        place.play(made)
        place.events(seen)
        place.settle()
    rows = place.stored()
    overwrite_page_of(place.folder / "state" / "journal.db", "event_ids")
    command = [FOOTFALL, "gateway", "--config", str(place.gateway.config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as gateway:
        place.events(seen)  # its id is looked up
        try:
            said = " ".join(gateway.communicate(timeout=PATIENCE_S)[1].split())
        finally:
            gateway.kill()
    assert gateway.returncode == 2
    assert "state/journal.db: damaged" in said
    assert "The next start makes it anew" in said
    with place:
        assert "journal.db.unusable-1" in str(place.gateway.status()["problems"])
        place.events({"kind": "touch", "what": "scan", "id": "t1", "zone": "shelf"})
        place.play(made)
        place.settle()
    after = place.stored()
    assert {key: after.get(key) for key in rows if key[0] in ("presence", "door")} == {
        key: fields for key, fields in rows.items() if key[0] in ("presence", "door")
    }
    assert sum(key[0] == "touch" for key in after) == 2, "the first was sent twice"
