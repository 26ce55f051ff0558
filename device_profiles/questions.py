"""What `footfall profile new` asks of each transport; an option that is given is not asked.

DEVICES["ble"](given, console) -> ([device] values, the vector's input)     given: the options by name, None where not given
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device_profiles import drafts
from device_profiles.advertisement import AddressType, Advertisement
from device_profiles.decoders.epc import explain
from device_profiles.devices.epc import TagRead
from device_profiles.devices.feed import FeedMessage
from device_profiles.drafts import DraftValues
from device_profiles.other_messages import other_frames
from device_profiles.registry import shipped
from footfall.errors import ConfigError

AnswerT = TypeVar("AnswerT")
Given = Mapping[str, Any]
TYPES: Final = "u8 i8 u16le u16be i16le i16be u32le u32be flag uuid mac_le mac_be hex text"
ADDRESS: Final = "c0:00:00:00:00:01"
ADDRESS_TYPES: Final[tuple[str, ...]] = get_args(AddressType)
SHOWN: Final = 80


def ask(given: object, option: str, question: str, usual: object, check: Callable[[str], AnswerT]) -> AnswerT:
    """Return the checked value of the option, else of the answer. `check` converts it or raises ValueError.

    Raise ConfigError for a wrong option; after a wrong answer the question is repeated.
    """
    if given is not None:
        try:
            return check(str(given))
        except ValueError as error:
            raise ConfigError(f"{option}: {error}") from None

    def checked(text: str) -> AnswerT:
        try:
            return check(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    answer: AnswerT = typer.prompt(question, default=usual, value_proc=checked)
    return answer


def one_of(*allowed: str) -> Callable[[str], str]:
    """Return a check for one of these words, or an unambiguous beginning of one."""

    def check(text: str) -> str:
        found = [word for word in allowed if word == text] or [word for word in allowed if text and word.startswith(text)]
        if len(found) != 1:
            raise ValueError(f"must be one of {', '.join(allowed)} (given: {text!r})")
        return found[0]

    return check


def ble(given: Given, console: Console) -> tuple[DraftValues, DraftValues]:
    address = ask(given["address"], "--address", "The address it came from", ADDRESS, _address)
    question = "Its advertising data, as hex (`footfall scan` shows it)"
    data, heard = ask(given["advertisement"], "--advertisement", question, None, lambda text: _advertisement(text, address))
    kind = ask(given["address_type"] or "unknown", "--address-type", "", None, _address_type)
    heard = drafts.parsed(data, address, kind)
    _print_advertisement(heard, console)
    others = [ask(text, "--also", "", None, lambda text: _advertisement(text, address, kind))[1] for text in given["also"] or ()]
    for sent in others:
        console.print("[dim]it also sends:[/]")
        _print_advertisement(sent, console)
    _print_taken("ble", heard, console)
    found = drafts.marks(heard)
    question = f"What distinguishes this model from others: {', '.join(found)}"
    chosen = ask(given["by"], "--by", question, next(iter(found)), one_of(*found))
    mark, payload = found[chosen]
    other = _second(chosen, payload, given, address) if payload else None
    size, fields = _prefix_bytes(payload, other, given, console) if payload else 0, list[str](given["field"] or ())

    def frame(named: str, values: Sequence[str]) -> DraftValues:
        return drafts.ble_frame(mark, payload, size, named, values)

    question = "What names the one device: address, name, or bytes of the payload as FIRST-LAST"

    def name(text: str) -> str:
        frame(text, ())
        if other is not None and drafts.same_bytes(text, payload, other):
            raise ValueError(f"bytes {text} are the same in both beacons: they cannot name the one device")
        return text

    named = ask(given["identifier"], "--identifier", question, "address", name)
    if payload and given["field"] is None:
        question = f"A value in it, as NAME OFFSET TYPE [SCALE]; empty: no more. Types: {TYPES}"
        fields = _several(question, lambda text: frame(named, [text]))
    try:
        own = frame(named, fields)
    except ValueError as error:
        raise ConfigError(f"--field: {error}") from None
    device = {"transport": "ble", "frames": [own, *other_frames(chosen, own, payload, others, console)]}
    known = {} if kind == "unknown" else {"address_type": kind}
    return device, {"address": address, **known, "advertising_data": data.hex()}


def _second(mark: str, payload: bytes, given: Given, address: str) -> bytes | None:
    """Return the payload of a second beacon; None if there is none. It is asked for where the bytes that all share are.

    One byte is taken unasked: more may be the one beacon's own, and its profile would take no other.
    """
    if given["second"] is None and given["prefix_bytes"] is not None and not 1 < given["prefix_bytes"] <= len(payload):
        return None
    question = "Such a message of a second beacon of the model, as hex: its bytes show which are the model's; empty: there is none"

    def checked(text: str) -> bytes | None:
        if not text:
            return None
        other = drafts.marks(_advertisement(text, address)[1])
        if mark not in other:
            raise ValueError(f"has no {mark}, which is what distinguishes the model; it has {', '.join(other)}")
        if other[mark][1] == payload:
            raise ValueError("is the same message: one of another beacon is needed")
        return other[mark][1]

    return ask(given["second"], "--second", question, "", checked)


def _prefix_bytes(payload: bytes, other: bytes | None, given: Given, console: Console) -> int:
    """Return how many first bytes all devices share: never one in which a second one differs."""
    shown = " ".join(f"{i}:{byte:02x}" for i, byte in enumerate(payload))
    console.print(f"[dim]its payload: {shown}[/]")
    shared = len(payload) if other is None else drafts.shared_bytes(payload, other)
    if other is not None:
        console.print(f"[dim]the second's: {' '.join(f'{i}:{byte:02x}' for i, byte in enumerate(other))}; they share {shared}[/]")

    def checked(text: str) -> int:
        size = _count(text, len(payload))
        if size > shared:
            raise ValueError(f"the second beacon differs in byte {shared}, so all share {shared} at most (given: {size})")
        return size

    usual = min(1, len(payload)) if other is None else shared
    question = "How many of its first bytes are the same in all devices of this model"
    return ask(given["prefix_bytes"], "--prefix-bytes", question, str(usual), checked)


def epc(given: Given, console: Console) -> tuple[DraftValues, DraftValues]:
    data = ask(given["epc"], "--epc", "The EPC of one tag, as hex", None, drafts.hex_bytes)
    meaning = explain(data)
    console.print(f"[dim]it is {meaning.scheme}{f', {meaning.uri}' if meaning.uri else ''}[/]")
    _print_taken("epc", TagRead(data), console)
    usual = "company" if meaning.company_prefix else data[:2].hex()
    question = "What distinguishes these tags from others: company (prefix), scheme, any, or their first hex digits"
    return ask(given["by"], "--by", question, usual, lambda text: drafts.epc_device(data, text.lower())), {"epc": data.hex()}


def feed(given: Given, console: Console) -> tuple[DraftValues, DraftValues]:
    topic = ask(given["topic"], "--topic", "The topic it is published to, or the path of the request; + is any level", "", str)
    text, document = ask(given["payload"], "--payload", "One message, JSON in one line", None, _json)
    _print_taken("feed", FeedMessage(topic, text.encode()), console)
    paths = dict(drafts.json_paths(document))
    for path, value in paths.items():
        console.print(f"[dim]  {escape(path)} = {escape(repr(value))[:SHOWN]}[/]")
    each = "[]" if isinstance(document, list) else ""
    known = {path.removeprefix("[]."): value for path, value in paths.items()}
    chosen = dict(item.partition("=")[::2] for item in given["path"] or ())
    is_given = given["path"] is not None
    counts = (
        "entered" in chosen
        or "left" in chosen
        or (not is_given and typer.confirm("Does it count people, rather than identify who was there", False))
    )
    _choose_paths(chosen, _COUNTED if counts else _SEEN, known, is_given)
    cumulative = counts and (is_given or typer.confirm("Are these totals since it was switched on, not of a period", True))
    kind = "counted" if counts else "seen"
    return drafts.feed_device(topic, each, kind, chosen, cumulative), {**({"topic": topic} if topic else {}), "text": text}


_COUNTED: Final = {"entered": True, "left": True, "door": False}
_SEEN: Final = {"identifier": True, "rssi_dbm": False, "receiver": False}
"""Fields of a reading, and whether each must be there."""


def _choose_paths(chosen: dict[str, str], wanted: Mapping[str, bool], known: Mapping[str, Any], is_given: bool) -> None:
    """Ask where each of the `wanted` fields is, or check what was given."""
    if unknown := chosen.keys() - wanted.keys() - {"time"}:
        raise ConfigError(f"--path: {', '.join(sorted(unknown))}: allowed are {', '.join(wanted)}, time")
    for field, needed in wanted.items():
        if is_given and field not in chosen:
            continue
        question = f"Where is {field}: a path as above" + ("" if needed else "; empty: not there")
        chosen[field] = ask(chosen.get(field), "--path", question, None if needed else "", lambda text: _path(text, known))


def modbus(given: Given, _: Console) -> tuple[DraftValues, DraftValues]:
    question = "What was read, as TABLE ADDRESS WORDS, such as: holding 0 1 4464 0 3"
    message = ask(given["words"], "--words", question, None, drafts.words)
    registers = list(given["register"] or ())
    if given["register"] is None:
        for name, usual in (("entered", "0 u32"), ("left", "2 u32")):
            question = f"Where is {name}, as ADDRESS TYPE (u16 u32 u64 bcd16 bcd32)"
            registers.append(ask(None, "--register", question, usual, lambda text, name=name: _register(f"{name} {text}")))  # type: ignore[misc] # bound now
        registers += _several("Another register, as NAME ADDRESS TYPE [SCALE]; empty: no more", _register)
    try:
        device = drafts.modbus_device(registers)
    except ValueError as error:
        raise ConfigError(f"--register: {error}") from None
    return {**device, "table": next(iter(message))}, message


DEVICES: Final[Mapping[str, Callable[[Given, Console], tuple[DraftValues, DraftValues]]]] = {
    "ble": ble,
    "epc": epc,
    "feed": feed,
    "modbus": modbus,
}


def _several(question: str, check: Callable[[str], object]) -> list[str]:
    answers: list[str] = []
    while answer := ask(None, "", question, "", lambda text: text and (check(text), text)[1]):
        answers.append(answer)
    return answers


def _print_advertisement(heard: Advertisement, console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for mark, (_, payload) in drafts.marks(heard).items():
        table.add_row(f"[dim]{escape(mark)}[/]", payload.hex() or escape(heard.name if mark == "name" else ""))
    console.print(table)


def _print_taken(transport: str, message: object, console: Console) -> None:
    best = shipped().best(transport, message)
    if best is not None:
        console.print(f"[yellow]now taken by {best.name}[/]: {escape(best.title)}. Yours must ask for more to come before it.")


def _address_type(text: str) -> AddressType:
    return cast("AddressType", one_of(*ADDRESS_TYPES)(text))


def _advertisement(text: str, address: str, kind: AddressType = "unknown") -> tuple[bytes, Advertisement]:
    data = drafts.hex_bytes(text)
    return data, drafts.parsed(data, address, kind)


def _address(text: str) -> str:
    if not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", text.lower()):
        raise ValueError(f"must be six bytes such as {ADDRESS} (given: {text!r})")
    return text.lower()


def _count(text: str, most: int) -> int:
    if not text.isdecimal() or int(text) > most:
        raise ValueError(f"must be a number from 0 to {most} (given: {text!r})")
    return int(text)


def _json(text: str) -> tuple[str, object]:
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None
    if not isinstance(document, dict | list):
        raise ValueError("must be an object or a list of them")  # an answer is asked again on ValueError
    return text, document


def _path(text: str, known: Mapping[str, object]) -> str:
    if text and text not in known and not text.startswith(("@", "$", "^")):
        raise ValueError(f"there is no {text!r} in the message; there are {', '.join(known)}")
    return text


def _register(text: str) -> str:
    drafts.modbus_device([text])
    return text
