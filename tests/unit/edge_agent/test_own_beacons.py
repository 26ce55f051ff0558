from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.own_beacons import OwnBeaconsFile
from footfall.beacons import OwnBeacon

OWN = (OwnBeacon("f7826da6-4fa2-4e98-8024-bc5b71e0893e", minor=False),)


def test_what_was_kept_is_there_at_the_next_start(tmp_path: Path) -> None:
    kept = OwnBeaconsFile(tmp_path / "spool.sqlite")
    assert kept.rule().own == ()
    kept.keep(OWN)
    assert OwnBeaconsFile(tmp_path / "spool.sqlite").rule().own == OWN
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("spool.sqlite.beacons", 0o600)]
    kept.keep(())
    assert OwnBeaconsFile(tmp_path / "spool.sqlite").rule().own == ()


@pytest.mark.parametrize("spoilt", [b"", b"\xc1", b"\x93", b"\x91\x92\xc4\x01x\x03", b"text"])
def test_a_spoilt_file_waits_for_the_gateway(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / "spool.sqlite.beacons").write_bytes(spoilt)
    assert OwnBeaconsFile(tmp_path / "spool.sqlite").rule().own == ()


def test_a_file_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    OwnBeaconsFile(tmp_path / "no such folder" / "spool.sqlite").keep(OWN)
    assert list(tmp_path.iterdir()) == []
