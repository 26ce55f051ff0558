"""`footfall fan why`, `conflicts`, `largest`: why a name means whom it means, what waits for a decision, what hangs together too much."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Annotated, Any, Final

import typer

from footfall.errors import ConfigError
from footfall.wording import counted
from gateway.accept.events import id_hash
from gateway.cli.fan_access import Desk, JsonOption, desk
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.fans.fact_text import end_line, identifier, line, when
from gateway.fans.overlay import OverlayStore
from gateway.fans.review_answers import NameAnswer, OwnersAnswer, answer_object, answer_of, answers_of_touch, owners_of, registration_line
from gateway.fans.show import moment
from gateway.fold.store import TouchRow
from gateway.identity.around import facts_around
from gateway.identity.facts import Fact, Identifier, InStore, fan_name, is_registered, ref_name
from gateway.identity.facts_json import values_of
from gateway.identity.identity import Identity
from gateway.identity.in_force import REVOKED, SPLIT, Refused
from gateway.identity.review import Cluster, Conflict, Conflicts, conflicts, largest

SHOWN: Final = 20
DECIDES: Final = "conflict"
"""The label of what names nobody until somebody decides."""


def add_to(app: typer.Typer) -> None:
    """Add the commands that review."""
    app.command("why")(_why)
    app.command("conflicts")(_conflicts)
    app.command("largest")(_largest)


def _why(
    what: Annotated[str, typer.Argument(metavar="IDENTIFIER|TOUCH|FAN", help="type:value, a touch's ref or id, or a fan's id.")],
    config: ConfigOption = DEFAULT_CONFIG,
    at: Annotated[str, typer.Option("--at", help="The time that is asked about; else now, or the touch's own.")] = "",
    store: Annotated[str, typer.Option("--store", help="What this store calls so: of what is lent others may have one, too.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show why an identifier, a touch or a fan id means whom it means: the shortest path of facts, and what was refused by which rule.

    [bold]Example:[/] footfall fan why phone:8613912345678
    """
    with desk(config) as files:
        time_ns = files.moment("--at", at) if at else files.now_ns
        touches = [] if _is_identifier(what) else _touches(files, what)
        if touches:
            _print_touches([(row, answers_of_touch(files, row)) for row in touches], as_json)
            return
        if not (_is_identifier(what) or files.is_known(what)):
            raise ConfigError(f"no fan, and no touch by its ref or id, is known as {what!r}{files.meant(what)}")
        named = files.identified(what)[0] if _is_identifier(what) else None
        name = named.subject if named else fan_name(what)
        answer = answer_of(files, name, time_ns, store)
        for note in _notes(files, named, store, answer):
            typer.echo(f"note: {note}", err=True)
        apart = {each.store: answer_of(files, name, time_ns, each.store) for each in (() if store else _apart(answer))}
        owners = owners_of(files, what, time_ns) if name == fan_name(what) else OwnersAnswer()
    if as_json:
        typer.echo(json.dumps(answer_object(answer, owners), ensure_ascii=False))
        return
    for text in _answer_lines(answer, what):
        typer.echo(text)
    for where, own in apart.items():
        for text in _answer_lines(own, f"in {where}"):
            typer.echo(f"  {text}")
    for fact, counts in owners.stated[:SHOWN]:
        typer.echo(f"  owner{'' if counts else ', not then'}: {line(fact)}")
    if (row := owners.registration) is not None:
        typer.echo(f"  owner{'' if owners.is_by_registration else ', where no fact holds'}: {registration_line(row)}")


def _notes(files: Desk, named: Identifier | None, store: str, answer: NameAnswer) -> Iterator[str]:
    """Yield what may be mistyped where nobody is known: the type, and a store that neither site.toml nor a handover has."""
    if named and answer.because.fan is None and (undescribed := files.types.undescribed(named.type)):
        yield undescribed
    if store not in {each.store for each in _apart(answer)} and (missing := files.no_store(store)):
        yield missing


def _apart(answer: NameAnswer) -> Sequence[InStore]:
    """Return how something lent stands in the stores that have one of their own by its name."""
    return answer.because.lent.in_stores if answer.because.lent else ()


def _is_identifier(text: str) -> bool:
    return ":" in text or (len(text) == 16 and set(text) <= set("0123456789abcdef"))


def _touches(files: Desk, text: str) -> list[TouchRow]:
    """Return the touches with a reference, else that of an id, whichever publisher gave it."""
    if found := files.ledger.touches_by_name([name := ref_name(text)]):
        return found[name]
    estate = files.ledger.fold["state"]["estate"] if files.ledger.fold else {"stores": [], "agents": []}
    for store in estate["stores"]:
        for agent in estate["agents"]:
            if row := files.ledger.touch_by_id(id_hash(store, agent, text).hex()):
                return [row]
    return []


def _print_touches(shown: Sequence[tuple[TouchRow, Sequence[NameAnswer]]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_touch_object(row, answers) for row, answers in shown], ensure_ascii=False))
        return
    for row, answers in shown:
        values = json.loads(row.body)
        void = ", taken back" if row.void else ""
        typer.echo(f"{values['what']} of {when(row.time_ns)} in {row.store} by {row.agent}{void}: {_whom(row.fan or None)}")
        for answer in answers:
            for text in _answer_lines(answer, answer.name):
                typer.echo(f"  {text}")


def _touch_object(row: TouchRow, answers: Iterable[NameAnswer]) -> dict[str, Any]:
    values = json.loads(row.body)
    return {
        "store": row.store, "publisher": row.agent, "time_ns": row.time_ns, "what": values["what"], "ref": values["ref"], "fan": row.fan,
        "void": bool(row.void), "names": [answer_object(each) for each in answers],
    }  # fmt: skip


def _answer_lines(answer: NameAnswer, asked: str) -> Iterator[str]:
    because = answer.because
    yield f"{asked}: {_whom(because.fan)}" + (f" ({because.label})" if because.label else "")
    yield from (f"  because {line(fact)}" for fact in because.path)
    yield from (f"  {end_line(end)}" for end in because.ends[:SHOWN])
    for each in because.refused[:SHOWN]:
        yield f"  not because {line(each.fact)}: {each.rule}"
    if len(because.refused) > SHOWN:
        yield f"  … and {counted(len(because.refused) - SHOWN, 'more fact that does not count', 'more facts that do not count')}"


def _whom(fan: str | None) -> str:
    if fan is None:
        return "nobody is known"
    if not fan:
        return "nobody: consent is withdrawn"
    return f"fan {fan}" if is_registered(fan) else f"{fan}, whom the brand does not know yet"


def _conflicts(
    config: ConfigOption = DEFAULT_CONFIG,
    every: Annotated[bool, typer.Option("--all", help="Also households and what is shared, which wait for nobody.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what contradicts itself, and so names nobody until somebody decides: by link, merge, distinct or revoke.

    [bold]Example:[/] footfall fan conflicts
    """
    with desk(config) as files:
        found = _all_conflicts(files, every)
    if as_json:
        typer.echo(json.dumps(_conflicts_object(found), ensure_ascii=False))
        return
    for each in found.identifiers:
        typer.echo(f"{identifier(each.identifier)} names nobody ({each.label}): {', '.join(each.fans)}")
        for fact in each.facts[:SHOWN]:
            typer.echo(f"  {line(fact)}")
    for refused in found.refused:
        typer.echo(f"{line(refused.fact)}: does not count, since {refused.rule}")
    if not found.identifiers and not found.refused:
        typer.echo("nothing contradicts itself")


def _all_conflicts(files: Desk, every: bool) -> Conflicts:
    """Return the conflicts of all that hangs together with a label, a distinct or an id that is there twice."""
    ledger, asked = files.ledger, set[str]()
    identifiers: dict[str, Conflict] = {}
    refused: dict[Refused, None] = {}
    for name in (*ledger.labelled([DECIDES] if not every else None), *ledger.contradicting()):
        if name in asked:
            continue
        facts = facts_around(files.known(), files.types, names=[name]).facts
        found = conflicts(facts, files.types, files.key)
        asked |= {each.identifier.subject for each in found.identifiers} | {name}
        identifiers.update((each.identifier.subject, each) for each in found.identifiers if every or each.label == DECIDES)
        refused.update((each, None) for each in found.refused if each.rule not in (REVOKED, SPLIT))
    return Conflicts(list(identifiers.values()), list(refused))


def _conflicts_object(found: Conflicts) -> dict[str, Any]:
    return {
        "identifiers": [
            {"type": each.identifier.type, "subject": each.identifier.subject, "label": each.label, "fans": list(each.fans),
             "facts": [values_of(fact) for fact in each.facts]}
            for each in found.identifiers
        ],
        "refused": [{"rule": each.rule, **values_of(each.fact)} for each in found.refused],
    }  # fmt: skip


def _largest(
    config: ConfigOption = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many fans.")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """List the fans with the most identifiers, and the identifiers that others hang on: where too much may be one.

    [bold]Example:[/] footfall fan largest --limit 5
    """
    with desk(config) as files:
        found, as_of, new = _clusters(files, limit), moment(files.now_ns, UTC) if files.now_ns else None, len(files.tail)
    if as_json:
        typer.echo(json.dumps({"as_of": as_of, "stated_since": new, "fans": [_cluster_object(each) for each in found]}, ensure_ascii=False))
        return
    typer.echo(
        (f"as of {as_of}" if as_of else "as of the gateway's start")
        + (f", and {counted(new, 'fact that was stated since', 'facts that were stated since')}" if new else "")
    )
    for each in found:
        kinds = ", ".join(f"{count:,} {name or 'of no known type'}" for name, count in sorted(each.identifiers.items()))
        bridges = f"; others hang on {', '.join(map(identifier, each.bridges))}" if each.bridges else ""
        typer.echo(f"{each.fan or 'too large to follow'}: {counted(each.size, 'identifier')} ({kinds}){bridges}")
    if not found:
        typer.echo("nobody has an identifier yet")


def _clusters(files: Desk, limit: int) -> list[Cluster]:
    """Return the largest by the ledger and by what is stated since."""
    found: dict[str, Cluster] = {}
    known = files.known()
    new = _names_since(files, limit)
    for fan in dict.fromkeys([*files.ledger.largest_fans(limit), *new]):
        names = {*files.ledger.names_of_fan(fan), *new.get(fan, ())} or {fan_name(fan)}
        facts: Sequence[Fact] = facts_around(known, files.types, names=names).facts
        found.update((each.fan or str(each.bridges), each) for each in largest(facts, files.types, files.key, limit))
    return sorted(found.values(), key=lambda each: (not each.is_beyond, -each.size, each.fan))[:limit]


def _names_since(files: Desk, limit: int) -> dict[str, set[str]]:
    """Return what is newly theirs by facts that are not folded yet, of the fans that have the most of it."""
    gained: defaultdict[str, set[str]] = defaultdict(set)
    over = OverlayStore(files.ledger)
    for standing in Identity(over, files.types, files.key).take(files.tail):
        for span in standing.spans:
            if span.fan:
                gained[span.fan].add(standing.name)
    most = sorted(gained, key=lambda fan: (-len(gained[fan]), fan))[: max(limit, SHOWN)]
    return {fan: gained[fan] for fan in most}


def _cluster_object(each: Cluster) -> dict[str, Any]:
    bridges = [{"type": bridge.type, "subject": bridge.subject} for bridge in each.bridges]
    return {"fan": each.fan, "size": each.size, "identifiers": dict(each.identifiers), "bridges": bridges, "beyond": each.is_beyond}
