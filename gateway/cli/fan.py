"""`footfall fan`: one person's history, why a touch is whose it is, and what people decide about who is who."""

from __future__ import annotations

import json
import time
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from footfall.errors import ConfigError, SinkUnavailable, Unreadable
from footfall.mistakes import did_you_mean
from footfall.units import NS_PER_S
from gateway.cli import fan_decisions, fan_review
from gateway.cli.fan_access import Desk, JsonOption, desk
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.fans import probable, profile_show
from gateway.fans.as_known import Then, all_around, as_known_on, rows_as_known
from gateway.fans.history import FanRows, History, history_of
from gateway.fans.known_touches import FactsThen, TouchesThen
from gateway.fans.owners import CaredFor, cared_for, registered_by
from gateway.fans.probable import Probably, probably
from gateway.fans.profile import Profile, profile_of
from gateway.fans.reading import AllRows, FanReader, rows_of_fan, timeouts, zones
from gateway.fans.show import Clocks, as_object, lines, moment
from gateway.fans.until import until
from gateway.fans.whose import Person, of_standings
from gateway.identity.facts import claims_name, fan_name
from gateway.identity.naming import fan_at
from gateway.identity.ownership import Owners, facts_of_owners
from gateway.query.source import open_reader

SHOW: Final = "show"
AsKnownOption = Annotated[str, typer.Option("--as-known-on", help="By the facts that had been learned up to this time.")]
FanArgument = Annotated[str, typer.Argument(help="The fan's id; an earlier one answers, too.")]


class FanGroup(TyperGroup):
    """What is no command is a fan's id."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command of these arguments: `show` where the first is none."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [SHOW, *args])


app = typer.Typer(cls=FanGroup, no_args_is_help=True, help="One fan: where now, visits, touches and purchases, and who is who.")


@app.callback()
def _fan() -> None:
    """One fan: where now, visits, touches and purchases, and who is who."""


@app.command(SHOW)
def show(
    fan: FanArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    most: Annotated[int, typer.Option("--last", min=1, help="So many visits, touches and purchases.")] = 20,
    at: Annotated[str, typer.Option("--at", help="As of this time: nothing after it counts; the default is now.")] = "",
    as_known: AsKnownOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show where a fan is now, the profile, the last visits with zones, dwells and touches, and the visits before each purchase.

    It reads the ledger beside the running gateway, as of its last checkpoint, which is at most two minutes old. What is inferred of these
    visits stands apart, with its confidence: who probably bought or tried on, which nobody stated (footfall query inferred).

    [bold]Example:[/] footfall fan f-1042 --config gateway.toml
    """
    with desk(config) as files:
        until_ns = _known_until(files, as_known)
        at_ns = _at_ns(files, at, until_ns)
        person, history = _found(files, fan, until_ns, at_ns)
        owner = _owner(files, person, history, until_ns, at_ns)
        heading = FanReader(files.ledger).heading(fan, person, until_ns, at_ns)._replace(owner=owner)
        profile = _profile(files, history, _last_ns(files, until_ns) if at_ns is None else at_ns)
        inferred = _inferred(config, person, history, most) if until_ns is None else None
        if as_json:
            shown = as_object(heading, history, most) | {"profile": profile_show.as_object(profile)}
            shown["inferred"] = None if inferred is None else probable.as_objects(inferred)
            typer.echo(json.dumps(shown, ensure_ascii=False))
            return
        clocks = Clocks(zones(files.ledger))
        for line in (
            *lines(heading, history, most, clocks),
            *probable.lines(inferred or (), clocks),
            *profile_show.lines(profile, files.profile_settings.window_days),
        ):
            typer.echo(line)


@app.command("profile")
def show_profile(
    fan: FanArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    at: Annotated[str, typer.Option("--at", help="As of this time; the default is the ledger's last checkpoint.")] = "",
    as_known: AsKnownOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show a fan's stage of life, the value index with its parts, and what the brand proposes at this stage.

    The file that fan_profile_file of gateway.toml names states stages, weights and proposals; docs/identity.md explains them.

    [bold]Example:[/] footfall fan profile f-1042 --at 2026-11-01 --config gateway.toml
    """
    with desk(config) as files:
        until_ns = _known_until(files, as_known)
        person, history = _found(files, fan, until_ns)
        at_ns = _at_ns(files, at, until_ns)
        profile = _profile(files, history, _last_ns(files, until_ns) if at_ns is None else at_ns)
        if as_json:
            typer.echo(json.dumps({"fan": person.fan, "asked": fan} | profile_show.as_object(profile), ensure_ascii=False))
            return
        typer.echo(f"fan {person.fan}")
        for line in profile_show.lines(profile, files.profile_settings.window_days):
            typer.echo(line)


def _inferred(config: Path, person: Person, history: History, most: int) -> list[Probably] | None:
    """Return what is inferred of the last visits; None, and a word about it, where the database does not answer."""
    try:
        with closing(open_reader(None, None, "", None, config)) as reader:
            return probably(reader, person.fan, history.visits[-most:])
    except (Unreadable, SinkUnavailable) as error:
        typer.echo(f"what is inferred is left out: {error}", err=True)
        return None


def _known_until(files: Desk, as_known: str) -> int | None:
    """Return the time of --as-known-on, None where none is stated; say so where it is later than what is known."""
    if not as_known:
        return None
    until_ns = files.moment("--as-known-on", as_known)
    if files.now_ns and until_ns > _last_ns(files, None):
        last = moment(files.now_ns, UTC)
        typer.echo(f"--as-known-on: {as_known} is after {last}, up to when anything is known: this is what is known by then", err=True)
    return until_ns


def _at_ns(files: Desk, at: str, until_ns: int | None) -> int | None:
    """Return the time of --at, None where none is stated. Raise ConfigError for one after what is known."""
    if not at:
        return None
    at_ns, last_ns = files.moment("--at", at), _last_ns(files, until_ns)
    if at_ns > last_ns:
        raise ConfigError(f"--at: {at} is after {moment(last_ns, UTC)}, up to when something is known: state a time before it")
    return at_ns


def _last_ns(files: Desk, until_ns: int | None) -> int:
    """Return up to when anything is known: the end of the second in which the last record came."""
    now_ns = files.now_ns + NS_PER_S
    return now_ns if until_ns is None else min(until_ns, now_ns)


def _found(files: Desk, fan: str, until_ns: int | None, at_ns: int | None = None) -> tuple[Person, History]:
    """Return who a fan is, by all that is known or by what was known at a time, and what happened, up to now or to a time.

    Raise ConfigError for an id that nothing has.
    """
    person, rows = _now(files, fan) if until_ns is None else _as_known(files, fan, until_ns)
    asked_ns = next((each for each in (at_ns, until_ns) if each is not None), time.time_ns())
    history = history_of(rows if at_ns is None else until(rows, at_ns), files.roster, asked_ns)
    if not (history.visits or history.touches or person.identifiers or len(person.ids) > 1 or person.withdrawn_ns is not None):
        raise nobody(files, fan) if until_ns is None or not files.is_known(fan) else _unknown_then(fan, until_ns)
    return person, history


def _profile(files: Desk, history: History, at_ns: int) -> Profile:
    return profile_of(history, at_ns, files.profile_settings)


def _now(files: Desk, fan: str) -> tuple[Person, FanRows]:
    person = files.person(fan)
    return person, rows_of_fan(files.ledger, person.fan)


def _as_known(files: Desk, fan: str, until_ns: int) -> tuple[Person, FanRows]:
    """Return who a fan was by what had been learned up to a time, and the rows up to then."""
    touches = TouchesThen(files.ledger.corrections(), files.ledger.touch_by_id, until_ns, files.types)
    facts = all_around(FactsThen(files.known(), touches), {fan_name(fan), claims_name(fan), *files.ledger.names_of_fan(fan)})
    standings = as_known_on(facts, until_ns, files.types, files.key)
    then = fan_at(standings.get, fan, until_ns) or fan
    known_then = Then(until_ns, standings, touches)
    rows = rows_as_known(AllRows(files.ledger), known_then, then, timeouts(files.ledger))
    return of_standings(then, standings.values(), fan), rows


def _owner(files: Desk, person: Person, history: History, until_ns: int | None, at_ns: int | None) -> CaredFor:
    """Return whose a fan is to care for, now or at a time, as it is known or as it was known on a time."""
    facts = facts_of_owners(files.known(), person.ids)
    known = facts if until_ns is None else [fact for fact in facts if fact.known_ns <= until_ns]
    time_ns = next((each for each in (at_ns, until_ns) if each is not None), files.now_ns)
    return cared_for(Owners(known), person.fan, time_ns, registered_by(history.touches))


def _unknown_then(fan: str, until_ns: int) -> ConfigError:
    """Return the error for an id that something has only since a later time."""
    return ConfigError(f"nothing was known of a fan {fan!r} on {moment(until_ns, UTC)}, only later: state a later --as-known-on, or none")


def nobody(files: Desk, fan: str) -> ConfigError:
    """Return the error for an id that no row and no fact has."""
    meant = did_you_mean(fan, (each.name or "" for each in app.registered_commands)) or files.meant(fan)
    as_of = f"as of {moment(files.now_ns, UTC)}" if files.now_ns else "yet: the gateway writes its ledger some 10 s after its start"
    return ConfigError(f"no fan {fan!r} is known {as_of}{meant or '; footfall fan --help lists the commands'}")


fan_review.add_to(app)
fan_decisions.add_to(app)
