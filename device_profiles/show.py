"""The text of `footfall profile show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from device_profiles.checks import mistakes
from device_profiles.device import Device
from device_profiles.profile import Profile, Vector
from device_profiles.registry import Registry
from device_profiles.vectors import difference, to_values
from footfall.errors import ProfileError

CLASSES: Final[Mapping[str, str]] = {
    "person": "a person: opens visits",
    "staff": "staff: visits, not footfall",
    "goods": "goods: item events, never a visit",
    "asset": "a thing of the store",
    "nobody": "nobody in particular: counts only",
}
LONGEST_INPUT: Final = 300
IN_HEX: Final = frozenset({"manufacturer_id", "bad_bits"})
"""Numbers that manufacturers write in hex."""


def shown(profile: Profile, registry: Registry, origin: str) -> RenderableType:
    parts: list[RenderableType] = [Text.assemble((profile.name, "bold"), f"  {profile.title}\n", (origin, "dim"))]
    parts += _chapter("Identifier", _pairs(_identifier(profile)))
    if profile.identifier_class == "nobody":
        parts += _chapter("Counter", _pairs({name: _plain(value) for name, value in profile.counter}))
    else:
        parts += _chapter("Presence", _pairs(_presence(profile)))
    if profile.device is None:
        parts += _chapter("Device", "none: its identifiers come decoded, from a recording or from a device that reports them")
        return Group(*parts)
    parts += _chapter("What it takes, and how it is read", _section(profile.device))
    parts += _chapter("Vectors", *(_vector(profile.device, i, vector) for i, vector in enumerate(profile.vectors)))
    parts += _chapter("Who else takes its messages", _takers_of_vectors(profile, profile.device, registry))
    parts += _chapter("Whose messages it takes as well", _vectors_of_others(profile, profile.device, registry))
    wrong = mistakes(profile, registry)
    if wrong:
        parts += _chapter("Mistakes", *(f"[bold red]✘[/] {escape(mistake)}" for mistake in wrong))
    return Group(*parts)


def _chapter(title: str, *body: RenderableType) -> list[RenderableType]:
    texts = (Text.from_markup(part, emoji=False) if isinstance(part, str) else part for part in body)
    return [Text(), Text(title, style="bold cyan"), *(Padding(part, (0, 0, 0, 2)) for part in texts)]


def _pairs(pairs: Mapping[str, str]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in pairs.items():
        table.add_row(Text(name, style="dim"), Text(text))
    return table


def _identifier(profile: Profile) -> Mapping[str, str]:
    lasts = "its owner gave it to be known: its subject lasts" if profile.consented else "nobody gave it: its subject lasts a day"
    return {"type": profile.identifier_type, "class": CLASSES[profile.identifier_class], "consented": lasts}


def _presence(profile: Profile) -> Mapping[str, str]:
    kept = profile.presence
    return {
        "enters": f"at {kept.enter_dbm:g} dBm",
        "leaves": f"after {kept.timeout_min_s:g} to {kept.timeout_max_s:g} s below {kept.exit_dbm:g} dBm, as its gaps teach",
        "level": f"a mean over five intervals, {kept.tau_s:g} to {kept.tau_max_s:g} s",
        "evidence": f"every {kept.stay_s:g} s, and after {kept.step_s:g} s if the level moved by {kept.step_db:g} dB",
        "moves": f"to a zone that is {kept.margin_db:g} dB stronger, after {kept.holdoff_s:g} s",
        "decided": f"after {kept.settle_min_s:g} to {kept.settle_max_s:g} s the first zone, after {kept.confirm_min_s:g} to"
        f" {kept.confirm_max_s:g} s a change, as its sightings come",
    }


def _section(section: BaseModel) -> RenderableType:
    """Return a section's keys that differ from their defaults; several of a kind as a table."""
    pairs, below = dict[str, str](), list[RenderableType]()
    for name, value in _set(section).items():
        items = list(value.items()) if isinstance(value, Mapping) else list(enumerate(value)) if isinstance(value, tuple) else []
        if items and all(isinstance(item, BaseModel) for _, item in items):
            below += [Text(name, style="dim"), Padding(_table(items), (0, 0, 0, 2))]
        else:
            pairs[name] = _plain(value, name)
    return Group(*([_pairs(pairs)] if pairs else []), *below)


def _table(items: Sequence[tuple[Any, BaseModel]]) -> RenderableType:
    """Return a table with a row for each; sections with nested ones are listed one below the other instead."""
    rows = [(str(key), _set(item)) for key, item in items]
    if any(_holds_sections(value) for _, row in rows for value in row.values()):
        return Group(*(Group(Text(f"{key}", style="bold"), Padding(_section(item), (0, 0, 0, 2))) for key, item in items))
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    table = Table("", *names, box=None, header_style="dim", pad_edge=False)
    for key, row in rows:
        table.add_row(Text(key, style="dim"), *(Text(_plain(row[name], name) if name in row else "") for name in names))
    return table


def _set(section: BaseModel) -> dict[str, Any]:
    """Return the keys that differ from their defaults, without secrets."""
    fields = type(section).model_fields
    shown = [name for name in fields if name in section.model_fields_set and not fields[name].exclude]
    return {name: getattr(section, name) for name in shown if getattr(section, name) not in ((), {}, "", None)}


def _holds_sections(value: object) -> bool:
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ()
    return any(isinstance(item, BaseModel) for item in inside)


def _plain(value: object, name: str = "") -> str:
    match value:
        case int() if name in IN_HEX:
            return f"0x{value:04x}"
        case bytes():
            return value.hex()
        case bool():
            return "yes" if value else "no"
        case BaseModel():
            return ", ".join(f"{name} {_plain(item)}" for name, item in _set(value).items())
        case Mapping():
            return ", ".join(f"{name}: {_plain(item)}" for name, item in value.items())
        case tuple() | list():
            return ", ".join(map(_plain, value))
    return str(value)


def _vector(device: Device, i: int, vector: Vector) -> RenderableType:
    unlike = difference(device, vector)
    mark = ("✘", "red") if unlike else ("✔", "green")
    parts: list[RenderableType] = [Text.assemble(mark, (f" {i} ", "bold"), vector.origin)]
    parts += [Text(_short(f"{name}: {_plain(value)}"), style="dim") for name, value in vector.input.items()]
    parts += [Text.assemble(("→ ", "bold"), text) for text in _outcome(device, vector)]
    if unlike:
        parts.append(Text(unlike, style="red"))
    return Group(parts[0], Padding(Group(*parts[1:]), (0, 0, 0, 4)))


def _outcome(device: Device, vector: Vector) -> Iterator[str]:
    try:
        readings = device.decode(device.message(vector.input))
    except (ProfileError, ValueError) as error:
        yield f"refused: {getattr(error, 'reason', 'input')}"
        return
    for reading in readings:
        values = to_values(reading)
        yield f"{values.pop('kind')}: " + ", ".join(f"{name} {_plain(value)}" for name, value in values.items())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_INPUT else f"{text[: LONGEST_INPUT - 1]}…"


def _takers_of_vectors(profile: Profile, device: Device, registry: Registry) -> RenderableType:
    """Return, for each vector that other profiles match too, which one wins and why."""
    if device.is_assigned:
        return "nobody: its source is given its profile, as such messages do not distinguish one model from another"
    table = Table("vector", "taken by, the most specific first", "", box=None, header_style="dim", pad_edge=False)
    for i, vector in enumerate(profile.vectors):
        takers = registry.takers(device.transport, device.message(vector.input))
        if any(taker is not profile for _, taker in takers):
            order = " > ".join(f"{taker.name} ({specificity})" for specificity, taker in takers)
            table.add_row(str(i), order, _reason([(specificity, taker.name) for specificity, taker in takers]))
    return table if table.row_count else "nobody: it is alone with them"


def _reason(takers: Sequence[tuple[int, str]]) -> str:
    (first, name), *others = takers
    if not others:
        return "not for this profile"
    second, other = others[0]
    if first > second:
        return f"{name} wins: it asks for more, {first} against {second}"
    return f"{name} wins by its name alone: {other} is as specific"


def _vectors_of_others(profile: Profile, device: Device, registry: Registry) -> RenderableType:
    """Return the other profiles whose vectors it matches, and which one wins."""
    lines = []
    for other in registry.values():
        if other is profile or other.device is None or other.device.transport != device.transport or device.is_assigned:
            continue
        messages = [other.device.message(vector.input) for vector in other.vectors]
        winners = {best.name for message in messages if device.specificity(message) and (best := registry.best(device.transport, message))}
        if winners:
            lines.append(f"{other.name}: {', '.join(sorted(winners))} {'wins' if len(winners) == 1 else 'win'}")
    return "\n".join(lines) if lines else "nobody's"
