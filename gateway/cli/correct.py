"""`footfall correct`: void, amend and adjust by command, with the authority of headquarters. It works beside a running gateway.

A correction goes into quarantine as one that headquarters has decided to take: so the gateway itself checks it, and it is kept who did it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer

from footfall.errors import ConfigError, ContractError
from footfall.events import load_json, parse_event
from footfall.mistakes import did_you_mean
from footfall.topics import topic_of
from footfall.users import user_name
from gateway.accept.corrections import DECIDED
from gateway.accept.ids import known_as
from gateway.cli.correct_door import AdjustedDoor
from gateway.cli.correct_door import outcome as adjusted_door
from gateway.cli.correct_fit import why_unfit
from gateway.cli.correct_target import corrected_event
from gateway.cli.correct_trial import taken
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import GatewayConfig, load_gateway, load_site
from gateway.fold.corrections import AMEND
from gateway.site.index import Places
from gateway.state.quarantine.entries import QuarantineEntry, Refusal
from gateway.state.quarantine.store import Quarantine

app = typer.Typer(no_args_is_help=True, help="Correct what is stored: take an event back, amend it, adjust a door.")

_WAIT_S: Final = 10.0
_LOOK_S: Final = 0.1
_now_ns: Final = time.time_ns
StoreOption = Annotated[str, typer.Option("--store", help="The store of the event.")]
PublisherOption = Annotated[str, typer.Option("--publisher", help="Who sent the event: an agent of the store.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for whoever reads it in a year.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what it would correct, and correct nothing.")]
ActorOption = Annotated[str | None, typer.Option("--actor", help="Who decided it; you, unless stated.")]


@app.command()
def void(
    event: Annotated[str, typer.Argument(metavar="ID", help="The event's id, as its publisher sent it.")],
    store: StoreOption, publisher: PublisherOption, reason: ReasonOption, actor: ActorOption = None, config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:  # fmt: skip
    """Take an event back, as if it had never been.

    [bold]Example:[/] footfall correct void till-1-0881 --store flagship --publisher till-1 --reason "rung up twice"
    """
    _decide(config, store, publisher, {"kind": "void", "of": event, "reason": reason, "actor": actor or user_name()}, dry_run)


@app.command()
def amend(
    event: Annotated[str, typer.Argument(metavar="ID", help="The event's id, as its publisher sent it.")],
    changes: Annotated[str, typer.Option("--set", metavar="JSON", help='The keys to replace, such as \'{"amount": 12.5}\'.')],
    store: StoreOption, publisher: PublisherOption, reason: ReasonOption, actor: ActorOption = None, config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:  # fmt: skip
    """Replace keys of a touch or a count, as if it had been sent so.

    [bold]Example:[/] footfall correct amend till-1-0881 --set '{"amount": 12.5}' --store flagship --publisher till-1 --reason mistyped
    """
    found = {"kind": "amend", "of": event, "set": _json(changes), "reason": reason, "actor": actor or user_name()}
    _decide(config, store, publisher, found, dry_run)


@app.command()
def adjust(
    door: Annotated[str, typer.Argument(metavar="DOOR")],
    at: Annotated[str, typer.Option("--time", help="The minute, such as 2026-11-21T18:00:00+08:00.")],
    store: StoreOption, publisher: PublisherOption, reason: ReasonOption,
    entered: Annotated[int, typer.Option("--in", help="How many more came in; negative: fewer.")] = 0,
    left: Annotated[int, typer.Option("--out", help="How many more went out; negative: fewer.")] = 0,
    actor: ActorOption = None, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False,
) -> None:  # fmt: skip
    """Correct what a door counted in a minute.

    [bold]Example:[/] footfall correct adjust main --in -40 --time 2026-11-21T18:00:00+08:00 --store flagship --publisher d1 --reason class
    """
    counted = {"door": door, "in": entered, "out": left, "time": at, "history": True}
    _decide(config, store, publisher, {"kind": "adjustment", **counted, "reason": reason, "actor": actor or user_name()}, dry_run)


def _decide(config: Path, store: str, publisher: str, event: dict[str, Any], dry_run: bool) -> None:
    """Check a correction as the gateway does, leave it to the gateway, and wait a moment for its answer."""
    settings = load_gateway(config)
    site = load_site(settings.site)
    value, topic = {**event, "id": f"correct-{uuid4().hex}"}, topic_of(store, publisher, "events")
    payload = json.dumps(value, ensure_ascii=False).encode()
    now_ns, places = _now_ns(), Places(site)
    _check_named(places, store, publisher, event.get("door", ""))
    record = taken(settings, site, topic, payload, now_ns)
    if event["kind"] == AMEND:
        ids = [each.hex() for each in known_as(places, store, publisher, event["of"])]
        if why := why_unfit(settings.state_dir, ids, record):
            raise ConfigError(f"nothing was corrected: it does not fit the event as it was sent, with the amends that it has: {why}")
    if not settings.quarantine_path.exists():
        raise ConfigError(f"{settings.quarantine_path}: there is no quarantine yet: has the gateway of {config} run?")
    outcome = _outcome(settings.state_dir, places, store, publisher, value, dry_run)
    if not dry_run:
        message = f"{event['kind']} {value['id']}, decided by {event['actor']}: {event['reason']}"
        typer.echo(_left_to_gateway(settings, Refusal(DECIDED, message, topic, now_ns, payload, "accept", key=value["id"])))
    for line in outcome:
        typer.echo(line)
    if dry_run:
        typer.echo("nothing was corrected: a dry run")


def _check_named(places: Places, store: str, publisher: str, door: str) -> None:
    """Raise ConfigError for a store, a publisher or a door that site.toml does not have, with the nearest that it has."""
    try:
        places.check_store(store)
        doors = places.of_publisher(store, publisher).doors
        if door and door not in doors:
            raise ContractError("site.door", f"door {door!r} is not in store {store!r} of site.toml{did_you_mean(door, doors)}")
    except ContractError as error:
        raise ConfigError(f"nothing was corrected: {error}") from None


def _outcome(state_dir: Path, estate: Places, store: str, publisher: str, event: Mapping[str, Any], dry_run: bool) -> list[str]:
    """Return what becomes of a correction that the gateway takes, in lines."""
    if "of" in event:
        return corrected_event(state_dir, estate, store, publisher, event["of"]).outcome(dry_run)
    places, time_ns = estate.of(store, publisher), parse_event(event).time_ns or 0
    key = known_as(estate, store, publisher, event["id"])[0].hex()
    there = places.names.at(time_ns), places.door_at(event["door"], time_ns)
    return adjusted_door(state_dir, AdjustedDoor(key, *there, time_ns, event["in"], event["out"]), dry_run)


def _left_to_gateway(settings: GatewayConfig, correction: Refusal) -> str:
    """Leave a correction to the gateway as one that was decided; return what the gateway made of it."""
    limits = settings.quarantine
    quarantine = Quarantine(settings.quarantine_path, keep_hours=limits.keep_hours, max_bytes=limits.max_bytes)
    try:
        quarantine.add([correction])
        (entry,) = [each for each in quarantine.entries(reason=DECIDED) if each.message == correction.message]
        quarantine.ask_replay([entry.id], user_name())
        return _answer(quarantine, entry, correction.key or "")
    finally:
        quarantine.close()


def _answer(quarantine: Quarantine, entry: QuarantineEntry, correction: str) -> str:
    """Return whether the gateway took it within some seconds. Raise ConfigError if it refuses it."""
    until_s = time.monotonic() + _WAIT_S
    while time.monotonic() < until_s:
        found = quarantine.show(entry.id)
        if found is None:
            return f"taken, as {correction}"
        if found[0].state == "held":
            raise ConfigError(f"the gateway refuses it ({found[0].reason}): {found[0].message}; it is in quarantine as entry {entry.id}")
        time.sleep(_LOOK_S)
    return f"left to the gateway, which takes it once it runs, as {correction}: footfall quarantine list shows it until then"


def _json(text: str) -> Any:
    try:
        (found,) = load_json(text)
    except (ContractError, ValueError) as error:
        raise ConfigError(f"--set must be one object of JSON, such as '{{\"amount\": 12.5}}': {error}") from None
    return found
