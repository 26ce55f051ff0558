"""`footfall audit`: who decided or corrected what, when and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from heapq import merge
from itertools import islice
from typing import Annotated

import typer

from gateway.accept.ids import id_hash
from gateway.cli.fan_access import Desk, JsonOption, desk
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.fans.audit import Audited, Filter, line, of_corrections, of_facts
from gateway.identity.facts import Fact, Mention, fact_name


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
            hashes=_hashes(files, text) if text else (),
            from_ns=files.moment("--since", since) if since else None,
            to_ns=files.moment("--until", until) if until else None,
            only_waiting=waiting,
        )
        shown = list(islice(filter(wanted.takes, _entries(files, wanted)), limit + 1))
    for each in shown[:limit]:
        typer.echo(json.dumps(each._asdict(), ensure_ascii=False) if as_json else line(each))
    if as_json:
        return
    if not shown:
        typer.echo("nothing that was asked for")
    elif len(shown) > limit:
        typer.echo("… and more: --limit, --since, --until, --actor and --kind choose")


def _entries(files: Desk, wanted: Filter) -> Iterator[Audited]:
    """Yield entries, the newest first."""
    stored = files.ledger.statements(wanted.from_ns, wanted.to_ns, actor=wanted.actor, kind=wanted.kind, source=wanted.source)
    new = sorted((fact for fact in files.tail if not isinstance(fact, Mention)), key=lambda fact: -fact.known_ns)
    corrections = sorted(of_corrections(files.ledger.corrections()), key=_newest)
    of_id = partial(_of_id, files)
    return merge(of_facts(stored, of_id), of_facts(new, of_id), corrections, key=_newest)


def _hashes(files: Desk, event_id: str) -> set[str]:
    """Return what an event's id is in the ledger, whichever publisher of a store with corrections gave it."""
    agents = files.ledger.fold["state"]["estate"]["agents"] if files.ledger.fold else ()
    return {id_hash(store, agent, event_id).hex() for store in {row.store for row in files.ledger.corrections()} for agent in agents}


def _newest(each: Audited) -> int:
    return -each.time_ns


def _of_id(files: Desk, fact_id: str) -> Sequence[Fact]:
    """Return the facts of an id; none if nobody has stated one yet."""
    return [each for each in files.known().facts_naming([fact_name(fact_id)]) if each.id == fact_id]
