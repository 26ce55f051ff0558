"""The command `footfall scan`."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from device_profiles.settings import ProfileSettings
from edge_agent.clock import SystemClock
from edge_agent.scan import ScannedDevice, ScanResult, values_text
from edge_agent.sources.ble import EVERYTHING, content_patterns
from edge_agent.sources.settings import require
from footfall.errors import ConfigError
from footfall.signals import when_asked_to_end

REFRESH_S: Final = 0.25
FULL_WIDTH: Final = 4096
DEFAULT_SCAN_S: Final = 10.0
"""Seconds to listen where the output is no terminal, or with --json."""
_OTHER_LINES: Final = 7
_LINES: Final = 2
"""Most lines of a row, unless the screen is narrow."""


def scan(
    adapter: Annotated[str, typer.Option(help="The Bluetooth adapter; `bluetoothctl list` names them.")] = "hci0",
    seconds: Annotated[float | None, typer.Option(min=0.5, help="How long; else until ctrl-c, with --json or into a file 10 s.")] = None,
    passive: Annotated[bool, typer.Option("--passive", help="Send nothing: hears less, and needs BlueZ 5.56 with --experimental.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only devices that no profile explains.")] = False,
    profiles: Annotated[Path | None, typer.Option(help="A folder of your own profiles, used beside the shipped ones.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object at the end, for scripts.")] = False,
) -> None:
    """What can be received here: every BLE device, which profile takes it, and as whom.

    The nearest is on top: hold an unknown beacon close to the adapter, and the command below the table makes its profile.

    [bold]Examples[/]

    footfall scan                                   # live, until ctrl-c

    footfall scan --seconds 5 --unknown             # what still needs a profile

    footfall scan --profiles my-profiles            # does the new one take it?

    footfall scan --seconds 10 --json | jq '.devices[] | select(.is_unknown)'

    Addresses are shown here as they are; the agent keeps only pseudonyms, and logs neither.
    """
    console = Console(highlight=False, emoji=False)
    live = console.is_terminal and not json_
    if not console.is_terminal:  # into a file or a pipe nothing is cut or folded: an identifier is one word
        console = Console(highlight=False, emoji=False, width=FULL_WIDTH)
    air = ScanResult(ProfileSettings(folder=profiles).registry())
    stop = threading.Event()
    when_asked_to_end(stop.set)
    took_s = _listen(air, adapter, passive, seconds or (None if live else DEFAULT_SCAN_S), stop, console if live else None, unknown)
    if json_:
        found = [neighbour.as_json() for neighbour in _shown(air, unknown)]
        typer.echo(json.dumps({"adapter": adapter, "seconds": round(took_s, 1), "heard_total": air.heard_total, "devices": found}))
        return
    if not live:
        console.print(_table(_shown(air, unknown), adapter, took_s, air.heard_total))
    _advise(air, console, adapter)


def _listen(
    air: ScanResult, adapter: str, passive: bool, seconds: float | None, stop: threading.Event, console: Console | None, unknown: bool
) -> float:
    """Listen until the time is over or `stop` is set. Return the seconds it took. Raise ConfigError if the adapter cannot scan."""
    require("bleak", "Bluetooth")
    from edge_agent.sources.ble_scanner import Scanner, Scanning  # bleak takes a moment to load: --help does without

    scanner = Scanner(Scanning((adapter,), "passive" if passive else "active", content_patterns(EVERYTHING)), SystemClock().boot_ns)
    scanner.start()
    began_s = time.monotonic()
    try:
        with ExitStack() as stack:
            screen = stack.enter_context(Live(console=console, refresh_per_second=4)) if console else None
            while not stop.wait(REFRESH_S):
                for heard in scanner.take():
                    air.hear(heard.device, heard.data)
                took_s = time.monotonic() - began_s
                if screen:
                    screen.update(_screen(_shown(air, unknown), adapter, took_s, air.heard_total, screen.console.height))
                if not scanner.is_running():
                    raise ConfigError(scanner.fault.strerror if scanner.fault else "the scanner has died of a bug, see above")
                if seconds is not None and took_s >= seconds:
                    break
    finally:
        scanner.stop()
    return time.monotonic() - began_s


def _shown(air: ScanResult, unknown: bool) -> list[ScannedDevice]:
    return [found for found in air.neighbours() if found.is_unknown or not unknown]


def _screen(rows: list[ScannedDevice], adapter: str, took_s: float, heard_total: int, height: int) -> Table:
    """Return a table of as many of the nearest as fit the screen."""
    table = _table(rows[: max(3, (height - _OTHER_LINES) // _LINES)], adapter, took_s, heard_total)
    table.caption = f"{len(rows)} devices, the nearest first; ctrl-c ends"
    return table


def _table(rows: list[ScannedDevice], adapter: str, took_s: float, heard_total: int) -> Table:
    title = f"{adapter}: {heard_total} advertisements in {took_s:.0f} s"
    table = Table("dBm", "mean", "heard", "address", "name", "profile", "identifier, values; of the unknown: what it advertises",
                  title=title, title_justify="left", title_style="bold", caption_justify="left")  # fmt: skip
    for column in table.columns[:3]:
        column.justify = "right"
    for column in table.columns[:4]:
        column.no_wrap = True
    table.columns[-1].overflow = "fold"
    for found in rows:
        table.add_row(str(found.rssi_dbm), f"{found.mean_dbm:.0f}", str(found.heard_total), found.advertisement.address,
                      _text(found.advertisement.name), *_explained(found))  # fmt: skip
    return table


def _text(text: str, style: str = "") -> Text:
    """Return the text escaped: what devices send is neither markup nor control codes."""
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text), style)


def _explained(found: ScannedDevice) -> tuple[Text, Text]:
    """Return the profiles that match, and the values."""
    if found.is_unknown:
        who = f"{found.profile}: by address alone" if found.seen else f"unknown ({found.reason})"
        frames = "\n".join(data.hex() for data in found.frames.values()) or found.data.hex()
        return Text(who, "yellow"), Text(frames or "nothing but its address", "yellow" if frames else "dim")
    values = values_text(found.values)
    return Text(found.profile, "green"), _text(f"{found.identifier}{'  ' if values else ''}").append_text(_text(values, "dim"))


def _advise(air: ScanResult, console: Console, adapter: str) -> None:
    """Print what to do next."""
    if not air.heard_total:
        console.print(_NOTHING.format(adapter=escape(adapter)), soft_wrap=True)
        return
    found = air.unknown()
    if found is None:
        console.print("Every device that sends data is explained by a profile.")
        return
    second = air.second(found)
    console.print(f"The nearest that no profile explains is {found.advertisement.address}, {found.mean_dbm:.0f} dBm. If it is yours:")
    console.print(f"\n  {escape(found.command(second))}\n", soft_wrap=True)
    if len(found.frames) > 1:
        console.print(f"It alternates: {len(found.frames)} kinds of messages were heard.")
    if second is None:
        console.print("Switch on a second one of the model and scan again: it shows which bytes are the model's, and which name the one.")
    else:
        console.print(f"{second.advertisement.address} sends such messages, too: it shows which bytes name the one device.")
    console.print(_THEN, soft_wrap=True)


_NOTHING: Final = """[yellow]Nothing was heard.[/] Is a beacon near, awake, its battery good? Is {adapter} the adapter with the antenna?
An active scan (without --passive) hears more."""
_THEN: Final = """Then see that it is taken, and name the folder in agent.toml and in gateway.toml, \\[profiles] folder = "my-profiles":

  footfall scan --profiles my-profiles"""
