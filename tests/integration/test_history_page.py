"""docs/history.md, followed to the letter: its files and commands, against a real gateway behind Mosquitto."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
from pathlib import Path
from typing import Any, Final

import pytest

from edge_agent.sources.csv_counts import CountColumns
from edge_agent.sources.csv_mapping import CsvMapping
from edge_agent.sources.csv_time import TimeColumn
from simulators.parts.mosquitto import Mosquitto
from tests.docs.blocks import ROOT
from tests.support.followed_page import Step, run, steps
from tests.support.running_gateway import Place

PAGE: Final = steps("history.md")
DOCUMENTED_PORT: Final = "port = 1883"


@pytest.fixture
def place(tmp_path: Path, mosquitto: Mosquitto) -> Place:
    """A gateway with the page's estate, and the page's files beside its configuration."""
    place = Place(tmp_path / "g", mosquitto)
    assert DOCUMENTED_PORT in next(step.text for step in PAGE if step.file == "history.toml")
    for step in PAGE:
        if step.file:
            (place.folder / step.file).write_text(step.text.replace(DOCUMENTED_PORT, f"port = {mosquitto.port}"))
    return place


def rows(place: Place, statement: str) -> list[Any]:
    with sqlite3.connect(f"file:{place.database}?mode=ro", uri=True) as db:
        return db.execute(statement).fetchall()


def doors(place: Place) -> list[Any]:
    return rows(
        place, 'SELECT door, datetime(time_ns/1000000000, \'unixepoch\'), "in", out FROM door ORDER BY time_ns / 1000000, door, "in" DESC'
    )


def follow(step: Step, place: Place) -> str:
    done = run(step.text, place.folder)
    assert done.returncode == 0, f"{step.text}\n{done.stdout}\n{done.stderr}"
    if step.output is not None:
        assert done.stdout.splitlines() == step.output.splitlines()
    return done.stdout


def test_the_page_s_commands_bring_its_counts_into_the_database(place: Place) -> None:
    dry, send, ask, *others = (step for step in PAGE if step.tag == "sh gateway" and "mosquitto_pub" not in step.text)
    follow(dry, place)  # no broker or gateway is asked
    with place:
        assert "5 rows in 1 frame, 0 refused lines: all receipted" in follow(send, place)
        place.settle()
        assert doors(place) == [
            ("main", "2025-03-01 02:00:00", 1204, 1187), ("side", "2025-03-01 02:00:00", 88, 91),
            ("main", "2025-03-01 03:00:00", 1310, 1296), ("side", "2025-03-01 03:00:00", 102, 97),
            ("main", "2025-03-02 02:00:00", 990, 1002),
        ]  # fmt: skip
        (first,) = (line for line in follow(ask, place).splitlines() if line.split()[1:2] == ["10:00"] and "2025-03-01" in line)
        assert first.split()[2:5] == ["100.0", "%", "1,292"], "people of both doors, of an hour that was observed"
        assert rows(place, "SELECT doors FROM coverage WHERE minutes = 60") == [((1 << 60) - 1,)] * 3
        before = doors(place)
        follow(send, place)
        for step in others:
            follow(step, place)
        balance = place.settle()
        assert balance["quarantined_total"] == 0
        assert [row for row in doors(place) if row not in before] == [
            ("main", "2024-12-23 20:00:00", 812, 0), ("main", "2024-12-26 20:00:00", 640, 0),
            ("main", "2025-03-03 02:00:00", 12, 0), ("main", "2025-03-03 02:00:00", 0, 9), ("side", "2025-03-03 02:00:00", 3, 0),
        ]  # fmt: skip
        assert [row for row in doors(place) if row in before] == before, "sent twice, stored once"
        correct_a_line(place)
        change_a_number(place)


def correct_a_line(place: Place) -> None:
    """One line cannot be read; once mended, it alone is new. A line of which the numbers are others is refused by the gateway."""
    good = (place.folder / "counts-2025.csv").read_text()
    (place.folder / "counts-2025.csv").write_text(good.replace("Total;", "03.33.2025;10:00-11:00;7;7;7;7\nTotal;"))
    command = "footfall replay counts-2025.csv --map columns.toml --config history.toml"
    done = run(command, place.folder)
    assert done.returncode == 1
    assert "1 refused line, look at time.format:\n  counts-2025.csv:6: " in done.stderr
    place.settle()
    listed = run("footfall quarantine list --config gateway.toml --json", place.folder)
    assert "counts-2025.csv:6: time.format: " in listed.stdout, f"{listed.stdout}{listed.stderr}"
    (place.folder / "counts-2025.csv").write_text(good.replace("Total;", "03.03.2025;11:00-12:00;7;7;7;7\nTotal;"))
    assert run(command, place.folder).returncode == 0
    balance = place.settle()
    assert (balance["quarantined_total"], balance["dropped_total"]["duplicate_event"]) == (1, 10)
    assert doors(place)[-2:] == [("main", "2025-03-03 03:00:00", 7, 7), ("side", "2025-03-03 03:00:00", 7, 7)]


def change_a_number(place: Place) -> None:
    """The gateway keeps the number that it has: whoever sends another learns of it, and that of a door which is unknown."""
    good = (place.folder / "counts-2025.csv").read_text()
    (place.folder / "counts-2025.csv").write_text(good.replace("1.310;", "1.311;"))
    done = run("footfall replay counts-2025.csv --map columns.toml --config history.toml", place.folder)
    assert (done.returncode, "1 row is receipted but not stored, and went to quarantine" in done.stderr) == (1, True), done.stderr
    long = (place.folder / "long.toml").read_text()
    (place.folder / "long.toml").write_text(long.replace('"Car park" = "side"', '"Car park" = "north"'))
    command = "footfall replay long.csv --map long.toml --config history.toml"
    for is_killed in (False, True):  # what it refused, the next gateway knows as well
        if is_killed:
            place.gateway.process.kill()
            place.start()
        done = run(command, place.folder)
        assert (done.returncode, "1 row is receipted but not stored" in done.stderr) == (1, True), done.stderr
    add_the_door(place)


def add_the_door(place: Place) -> None:
    """What waited for it comes in from quarantine, though a sender with frames brought it."""
    site = place.folder / "site.toml"
    site.write_text(site.read_text().replace('doors = ["main", "side"]', 'doors = ["main", "side", "north"]'))
    os.kill(place.gateway.process.pid, signal.SIGHUP)

    def is_stored() -> bool:
        run("footfall quarantine replay --reason site.door --config gateway.toml", place.folder)
        return ("north", "2025-03-03 02:00:00", 3, 0) in doors(place)

    place.until(is_stored, "the count of the new door")
    assert "site.door" not in run("footfall quarantine list --config gateway.toml", place.folder).stdout


def test_the_page_s_table_has_every_key_of_counts_and_times_and_no_other() -> None:
    text = (ROOT / "docs" / "history.md").read_text(encoding="utf-8").partition("## The mapping")[2].partition("\n### ")[0]
    stated = {key for cell in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) for key in re.findall(r"`([a-z_.]+)`", cell)}
    counts = {f"counts.{field.alias or name}" for name, field in CountColumns.model_fields.items()}
    times = {f"time.{name}" for name in TimeColumn.model_fields}
    assert counts - stated == {"counts.door"}, "it is in the meaning of counts.in"
    assert times - stated == {"time.relative"}, "it is of levels"
    assert {key for key in stated if "." in key} <= counts | times
    assert {key for key in stated if "." not in key} <= set(CsvMapping.model_fields)


def test_past_sales_and_counts_come_in_as_plain_events(place: Place) -> None:
    if shutil.which("mosquitto_pub") is None:
        pytest.skip("mosquitto_pub is not installed: its part of docs/history.md is not run")
    (send,) = (step for step in PAGE if step.tag == "sh gateway" and "mosquitto_pub" in step.text)
    with place:
        done = run(send.text.replace("-p 1883", f"-p {place.broker_port}"), place.folder)
        assert done.returncode == 0, done.stderr
        place.until(lambda: place.gateway.status()["balance"]["written_total"] >= 2, "both to be written")
        place.settle()
        assert doors(place) == [("main", "2024-01-05 04:00:00", 210, 205)]
        assert rows(place, "SELECT doors FROM coverage WHERE minutes = 60") == [((1 << 60) - 1,)]
        assert rows(place, "SELECT amount, datetime(time_ns/1000000000, 'unixepoch') FROM touch") == [(99.0, "2024-01-05 04:31:00")]


def test_a_file_of_which_nothing_can_be_read_is_refused_before_anything_is_sent(place: Place) -> None:
    """No broker is asked: a raw export without a mapping, a mapping of other columns, an empty file, no zone."""
    for command, why in (
        ("footfall replay counts-2025.csv --format jsonl --config history.toml", "not one of its 6 lines can be read: is --format right?"),
        ("footfall replay long.csv --map columns.toml --config history.toml", "there is no column 'Date'"),
        ("touch empty.csv && footfall replay empty.csv --map long.toml --config history.toml", "the file is empty"),
        (
            "sed -i '/zone/d' days.toml && footfall replay days.csv --map days.toml --config history.toml",
            "has no offset from UTC: state `zone`",
        ),
        ("footfall replay counts-2025.csv --config history.toml", "looks like no format that is known: state --format"),
        ("footfall replay counts-2025.csv --map columns.toml", "state --store and --agent, or --config"),
        ("footfall replay long.csv --map none.toml --config history.toml", "none.toml: there is no such file"),
    ):
        done = run(command, place.folder)
        assert (done.returncode, why in done.stderr) == (2, True), done.stderr
