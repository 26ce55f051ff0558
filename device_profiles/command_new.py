"""`footfall profile new`: asks, writes a profile with a vector of the message that was pasted, and tests it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, get_args

import typer
from rich.console import Console
from rich.markup import escape

from device_profiles import drafts
from device_profiles.checks import mistakes
from device_profiles.drafts import DraftValues
from device_profiles.profile import IdentifierClass
from device_profiles.questions import ADDRESS_TYPES, DEVICES, ask, one_of
from device_profiles.registry import Registry, read_profile, shipped
from footfall.errors import ConfigError
from footfall.topics import is_name

CLASSES: Final[tuple[str, ...]] = get_args(IdentifierClass)
HEARD: Final = "capture: heard where it is used"


def new(
    transport: Annotated[str | None, typer.Option(help="ble, epc (RFID), feed (JSON by MQTT or HTTP) or modbus.")] = None,
    name: Annotated[str | None, typer.Option(help="The profile's and its file's name.")] = None,
    title: Annotated[str | None, typer.Option(help="What it is, in a line for people.")] = None,
    identifier_class: Annotated[str | None, typer.Option("--class", help=f"Who carries it: {', '.join(CLASSES)}.")] = None,
    consented: Annotated[bool | None, typer.Option(help="Whether its owner gave it to be known; else its subject lasts a day.")] = None,
    advertisement: Annotated[str | None, typer.Option(help="ble: the advertising data of one message, hex.")] = None,
    address: Annotated[str | None, typer.Option(help="ble: the address that it came from.")] = None,
    address_type: Annotated[str | None, typer.Option(help=f"ble: its type: {', '.join(ADDRESS_TYPES)}.")] = None,
    also: Annotated[list[str] | None, typer.Option(help="ble: another message of the same beacon, hex; may be repeated.")] = None,
    second: Annotated[str | None, typer.Option(help="ble: such a message of a second beacon of the model, hex.")] = None,
    by: Annotated[str | None, typer.Option(help="What is special about the model. ble: manufacturer, name, …; epc: company, …")] = None,
    prefix_bytes: Annotated[int | None, typer.Option(help="ble: how many first bytes of the payload all of them share.")] = None,
    identifier: Annotated[str | None, typer.Option(help="ble: address, name, or bytes of the payload, FIRST-LAST.")] = None,
    field: Annotated[list[str] | None, typer.Option(help="ble: a value, 'NAME OFFSET TYPE [SCALE]'; may be repeated.")] = None,
    epc: Annotated[str | None, typer.Option(help="epc: the EPC of one tag, hex.")] = None,
    topic: Annotated[str | None, typer.Option(help="feed: the topic, or the path of the request.")] = None,
    payload: Annotated[str | None, typer.Option(help="feed: one message, JSON.")] = None,
    path: Annotated[list[str] | None, typer.Option(help="feed: 'identifier=data.mac': a field and where it is; may be repeated.")] = None,
    words: Annotated[str | None, typer.Option(help="modbus: what was read, 'holding 0 1 4464 0 3': table, address, words.")] = None,
    register: Annotated[list[str] | None, typer.Option(help="modbus: 'entered 0 u32': name, address, type; may be repeated.")] = None,
    origin: Annotated[str, typer.Option(help="Where the message is from: 'capture: …', 'documentation: …'.")] = HEARD,
    into: Annotated[Path, typer.Option(help="The folder to write to: that of your own profiles.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a profile of a new device model: answer questions, or give the answers as options.

    One message of the device is needed: its advertising data, the EPC of a tag, a JSON payload, or registers as they were read.
    It becomes the profile's first vector, with the readings that the profile makes of it: look whether they are right.
    """
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    chosen = ask(transport, "--transport", f"How does it speak: {', '.join(DEVICES)}", "ble", one_of(*DEVICES))
    given = {
        "advertisement": advertisement, "address": address, "address_type": address_type, "also": also, "second": second, "by": by,
        "prefix_bytes": prefix_bytes, "identifier": identifier, "field": field, "epc": epc, "topic": topic, "payload": payload,
        "path": path, "words": words, "register": register,
    }  # fmt: skip
    device, message = DEVICES[chosen](given, console)
    head = _head(name, title, identifier_class, consented, chosen, device)
    file = into / f"{head['name']}.toml"
    if file.exists() and not force:
        raise ConfigError(f"{file}: is there already: choose another --name, or --force to write over it")
    if head["identifier_class"] == "asset" and drafts.names_by_address(device):
        device["means"] = "telemetry"
    values = drafts.complete(head, device, message, origin, str(file))
    into.mkdir(parents=True, exist_ok=True)
    file.write_text(drafts.to_toml(values), encoding="utf-8")
    _tell(file, console)


def _head(
    name: str | None, title: str | None, of_class: str | None, consented: bool | None, transport: str, device: DraftValues
) -> DraftValues:
    counts = transport == "modbus" or any(row["kind"] == "counted" for row in device.get("readings", ()))
    called = ask(name, "--name", "A short name for it, such as our-beacon", None, _name)
    described = ask(title, "--title", "What is it, in a line for people", called, _title)
    usual = "nobody" if counts else "goods" if transport == "epc" else "person"
    kind = (
        usual if counts and of_class is None else ask(of_class, "--class", f"Who carries it: {', '.join(CLASSES)}", usual, one_of(*CLASSES))
    )
    if consented is None:
        consented = kind not in ("person", "nobody") or (
            kind == "person" and typer.confirm("Did its owner give it to be known? Else it is known for a day", False)
        )
    type_ = "none" if kind == "nobody" else called[:32]
    return {"name": called, "title": described, "identifier_type": type_, "identifier_class": kind, "consented": consented}


def _tell(file: Path, console: Console) -> None:
    """Read the written file again and print its readings. Exit with code 1 if it has a mistake."""
    profile = read_profile(file)
    registry = shipped().with_profiles(Registry({profile.name: profile}, {profile.name: file}))
    console.print(f"\n[bold]{escape(str(file))}[/] is written. Its message is:")
    for vector in profile.vectors:
        for reading in vector.readings:
            console.print("  " + escape(", ".join(f"{name} {value}" for name, value in reading.items())))
    found = mistakes(profile, registry)
    for mistake in found:
        console.print(f"[bold red]✘[/] {escape(f'{file}: {mistake}')}")
    if found:
        raise typer.Exit(1)
    console.print(f"[bold green]✔[/] {profile.name} is right.")
    console.print(
        f"[dim]All of it: footfall profile show {escape(str(file))}. To use it, name its folder in agent.toml and gateway.toml.[/]"
    )


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError(f"must be 1 to 64 of a-z 0-9 . _ - (given: {text!r})")
    return text


def _title(text: str) -> str:
    if not 0 < len(text.strip()) <= 160:
        raise ValueError("must be a line of at most 160 characters")
    return text.strip()
