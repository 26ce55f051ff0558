"""`footfall scan` with the real bleak: what is in the air, whose it is, and what to do with what nobody knows."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from device_profiles.advertisement import Advertisement
from edge_agent.sources.source import Sighting
from simulators.devices.bluez import BlueZ
from simulators.devices.bluez_practice import CARD, UNKNOWN, practising
from tests.support.waiting import PATIENCE_S

BEACON: Final = "f007fa11-0000-4000-8000-000000000000:1:7"
PHONE: Final = "4a:00:00:00:00:07"
STRANGER: Final = Advertisement("c4:00:00:00:00:01", address_type="static", manufacturer={0xFFFE: b"\x07\x01tag"}, name="[red]Tag\x1b[2J")
FOOTFALL: Final = str(Path(sys.executable).with_name("footfall"))


def footfall(*arguments: str, environment: Mapping[str, str] | None = None, said: str = "") -> subprocess.CompletedProcess[str]:
    named = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"} | dict(environment or {})
    return subprocess.run([FOOTFALL, *arguments], input=said, capture_output=True, text=True, timeout=PATIENCE_S, env=named, check=False)


@contextmanager
def talking(bluez: BlueZ) -> Iterator[None]:
    """A fan's beacon, a phone, and a tag nearby that nobody knows, ten times a second each."""
    stop = threading.Event()

    def talk() -> None:
        while not stop.wait(0.1):
            bluez.say(Sighting(0, "left", "ibeacon", BEACON, -60))
            bluez.say(Sighting(0, "left", "ble-anonymous", PHONE, -80))
            bluez.advertise("left", STRANGER, -41)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def devices(*arguments: str) -> dict[str, dict[str, Any]]:
    done = footfall("scan", "--seconds", "1", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return {found["address"]: found for found in json.loads(done.stdout)["devices"]}


def test_it_shows_which_profile_takes_what(bluez: BlueZ) -> None:
    with talking(bluez):
        found = devices()
    beacon = next(device for device in found.values() if device["profile"] == "ibeacon")
    assert (beacon["identifier"], beacon["rssi_dbm"], beacon["rssi_mean_dbm"], beacon["is_unknown"]) == (BEACON, -60, -60.0, False)
    assert beacon["values"] == {"power_1m_dbm": -59}
    assert beacon["heard_total"] >= 3
    assert found[PHONE]["profile"] == "ble-anonymous"
    stranger = found[STRANGER.address]
    assert stranger["is_unknown"]
    assert bytes.fromhex(stranger["advertisement"]) == b"\x08\xff\xfe\xff\x07\x01tag" + b"\x0d\x09[red]Tag\x1b[2J"


def test_nothing_is_cut_or_folded_in_a_pipe(bluez: BlueZ) -> None:
    with talking(bluez):
        done = footfall("scan", "--seconds", "1", environment={"COLUMNS": "40"})
    assert any(BEACON in line and "ibeacon" in line for line in done.stdout.splitlines()), done.stdout
    assert any(STRANGER.address in line and "08fffeff0701746167" in line for line in done.stdout.splitlines()), done.stdout


def test_a_card_of_two_slots_is_one_person_and_has_its_battery(bluez: BlueZ) -> None:
    """Through the real bleak: BlueZ keeps the service data of one slot beside the manufacturer data of the other."""
    with practising(bluez, "left"):
        found = devices()
    card = found[CARD]
    assert (card["profile"], card["identifier"]) == ("ibeacon", "426c7565-4368-6172-6d42-6561636f6e73:3838:4949")
    assert card["values"]["battery_mv"] == 3070
    assert "eddystone-tlm" in card["other_profiles"]


def test_an_unknown_model_is_practised_with(bluez: BlueZ, tmp_path: Path) -> None:
    """From the command that scan prints to a profile that takes both beacons, each as itself."""
    with practising(bluez, "left"):
        shown = footfall("scan", "--seconds", "2")
        command = next(line for line in shown.stdout.splitlines() if "footfall profile new" in line)
        assert "It alternates: 2 kinds of messages were heard." in shown.stdout
        answers = ["--by", "manufacturer", "--class", "person", "--consented", "--title", "Ours", "--into", str(tmp_path / "mine")]
        refused = footfall(*shlex.split(command)[1:], *answers, "--prefix-bytes", "6", "--identifier", "address")
        assert refused.returncode == 2
        assert "the second beacon differs in byte 4, so all share 4 at most" in refused.stderr
        made = footfall(*shlex.split(command)[1:], *answers, "--prefix-bytes", "2", "--identifier", "2-4", "--field", "battery_pct 5 u8")
        assert made.returncode == 0, made.stderr + made.stdout
        found = devices("--profiles", str(tmp_path / "mine"))
    assert {found[address]["identifier"] for address in UNKNOWN} == {"00a101", "00a102"}


def test_passively_too(bluez: BlueZ) -> None:
    with talking(bluez):
        assert STRANGER.address in devices("--passive")


def test_an_unknown_beacon_gets_a_working_profile(bluez: BlueZ, tmp_path: Path) -> None:
    """The command that scan prints, with the answers that an installer would give; then the new profile takes it."""
    with talking(bluez):
        shown = footfall("scan", "--seconds", "1")
        assert shown.returncode == 0, shown.stderr
        assert "[red]Tag\N{REPLACEMENT CHARACTER}[2J" in shown.stdout
        assert "\x1b" not in shown.stdout
        command = next(line for line in shown.stdout.splitlines() if "footfall profile new" in line)
        folder = tmp_path / "my-profiles"
        mark = ["--by", "manufacturer", "--prefix-bytes", "2", "--identifier", "address"]
        answers = [*mark, "--class", "asset", "--consented", "--title", "Ours"]
        made = footfall(*shlex.split(command)[1:], *answers, "--into", str(folder), said="\n\n")
        assert made.returncode == 0, made.stderr + made.stdout
        stranger = devices("--profiles", str(folder))[STRANGER.address]
    assert stranger["profile"] == "our-beacon"


def test_what_is_wrong_is_reported_with_what_to_do(bluez: BlueZ) -> None:
    cases = [
        (["--adapter", "hci9"], {}, ["adapter hci9 is not there", "hci0, hci1"]),
        ([], {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere/bus"}, ["no D-Bus at unix:path=/nowhere/bus", "is the service dbus running"]),
        ([], {"DBUS_SYSTEM_BUS_ADDRESS": "nonsense"}, ["nonsense"]),
    ]
    for arguments, environment, said in cases:
        done = footfall("scan", "--seconds", "1", *arguments, environment=environment)
        assert done.returncode == 2, done
        assert all(text in done.stderr for text in said), done.stderr
        assert "Traceback" not in done.stderr


def test_an_adapter_that_is_off_is_reported_with_how_to_switch_it_on(bluez: BlueZ) -> None:
    bluez.power("left", False)
    done = footfall("scan", "--seconds", "1")
    assert done.returncode == 2
    assert "adapter hci0 is off" in done.stderr
    assert "power on" in done.stderr


def test_silence_is_reported(bluez: BlueZ) -> None:
    done = footfall("scan", "--seconds", "0.5")
    assert done.returncode == 0
    assert "Nothing was heard" in done.stdout
