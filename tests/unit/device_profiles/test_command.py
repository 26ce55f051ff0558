"""`footfall profile list | show | test`: what a person reads, and how it reports mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from device_profiles.command import app
from device_profiles.registry import shipped
from footfall.errors import ConfigError
from tests.unit.device_profiles.profiles_made import COUNTED, HALL, write

BEACON = """\
name = "our-beacon"
title = "iBeacons of our own UUID"
identifier_type = "ibeacon"
identifier_class = "person"
consented = true

[device]
transport = "ble"

[[device.frames]]
manufacturer_id = 0x004c
prefix = "0215f7826da6"
identifier = "{major}"
fields = [{ name = "major", offset = 18, type = "u16be" }, { name = "battery_pct", offset = 20, type = "u8" }]

[[vectors]]
origin = "simulated: here"
input = { address = "c0:00:00:00:00:01", manufacturer = { 004c = "0215f7826da64fa24e988024bc5b71e0893e00010207c5" } }
readings = [{ kind = "seen", identifier = "1", values = { battery_pct = 2 } }]
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200", "NO_COLOR": "1"})


def said(done: Result) -> str:
    """Without the line ends of a terminal."""
    return " ".join(done.output.split())


def test_all_are_listed_with_where_they_are_from(tmp_path: Path) -> None:
    write(tmp_path, "hall", HALL)
    write(tmp_path, "ibeacon", COUNTED.format(name="ibeacon"))
    done = run("list", "--profiles", tmp_path)
    assert done.exit_code == 0, done.output
    for name in (*shipped(), "hall"):
        assert f"\n{name} " in done.output
    rows = {row["name"]: row for row in json.loads(run("list", "--json", "--profiles", tmp_path).output)}
    assert rows.keys() == shipped().keys() | {"hall"}
    assert rows["hall"]["from"] == "own"
    assert rows["hall"]["file"] == str(tmp_path / "hall.toml")
    assert rows["ibeacon"]["from"] == "own, replaces the shipped one"
    assert rows["garment-tag"]["from"] == "shipped"
    assert rows["garment-tag"]["transport"] == "epc"
    assert sum(rows["garment-tag"]["vectors"].values()) == len(shipped()["garment-tag"].vectors)


@pytest.mark.parametrize("name", list(shipped()))
def test_every_shipped_profile_can_be_shown(name: str) -> None:
    done = run("show", name)
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.output.startswith(f"{name}  ")
    assert "✘" not in done.output
    assert done.output.count("✔") == len(shipped()[name].vectors)


def test_what_a_profile_matches_and_yields_and_who_wins_is_shown(tmp_path: Path) -> None:
    file = write(tmp_path, "our-beacon", BEACON)
    text = said(run("show", file))
    for part in (
        "a person: opens visits",
        "manufacturer_id 0x004c",
        "0215f7826da6",
        "0 major 18 u16be 1 battery_pct 20 u8",
        "✔ 0 simulated: here",
        "→ seen: identifier 1, values battery_pct: 2",
        "our-beacon wins: it asks for more, ",
        " > ibeacon (",
        f"{file} (own)",
    ):
        assert part in text, part
    assert "ibeacon" in text.partition("Whose messages it takes as well")[0]


def test_the_more_specific_one_is_reported_on_both_sides(tmp_path: Path) -> None:
    write(tmp_path, "our-beacon", BEACON)
    text = said(run("show", "ibeacon", "--profiles", tmp_path))
    assert "our-beacon: our-beacon wins" in text.partition("Whose messages it takes as well")[2]


def test_a_profile_that_is_right_passes(tmp_path: Path) -> None:
    done = run("test", write(tmp_path, "our-beacon", BEACON), "ibeacon")
    assert done.exit_code == 0, done.output
    assert "✔ our-beacon: vectors hold: 1 simulated" in done.output
    assert "✔ ibeacon: " in done.output


@pytest.mark.parametrize(
    ("wrong", "right", "mistake"),
    [
        ('title = "', 'titel = "', "titel: there is no such key; did you mean `title`? Allowed are"),
        ('"u8"', '"u9"', "device.frames.0.fields.1.type: Input should be 'u8', 'i8'"),
        ("offset = 18", "offset = -1", "device.frames.0.fields.0.offset: Input should be greater than or equal to 0 (given: -1)"),
        ('"{major}"', '"{minor}"', "device.frames.0: identifier: {minor} is no field; there are address, name, owner, major"),
        ('"ble"', '"blue"', "device.transport: must be one of 'beams', 'ble', 'epc'"),
        ("battery_pct = 2", "battery_pct = 3", "vectors.0: readings.0.values: {'battery_pct': 3} is expected, {'battery_pct': 2} comes"),
        ('identifier = "1"', 'identifier = "2"', "vectors.0: readings.0.identifier: '2' is expected, '1' comes"),
        ('kind = "seen"', 'kind = "sean"', "vectors.0: readings.0.kind: must be one of seen, counted"),
        ("004c = ", "4c = ", "vectors.0: input: "),
        ("004c = ", "004d = ", "vectors.0: readings: the message is refused as 'ble.other'"),
        (
            'prefix = "0215f7826da6"',
            'prefix = "0215"',
            "vectors.0: input: the profile 'ibeacon' takes this message as well and is as specific",
        ),
        ("battery_pct", "battery", "vectors.0: readings: values.battery: the name of a measure must end in its unit"),
        ("[[vectors]]", "[[vectros]]", "vectros: there is no such key; did you mean `vectors`?"),
        (BEACON[BEACON.index("[[vectors]]") :], "", "vectors: at least one with `readings` is needed"),
        ("name = ", "name ", "not TOML"),
    ],
)
def test_a_mistake_names_its_file_its_key_and_what_is_allowed(tmp_path: Path, wrong: str, right: str, mistake: str) -> None:
    assert wrong in BEACON
    file = write(tmp_path, "our-beacon", BEACON.replace(wrong, right))
    done = run("test", file)
    assert done.exit_code == 1, done.output
    assert f"✘ {file}: {mistake}" in done.output


def test_every_file_is_tested_though_the_first_is_wrong(tmp_path: Path) -> None:
    done = run("test", write(tmp_path, "broken", ""), tmp_path / "none.toml", "nobody", "ibeacon")
    assert done.exit_code == 1
    for part in ("broken.toml: name: Field required", "none.toml: there is no such file", "there is no profile 'nobody'", "✔ ibeacon"):
        assert part in done.output


def test_what_is_not_there_is_reported() -> None:
    done = run("show", "nobody")
    assert isinstance(done.exception, ConfigError)
    assert "`footfall profile list` shows all" in str(done.exception)


def test_keys_are_not_shown() -> None:
    assert shipped()["phone"].device is not None
    assert "ec0234a3" not in run("show", "phone").output
