"""`footfall profile new` of a beacon that alternates, and with a second one of its model."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from device_profiles.advertisement import parse_advertising_data
from device_profiles.command import app
from device_profiles.registry import read_registry, shipped
from edge_agent.sources.ble import Decoded, decode

CARD = "09ffffffa70100a1025b"
SECOND_CARD = "09ffffffa70100a1035b"
CARD_S_OTHER = "07ffffffa70200d7"
CARDS = [
    "--transport", "ble", "--advertisement", CARD, "--address", "c4:00:00:00:07:01", "--address-type", "static", "--by", "manufacturer",
    "--name", "ours", "--title", "t", "--class", "person", "--consented", "--field", "battery_pct 5 u8",
]  # fmt: skip


def new(*arguments: str, answers: Sequence[str] = ()) -> Result:
    said = "".join(f"{answer}\n" for answer in answers)
    return CliRunner().invoke(app, ["new", *arguments], input=said, env={"COLUMNS": "200", "NO_COLOR": "1"})


def heard(folder: Path, data: str) -> Decoded:
    own = shipped().with_profiles(read_registry(folder))
    return decode(parse_advertising_data(bytes.fromhex(data), "c4:00:00:00:07:01", -60, "static"), own)


@pytest.mark.parametrize("identifier", ["2-3", "0-2", "2"])
def test_bytes_that_two_beacons_share_cannot_name_the_one(tmp_path: Path, identifier: str) -> None:
    done = new(*CARDS, "--second", SECOND_CARD, "--prefix-bytes", "0", "--identifier", identifier, "--into", str(tmp_path))
    assert f"--identifier: bytes {identifier} are the same in both beacons: they cannot name the one device" in str(done.exception)
    assert list(tmp_path.iterdir()) == []
    done = new(*CARDS, "--second", SECOND_CARD, "--prefix-bytes", "1", "--into", str(tmp_path), answers=[identifier, "3-4"])
    assert done.exit_code == 0, done.output
    assert heard(tmp_path, CARD).seen != heard(tmp_path, SECOND_CARD).seen


@pytest.mark.parametrize("answer", ["", SECOND_CARD])
def test_more_than_one_byte_is_taken_only_when_a_second_beacon_was_asked_for(tmp_path: Path, answer: str) -> None:
    given = [*CARDS, "--prefix-bytes", "3", "--identifier", "address", "--into", str(tmp_path)]
    done = new(*given)
    assert done.exit_code == 1
    assert "Such a message of a second beacon of the model" in done.output
    assert list(tmp_path.iterdir()) == []
    assert new(*given, answers=[answer]).exit_code == 0
    assert new(*given, "--second", answer, "--force").exit_code == 0


def test_another_message_of_a_beacon_is_no_thing_beside_it(tmp_path: Path) -> None:
    given = [*CARDS, "--second", SECOND_CARD, "--also", CARD_S_OTHER, "--into", str(tmp_path)]
    assert new(*given, "--prefix-bytes", "2", "--identifier", "4-4").exit_code == 0
    found = heard(tmp_path, CARD)
    assert (found.profile, found.seen.identifier if found.seen else "") == ("ours", "02")
    assert (heard(tmp_path, CARD_S_OTHER).reason, heard(tmp_path, CARD_S_OTHER).seen) == ("ble.other-message", None)
    assert heard(tmp_path, "07ffffffa70300d7").profile == "ble-thing"


def test_a_beacon_that_its_address_names_is_the_same_in_its_other_message(tmp_path: Path) -> None:
    given = [*CARDS, "--second", SECOND_CARD, "--also", CARD_S_OTHER, "--also", CARD_S_OTHER, "--into", str(tmp_path)]
    assert new(*given, "--prefix-bytes", "2", "--identifier", "address").exit_code == 0
    for data in (CARD, CARD_S_OTHER):
        found = heard(tmp_path, data)
        assert (found.profile, found.seen.identifier if found.seen else "") == ("ours", "c4:00:00:00:07:01")


def test_an_identifier_that_another_message_of_the_beacon_changes_is_refused(tmp_path: Path) -> None:
    other = "09ffffffa70200d7995b"
    done = new(*CARDS, "--second", SECOND_CARD, "--also", other, "--prefix-bytes", "1", "--identifier", "4", "--into", str(tmp_path))
    assert "--also: a message of the same beacon has 99 in bytes 4 to 4, where this one has 02" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_messages_that_other_profiles_take_stay_theirs(tmp_path: Path) -> None:
    also = ["--also", "1116aafe20000bfe1c000000070800003e7c", "--also", "07ff3412a70200d7"]
    done = new(*CARDS, *also, "--prefix-bytes", "1", "--identifier", "3-4", "--into", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert "its other message is taken by eddystone-tlm, as before" in done.output
    assert "its other message has no manufacturer ffff: as ble-thing the beacon is a thing beside this" in done.output
    assert len(tomllib.loads((tmp_path / "ours.toml").read_text())["device"]["frames"]) == 1
