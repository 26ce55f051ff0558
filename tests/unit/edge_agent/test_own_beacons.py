from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.own_beacons import OwnBeaconsFile
from footfall.beacons import OwnBeacon

OWN = (OwnBeacon("f7826da6-4fa2-4e98-8024-bc5b71e0893e", minor=False),)
UNTIL, GATEWAY = 100, 1_800_000_000_000_000_000


def kept(folder: Path) -> OwnBeaconsFile:
    return OwnBeaconsFile(folder / "spool.sqlite", UNTIL)


def test_what_was_kept_is_there_at_the_next_start(tmp_path: Path) -> None:
    first = kept(tmp_path)
    assert (first.rule.own, first.is_known) == ((), False)
    assert first.renewed(OWN, GATEWAY, 1)
    assert not first.renewed(OWN, GATEWAY, 2)
    second = kept(tmp_path)
    assert (second.rule.own, second.is_known) == (OWN, True)
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("spool.sqlite.beacons", 0o600)]
    assert second.renewed((), GATEWAY, 3)
    assert kept(tmp_path).rule.own == ()


def test_at_the_first_start_the_first_receipt_is_waited_for(tmp_path: Path) -> None:
    first = kept(tmp_path)
    assert not first.renewed(None, 0, UNTIL - 1)
    assert not first.is_known
    assert not first.renewed(None, 0, UNTIL)
    assert first.is_known, "a box without a gateway does not wait for ever"
    assert list(tmp_path.iterdir()) == [], "and waits again at its next start"


def test_a_gateway_of_the_release_before_has_no_list_and_is_not_waited_for_again(tmp_path: Path) -> None:
    first = kept(tmp_path)
    assert not first.renewed(None, GATEWAY, 1)
    assert first.is_known
    assert kept(tmp_path).is_known
    kept(tmp_path).renewed(OWN, GATEWAY, 1)
    assert not kept(tmp_path).renewed(None, GATEWAY, 1)
    assert kept(tmp_path).rule.own == OWN, "what a receipt does not state is not changed"


@pytest.mark.parametrize("spoilt", [b"", b"\xc1", b"\x93", b"\x91\x92\xc4\x01x\x03", b"text"])
def test_a_spoilt_file_waits_for_the_gateway(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / "spool.sqlite.beacons").write_bytes(spoilt)
    assert (kept(tmp_path).rule.own, kept(tmp_path).is_known) == ((), False)


def test_a_file_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    nowhere = OwnBeaconsFile(tmp_path / "no such folder" / "spool.sqlite", UNTIL)
    assert nowhere.renewed(OWN, GATEWAY, 1)
    assert (nowhere.rule.own, nowhere.is_known) == (OWN, True)
    assert list(tmp_path.iterdir()) == []
