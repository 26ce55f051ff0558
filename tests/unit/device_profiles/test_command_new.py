"""`footfall profile new`: every transport by options and by answers; each file it writes is right."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from device_profiles.command import app
from device_profiles.drafts import to_toml
from footfall.errors import ConfigError

DATA = "02011a09ff59000a0102030405"
OTHER = "02011a09ff59000a9102030464"
OPTIONS = {
    "ble": [
        "--advertisement", DATA, "--address", "C1:00:00:00:00:01", "--by", "manufacturer", "--prefix-bytes", "1", "--identifier", "1-4",
        "--field", "battery_pct 5 u8", "--class", "person", "--consented",
    ],
    "epc": ["--epc", "3074 257b f719 4e40 0000 1a85", "--by", "company", "--class", "goods"],
    "feed": [
        "--topic", "hall/+/state", "--payload", '{"mac": "aabbccddeeff", "radio": {"rssi": -60}, "who": "it\'s"}',
        "--path", "identifier=mac", "--path", "rssi_dbm=radio.rssi", "--class", "asset",
    ],
    "modbus": [
        "--words", "holding 0x10 1 4464 0 3 215", "--register", "entered 16 u32", "--register", "left 18 u32",
        "--register", "temperature_c 20 u16 0.1",
    ],
}  # fmt: skip
READINGS: dict[str, dict[str, Any]] = {
    "ble": {"kind": "seen", "identifier": "01020304", "values": {"battery_pct": 5}},
    "epc": {"kind": "seen", "identifier": "3074257bf7194e4000001a85"},
    "feed": {"kind": "seen", "identifier": "aabbccddeeff", "rssi_dbm": -60},
    "modbus": {"kind": "counted", "entered": 70000, "left": 3, "cumulative": True, "values": {"temperature_c": 21.5}},
}
ANSWERS = {
    "ble": [
        "b",
        "",
        "02011a0bff5",
        DATA,
        "",
        "02011a05ff58000a01",
        DATA,
        OTHER,
        "7",
        "2",
        "1",
        "9-12",
        "1-4",
        "battery_pct 5",
        "battery_pct 5 u8",
        "",
        "Ours!",
        "ours",
        "",
        "person",
        "y",
    ],
    "epc": ["epc", "zz", "3074257bf7194e4000001a85", "", "ours", "Our goods", "goods"],
    "feed": ["feed", "hall/x/state", "{", '{"mac": "aabbccddeeff", "rssi": -60}', "n", "adress", "mac", "rssi", "", "ours", "", "asset"],
    "feed-counts": ["feed", "", '[{"in": 4, "out": 3, "line": "a"}]', "y", "in", "out", "line", "n", "ours", ""],
    "modbus": ["modbus", "coils 0 1", "holding 0 1 4464 0 3 215", "", "", "temperature_c 4 u16 0.1", "", "ours", "Our counter"],
}


def new(*arguments: str, answers: Sequence[str] = ()) -> Result:
    return CliRunner().invoke(
        app, ["new", *arguments], input="".join(f"{answer}\n" for answer in answers), env={"COLUMNS": "200", "NO_COLOR": "1"}
    )


def by_options(transport: str, folder: Path, *more: str) -> Result:
    return new("--transport", transport, *OPTIONS[transport], "--name", "ours", "--title", "Our own", "--into", str(folder), *more)


@pytest.mark.parametrize("transport", OPTIONS)
def test_options_alone_make_a_profile_that_is_right(tmp_path: Path, transport: str) -> None:
    done = by_options(transport, tmp_path / "profiles")
    assert done.exit_code == 0, (done.output, done.exception)
    assert "✔ ours is right" in done.output
    file = tmp_path / "profiles" / "ours.toml"
    values = tomllib.loads(file.read_text())
    reading = values["vectors"][0]["readings"][0]
    assert READINGS[transport].items() <= reading.items()
    assert to_toml(values).count("\n") == file.read_text().count("\n")
    tested = CliRunner().invoke(app, ["test", str(file)])
    assert tested.exit_code == 0, tested.output


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_make_a_profile_and_wrong_ones_are_asked_again(tmp_path: Path, case: str) -> None:
    done = new("--into", str(tmp_path), answers=ANSWERS[case])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "✔ ours is right" in done.output
    values = tomllib.loads((tmp_path / "ours.toml").read_text())
    expected = READINGS.get(case, {"kind": "counted", "entered": 4, "left": 3, "cumulative": False, "door": "a"})
    assert expected.items() <= values["vectors"][0]["readings"][0].items()
    assert values["title"]


def test_who_takes_the_message_now_is_reported(tmp_path: Path) -> None:
    assert "now taken by garment-tag" in by_options("epc", tmp_path).output


def test_a_profile_that_another_comes_before_is_written_but_reported(tmp_path: Path) -> None:
    ibeacon = "02011a1aff4c000215e2c56db5dffb48d2b060d0f5a71096e000640000c5"
    options = [
        "--transport",
        "ble",
        "--advertisement",
        ibeacon,
        "--address",
        "c1:00:00:00:00:01",
        "--by",
        "manufacturer",
        "--identifier",
        "address",
    ]
    done = new(
        *options,
        "--prefix-bytes",
        "1",
        "--field",
        "mode_code 0 u8",
        "--name",
        "ours",
        "--title",
        "t",
        "--class",
        "asset",
        "--into",
        str(tmp_path),
    )
    assert done.exit_code == 1
    assert "the profile 'ibeacon' takes this message as well and is more specific" in done.output
    assert (tmp_path / "ours.toml").exists()


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text("mine")
    done = by_options("epc", tmp_path)
    assert isinstance(done.exception, ConfigError)
    assert "is there already" in str(done.exception)
    assert (tmp_path / "ours.toml").read_text() == "mine"
    assert by_options("epc", tmp_path, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("transport", "option", "value", "said"),
    [
        ("ble", "--advertisement", "xyz", "--advertisement: must be an even number of hex digits"),
        ("ble", "--advertisement", "020106", "--advertisement: no manufacturer data"),
        ("ble", "--address", "here", "--address: must be six bytes"),
        ("ble", "--by", "colour", "--by: must be one of manufacturer 0059, address (given: 'colour')"),
        ("ble", "--prefix-bytes", "99", "--prefix-bytes: must be a number from 0 to 6"),
        ("ble", "--identifier", "4-99", "--identifier: must be address, name, or bytes of the payload as FIRST-LAST, at most 5"),
        ("ble", "--prefix-bytes", "2", "--identifier: bytes 1 to 1 cannot name the one device and be the same in all"),
        (
            "ble",
            "--second",
            "02011a05ff58000a01",
            "--second: has no manufacturer 0059, which is what distinguishes the model; it has manufacturer 0058",
        ),
        ("ble", "--second", DATA, "--second: is the same message: one of another beacon is needed"),
        ("ble", "--also", "zz", "--also: must be an even number of hex digits"),
        ("ble", "--address-type", "private", "--address-type: must be one of public, static"),
        ("ble", "--field", "battery", "--field: 'battery': must be NAME OFFSET TYPE"),
        ("epc", "--by", "ffff", "--by: must be company, scheme, any, or the first hex digits of 3074"),
        ("feed", "--payload", "nothing", "--payload: is not JSON"),
        ("feed", "--path", "identifier=mic", "--path: there is no 'mic' in the message; there are mac, radio.rssi, who"),
        ("feed", "--path", "colour=mac", "--path: colour: allowed are identifier"),
        ("modbus", "--words", "holding 0", "--words: must be holding or input"),
        ("modbus", "--register", "entered", "--register: "),
        ("epc", "--class", "fan", "--class: must be one of person, staff, goods, asset, nobody (given: 'fan')"),
        ("epc", "--name", "Our Goods", "--name: must be 1 to 64 of a-z"),
        ("epc", "--transport", "zigbee", "--transport: must be one of ble, epc, feed, modbus"),
        ("epc", "--origin", "found it", "vectors.0.origin: String should match pattern"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, transport: str, option: str, value: str, said: str) -> None:
    alone = ["--second", ""] if transport == "ble" and option != "--second" else []
    done = by_options(transport, tmp_path, *alone, option, value)
    assert isinstance(done.exception, ConfigError), done.output
    assert said in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_without_answers_nothing_is_written(tmp_path: Path) -> None:
    done = new("--into", str(tmp_path))
    assert done.exit_code == 1
    assert list(tmp_path.iterdir()) == []


MODEL = [
    "--transport",
    "ble",
    "--advertisement",
    DATA,
    "--address",
    "c1:00:00:00:00:01",
    "--by",
    "manufacturer",
    "--name",
    "ours",
    "--title",
    "t",
]


def test_a_second_beacon_shows_which_bytes_are_the_model_s(tmp_path: Path) -> None:
    done = new(*MODEL, "--second", OTHER, "--class", "person", "--consented", "--into", str(tmp_path), answers=["", "1-4", ""])
    assert done.exit_code == 0, done.output
    assert "the second's: 0:0a 1:91 2:02 3:03 4:04 5:64; they share 1" in done.output
    frame = tomllib.loads((tmp_path / "ours.toml").read_text())["device"]["frames"][0]
    assert (frame["prefix"], frame["identifier"]) == ("0a", "{id}")


def test_a_prefix_in_which_a_second_beacon_differs_is_refused(tmp_path: Path) -> None:
    done = new(*MODEL, "--second", OTHER, "--prefix-bytes", "2", "--identifier", "address", "--class", "asset", "--into", str(tmp_path))
    assert "--prefix-bytes: the second beacon differs in byte 1, so all share 1 at most (given: 2)" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_without_a_second_beacon_one_byte_is_taken_at_most_unasked(tmp_path: Path) -> None:
    done = new(*MODEL, "--identifier", "address", "--class", "person", "--consented", "--into", str(tmp_path), answers=["", "", ""])
    assert done.exit_code == 0, done.output
    assert tomllib.loads((tmp_path / "ours.toml").read_text())["device"]["frames"][0]["prefix"] == "0a"


def test_the_address_type_is_kept_and_other_messages_are_shown(tmp_path: Path) -> None:
    more = [
        "--address-type",
        "static",
        "--also",
        "02011a05ff59000b07",
        "--prefix-bytes",
        "1",
        "--identifier",
        "address",
        "--field",
        "battery_pct 5 u8",
    ]
    done = new(*MODEL, *more, "--class", "person", "--consented", "--into", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert "it also sends:" in done.output
    assert "0b07" in done.output
    assert "now taken by ble-thing" in done.output
    assert tomllib.loads((tmp_path / "ours.toml").read_text())["vectors"][0]["input"]["address_type"] == "static"


@pytest.mark.parametrize(("of_class", "means"), [("asset", "telemetry"), ("person", None)])
def test_a_thing_that_its_address_names_is_telemetry(tmp_path: Path, of_class: str, means: str | None) -> None:
    """Beside an iBeacon of the same card it is no rival."""
    more = ["--prefix-bytes", "1", "--identifier", "address", "--field", "battery_pct 5 u8", "--class", of_class, "--consented"]
    assert new(*MODEL, *more, "--into", str(tmp_path)).exit_code == 0
    assert tomllib.loads((tmp_path / "ours.toml").read_text())["device"].get("means") == means
