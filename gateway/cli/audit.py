"""`footfall audit`: who decided or corrected what, when and why."""

from __future__ import annotations

import json
from itertools import islice
from typing import Annotated

import typer

from gateway.cli.fan_access import JsonOption, desk
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.fans.audit import Filter, line
from gateway.fans.audit_entries import entries, hashes_of


def audit(
    config: ConfigOption = DEFAULT_CONFIG,
    actor: Annotated[str, typer.Option(help="Only what this person stated.")] = "",
    kind: Annotated[
        str, typer.Option(help="Only link, same, merge, distinct, split, revoke, consent, void, amend, adjustment or rebuild.")
    ] = "",
    source: Annotated[str, typer.Option(help="Only this source of facts, or store/agent of corrections.")] = "",
    text: Annotated[str, typer.Option("--text", help="Only what has this in its statement, reason or id, such as a fan's id.")] = "",
    since: Annotated[str, typer.Option(help="Only what is known since then: learned, or taken where that is not stated.")] = "",
    until: Annotated[str, typer.Option(help="Only what was known before.")] = "",
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
            hashes=hashes_of(files, text) if text else (),
            from_ns=files.moment("--since", since) if since else None,
            to_ns=files.moment("--until", until) if until else None,
            only_waiting=waiting,
        )
        shown = list(islice(filter(wanted.takes, entries(files, wanted)), limit + 1))
    for each in shown[:limit]:
        typer.echo(json.dumps(each._asdict(), ensure_ascii=False) if as_json else line(each))
    if as_json:
        return
    if not shown:
        typer.echo("nothing that was asked for")
    elif len(shown) > limit:
        typer.echo("… and more: --limit, --since, --until, --actor and --kind choose")
