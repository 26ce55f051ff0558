"""`footfall fan merge`, `split`, `link` and the others by which people decide who is who: each states a fact, with actor and reason.

Before a fact is stated, what it changes is printed: fans, rows and money. `--dry-run` stops there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from footfall.errors import ConfigError
from footfall.purposes import IDENTIFY
from footfall.wording import counted
from gateway.cli.fan_access import ActorOption, Desk, DryRunOption, ForceOption, JsonOption, ReasonOption, desk
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.fans import owners
from gateway.fans.decisions import Deciding
from gateway.fans.desk_decisions import (
    Decided,
    consent,
    distinct,
    effect_object,
    effect_of_facts,
    link,
    merge,
    own,
    revoke,
    split,
    unlink,
)  # fmt: skip
from gateway.fans.effect import Effect
from gateway.identity.facts import Fact, Merge, Revoke, Split
from gateway.identity.facts_json import values_of

MOST_FANS: Final = 10
Decide = Callable[[Deciding, Desk], Decided]
FanArgument = Annotated[str, typer.Argument(metavar="FAN", help="The fan's id.")]
IdentifierArgument = Annotated[str, typer.Argument(metavar="IDENTIFIER", help="type:value, or a subject of 16 hex digits.")]
FansArgument = Annotated[list[str], typer.Argument(metavar="FAN FAN…", help="Ids of fans.")]
FactArgument = Annotated[str, typer.Argument(metavar="FACT", help="The fact's id; see footfall fan why and footfall audit.")]
SourceOption = Annotated[str, typer.Option("--source", help="Whose word it is: desk stands above crm, crm above what touches state.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands that decide."""
    for name, command in _COMMANDS.items():
        app.command(name)(command)


def _merge(
    fans: FansArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "", reason: ReasonOption = "",
    source: SourceOption = "desk", dry_run: DryRunOption = False, force: ForceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """State that fans are one person, now and in the past; footfall fan split takes it back.

    [bold]Example:[/] footfall fan merge f-1042 f-2001 --reason 'same address' --dry-run
    """
    _decide(config, actor, reason, source, dry_run, as_json, lambda deciding, files: merge(files, deciding, fans, force))


def _distinct(
    fans: FansArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "", reason: ReasonOption = "",
    source: SourceOption = "desk", dry_run: DryRunOption = False, force: ForceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """State that two fans are not one person: no import and no merge makes them one from then on."""
    _decide(config, actor, reason, source, dry_run, as_json, lambda deciding, files: distinct(files, deciding, fans, force))


def _split(
    fact: FactArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "", reason: ReasonOption = "",
    source: SourceOption = "desk", dry_run: DryRunOption = False, force: ForceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Undo a merge by the id of its fact: everything is as if it had never been, also what came after it."""
    _decide(config, actor, reason, source, dry_run, as_json, lambda deciding, files: split(files, deciding, fact, force))


def _revoke(
    fact: FactArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "", reason: ReasonOption = "",
    source: SourceOption = "desk", dry_run: DryRunOption = False, force: ForceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take a fact back by its id, as if it had never been: a wrong link, a wrong distinct, a consent entered by mistake."""
    _decide(config, actor, reason, source, dry_run, as_json, lambda deciding, files: revoke(files, deciding, fact, force))


def _link(
    identifier: IdentifierArgument, fan: FanArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "",
    reason: ReasonOption = "", source: SourceOption = "desk",
    from_: Annotated[str, typer.Option("--from", help="Since when; else since ever.")] = "",
    to: Annotated[str, typer.Option("--to", help="Until when; else for ever.")] = "",
    store: Annotated[str, typer.Option("--store", help="The store that lent it, where others have one of the same name.")] = "",
    dry_run: DryRunOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """State that an identifier is a fan's; what a person states at the desk stands above imports and touches."""
    _decide(
        config, actor, reason, source, dry_run, as_json, lambda deciding, files: link(files, deciding, identifier, fan, from_, to, store)
    )


def _unlink(
    identifier: IdentifierArgument, fan: FanArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "",
    reason: ReasonOption = "", source: SourceOption = "desk",
    to: Annotated[str, typer.Option("--to", help="From then on it is not the fan's; else from now on.")] = "",
    dry_run: DryRunOption = False, force: ForceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """State that an identifier is a fan's no longer, whoever linked it; what was before stays. footfall fan revoke undoes a wrong link."""
    _decide(config, actor, reason, source, dry_run, as_json, lambda deciding, files: unlink(files, deciding, identifier, fan, to, force))


def _consent(
    fan: FanArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "", reason: ReasonOption = "",
    granted: Annotated[bool | None, typer.Option("--granted/--withdrawn", help="Whether the fan agrees.")] = None,
    purpose: Annotated[str, typer.Option(help="What for.")] = IDENTIFY,
    version: Annotated[str, typer.Option(help="Of the text that the fan agreed to.")] = "",
    from_: Annotated[str, typer.Option("--from", help="Since when; else from now on.")] = "",
    source: SourceOption = "desk", dry_run: DryRunOption = False, force: ForceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """State that a fan withdraws consent to be identified, or grants it again: meanwhile nothing bears the fan."""
    if granted is None:
        raise ConfigError("state --granted or --withdrawn")
    agreed = granted
    _decide(
        config, actor, reason, source, dry_run, as_json,
        lambda deciding, files: consent(files, deciding, fan, agreed, purpose, version, from_, force),
    )  # fmt: skip


def _own(
    fan: FanArgument, config: ConfigOption = DEFAULT_CONFIG, actor: ActorOption = "", reason: ReasonOption = "",
    staff: Annotated[str, typer.Option("--staff", help="The staff_id of who cares for the fan.")] = "",
    store: Annotated[str, typer.Option("--store", help="The store that does.")] = "",
    from_: Annotated[str, typer.Option("--from", help="Since when; else from now on.")] = "",
    to: Annotated[str, typer.Option("--to", help="Until when; else until the next owner.")] = "",
    source: SourceOption = "desk", dry_run: DryRunOption = False, force: ForceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """State whose a fan is to care for: sales to the fan count for them, wherever they are made, until the next owner.

    [bold]Example:[/] footfall fan own f-1042 --staff s12 --store flagship --from 2026-10-01 --reason 'she advised him'
    """
    _decide(
        config, actor, reason, source, dry_run, as_json,
        lambda deciding, files: own(files, deciding, fan, staff, store, from_, to, force),
    )  # fmt: skip


_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "merge": _merge, "split": _split, "distinct": _distinct, "link": _link, "unlink": _unlink, "revoke": _revoke, "consent": _consent,
    "own": _own,
}  # fmt: skip


def _decide(config: Path, actor: str, reason: str, source: str, dry_run: bool, as_json: bool, decide: Decide) -> None:
    """Make facts, print what they change, and state them unless it is a dry run."""
    if not reason and not dry_run:
        raise ConfigError("--reason: every decision has a reason, which is kept with it; --dry-run needs none")
    with desk(config) as files:
        try:
            facts, notes = decide(Deciding(files.stamp(actor, reason), source), files)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        for note in notes:
            typer.echo(note, err=True)
        effect, of_owners = effect_of_facts(files, facts), owners.changes(files.known(), facts)
        if not dry_run:
            files.state(facts)
    if as_json:
        shown = {"stated": not dry_run, "facts": [values_of(fact) for fact in facts], "effect": effect_object(effect)}
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    for line in of_owners or effect_lines(effect, dry_run):
        typer.echo(line)
    fact_id = facts[0].id
    typer.echo("nothing was stated: a dry run" if dry_run else f"stated as {fact_id}; {_undone_by(facts[0])}")


def _undone_by(fact: Fact) -> str:
    if isinstance(fact, Split | Revoke):
        return "what it took back is stated again under an id of its own, if it was right"
    return f"footfall fan {'split' if isinstance(fact, Merge) else 'revoke'} {fact.id} takes it back"


def effect_lines(effect: Effect, dry_run: bool) -> list[str]:
    """Return an effect as lines for people."""
    verb = "would change" if dry_run else "changes"
    if not effect.names:
        return [f"it {verb} nothing that is known so far: it is known already, or other facts stand against it (footfall fan conflicts)"]
    fans = sorted(effect.fans)
    named = ", ".join(fans[:MOST_FANS]) + (f" and {len(fans) - MOST_FANS:,} more" if len(fans) > MOST_FANS else "")
    cut = f" of which {effect.added:,} are new and {effect.voided:,} no more" if effect.added or effect.voided else ""
    found = [
        f"it {verb} {counted(effect.rows, 'row')} ({counted(effect.visits, 'visit')}{cut},"
        f" {counted(effect.dwells, 'dwell')}, {counted(effect.touches, 'touch', 'touches')})"
        f" and {effect.money:,.2f} of sales, of {counted(len(fans), 'fan')}: {named}"
    ]
    moved = sorted(effect.moved.items(), key=lambda each: (-each[1], each[0]))
    found += [f"  {rows:,} from {old or 'nobody'} to {new or 'nobody'}" for (old, new), rows in moved[:MOST_FANS]]
    return found
