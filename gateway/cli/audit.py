"""`footfall audit`: who decided or corrected what, when and why."""

from __future__ import annotations

import json
from itertools import chain
from typing import Annotated

import typer

from gateway.cli.fan_access import Desk, JsonOption, desk
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.fans.audit import Audited, Filter, line, of_corrections, of_facts
from gateway.identity.facts import Fact, Mention, Revoke, Split, fact_name


def audit(
    config: ConfigOption = DEFAULT_CONFIG,
    actor: Annotated[str, typer.Option(help="Only what this person stated.")] = "",
    kind: Annotated[str, typer.Option(help="Only link, same, merge, distinct, split, revoke, consent, void, amend or adjustment.")] = "",
    source: Annotated[str, typer.Option(help="Only this source of facts, or store/agent of corrections.")] = "",
    text: Annotated[str, typer.Option("--text", help="Only what has this in its statement, reason or id, such as a fan's id.")] = "",
    since: Annotated[str, typer.Option(help="Only what was learned from then on.")] = "",
    until: Annotated[str, typer.Option(help="Only what was learned before.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits for the event or fact that it corrects.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many, the newest.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List facts about identity and corrections of events with actor and reason, the newest first.

    [bold]Example:[/] footfall audit --actor ann --since 2026-11-01
    """
    with desk(config) as files:
        wanted = Filter(
            actor=actor,
            kind=kind,
            source=source,
            text=text,
            from_ns=files.moment("--since", since) if since else None,
            to_ns=files.moment("--until", until) if until else None,
            only_waiting=waiting,
        )
        found = _entries(files, wanted)
    shown = sorted(found, key=lambda each: (-each.time_ns, each.kind, each.id))[:limit]
    for each in shown:
        typer.echo(json.dumps(each._asdict(), ensure_ascii=False) if as_json else line(each))
    if as_json:
        return
    if not shown:
        typer.echo("nothing that was asked for")
    elif len(found) > limit:
        typer.echo(f"… and {len(found) - limit:,} more: --limit, --since, --actor and --kind choose")


def _entries(files: Desk, wanted: Filter) -> list[Audited]:
    facts = [*files.ledger.statements(wanted.from_ns, wanted.to_ns), *(fact for fact in files.tail if not isinstance(fact, Mention))]
    entries = chain(of_facts(facts, _waiting(files, facts)), of_corrections(files.ledger.corrections()))
    return [each for each in entries if wanted.takes(each)]


def _waiting(files: Desk, facts: list[Fact]) -> list[str]:
    """Return the ids of facts that take back what nobody has stated yet."""
    backs = [fact for fact in facts if isinstance(fact, Split | Revoke)]
    known = {fact.id for fact in files.known().facts_naming({fact_name(back.of) for back in backs})}
    return [back.id for back in backs if back.of not in known]
