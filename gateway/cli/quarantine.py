"""`footfall quarantine`: list, show, replay, drop and export what was refused, and who did so. It works beside a running gateway."""

from __future__ import annotations

import base64
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from footfall.errors import ConfigError
from footfall.sqlite import is_damage
from footfall.users import user_name
from footfall.wording import counted
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import load_gateway
from gateway.state.quarantine.decoding import describe, hex_dump, printable
from gateway.state.quarantine.entries import QuarantineEntry
from gateway.state.quarantine.store import Quarantine

app = typer.Typer(no_args_is_help=True, help="What was refused, with the reason: list, show, replay, drop, export, and who did what.")

Reason = Annotated[str | None, typer.Option("--reason", "-r", help="Only this reason, such as frame.crc.")]
TopicGlob = Annotated[str | None, typer.Option("--topic", help="Only these topics, such as 'footfall/1/store-3/*'.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Entries; see list.")]
_ALL: Final = sys.maxsize


@app.command("list")
def list_entries(
    config: ConfigOption = DEFAULT_CONFIG, reason: Reason = None, topic: TopicGlob = None, limit: int = 50, as_json: AsJson = False
) -> None:
    """List entries, the oldest first, and how many rows each reason holds."""
    with _opened(config) as quarantine:
        entries = quarantine.entries(reason, topic, limit=limit)
        counts, totals = quarantine.counts(), quarantine.totals()
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(asdict(entry), ensure_ascii=False))
        return
    console = Console(highlight=False)
    if not entries:
        console.print("[green]nothing is in quarantine[/]" if not counts else "nothing there matches")
    else:
        console.print(_table(entries))
        console.print("held: " + ", ".join(f"{escape(name)} {rows:,}" for name, rows in counts.items()), style="bold")
    dropped = ", ".join(f"{name} {rows:,}" for name, rows in totals.dropped_total.items()) or "0"
    console.print(
        f"[dim]rows ever {totals.kept_total:,} = held {totals.held:,} + replayed {totals.replayed_total:,} + dropped {dropped}[/]"
    )


@app.command()
def show(entry_id: Annotated[int, typer.Argument(metavar="ID")], config: ConfigOption = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one entry: why it was refused, its bytes, and their content where it can be decoded."""
    with _opened(config) as quarantine:
        found = quarantine.show(entry_id)
    if found is None:
        raise ConfigError(f"there is no entry {entry_id} in quarantine: footfall quarantine list")
    entry, payload = found
    decoded = describe(entry.topic, payload)
    if as_json:
        typer.echo(json.dumps(_as_json(entry, payload) | {"decoded": decoded}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[bold red]{escape(entry.reason)}[/]: {_safe(entry.message)}")
    console.print(
        f"[dim]{_safe(entry.topic)} · {_when(entry.received_ns)} · {entry.origin} · {counted(entry.rows, 'row')} · {entry.state}[/]"
    )
    if entry.private:
        console.print("[yellow]may hold raw identifiers: do not pass it on[/]")
    console.print(hex_dump(payload), markup=False)
    console.print(decoded, markup=False)


@app.command()
def replay(
    ids: Ids = None, config: ConfigOption = DEFAULT_CONFIG, reason: Reason = None, topic: TopicGlob = None,
    corrected: Annotated[Path | None, typer.Option("--with", help="Take in this file in place of the one entry's bytes.")] = None,
) -> None:  # fmt: skip
    """Have the running gateway take entries in again; what it refuses again comes back with the new reason."""
    with _opened(config) as quarantine:
        chosen = _chosen(quarantine, ids, reason, topic)
        if corrected is not None and len(chosen) != 1:
            raise ConfigError("--with mends exactly one entry: give its id")
        asked = quarantine.ask_replay(chosen, _actor(), None if corrected is None else _read(corrected))
    typer.echo(f"{_entries(asked)} to be taken in again by the gateway")


@app.command()
def drop(
    ids: Ids = None, config: ConfigOption = DEFAULT_CONFIG, reason: Reason = None, topic: TopicGlob = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:  # fmt: skip
    """Forget entries for good. It is counted, and written down who did it."""
    with _opened(config) as quarantine:
        chosen = _chosen(quarantine, ids, reason, topic)
        if not yes:
            typer.confirm(f"Forget {_entries(len(chosen))} for good?", abort=True)
        dropped = quarantine.drop(chosen, _actor(), time.time_ns())
    typer.echo(f"{_entries(dropped)} dropped")


@app.command()
def export(file: Path, config: ConfigOption = DEFAULT_CONFIG, reason: Reason = None, topic: TopicGlob = None) -> None:
    """Write entries with their bytes (base64) as JSON lines. The file may hold raw identifiers: only its owner may read it."""
    with _opened(config) as quarantine:
        file.touch(mode=0o600)
        file.chmod(0o600)  # it may have been there before
        with file.open("w", encoding="utf-8") as lines:
            exported = 0
            for entry in quarantine.entries(reason, topic, limit=_ALL):
                found = quarantine.show(entry.id)
                if found is not None:
                    lines.write(json.dumps(_as_json(*found), ensure_ascii=False) + "\n")
                    exported += 1
    typer.echo(f"{_entries(exported)} in {file}")


@app.command()
def history(config: ConfigOption = DEFAULT_CONFIG, limit: int = 50, as_json: AsJson = False) -> None:
    """List who had what replayed or dropped, the newest first."""
    with _opened(config) as quarantine:
        actions = quarantine.actions(limit)
    if as_json:
        for action in actions:
            typer.echo(json.dumps(asdict(action), ensure_ascii=False))
        return
    table = Table("when (UTC)", "who", "did", "reason", header_style="dim", box=None, pad_edge=False)
    table.add_column("entries", justify="right")
    for action in actions:
        table.add_row(_when(action.at_ns), _safe(action.actor), action.what, escape(action.reason), f"{action.entries:,}")
    Console(highlight=False).print(table if actions else "[green]nothing was replayed or dropped by anybody[/]")


@contextmanager
def _opened(config: Path) -> Iterator[Quarantine]:
    gateway = load_gateway(config)
    path = gateway.quarantine_path
    if not path.exists():
        raise ConfigError(f"{path}: there is no quarantine yet: has the gateway of {config} run?")
    quarantine = Quarantine(path, keep_hours=gateway.quarantine.keep_hours, max_bytes=gateway.quarantine.max_bytes)
    try:
        quarantine.expire(time.time_ns())
        yield quarantine
    except sqlite3.DatabaseError as error:
        advice = "; start the gateway again: it is made anew of what can be read" if is_damage(error) else ""
        raise ConfigError(f"{path}: {error}; nothing was changed{advice}") from None
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
    finally:
        quarantine.close()


def _chosen(quarantine: Quarantine, ids: list[int] | None, reason: str | None, topic: str | None) -> list[int]:
    if ids and (reason or topic):
        raise ConfigError("give either ids, or --reason and --topic, not both")
    if ids:
        known = {entry.id for entry in quarantine.entries(limit=_ALL)}
        unknown = [str(entry_id) for entry_id in ids if entry_id not in known]
        if unknown:
            raise ConfigError(f"there is no entry {', '.join(unknown)} in quarantine; nothing was done: footfall quarantine list")
        return ids
    if not (reason or topic):
        raise ConfigError("say which: ids, --reason or --topic; footfall quarantine list shows them")
    return [entry.id for entry in quarantine.entries(reason, topic, limit=_ALL)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def _actor() -> str:
    return user_name()


def _table(entries: list[QuarantineEntry]) -> Table:
    table = Table("id", header_style="dim", box=None, pad_edge=False)
    for title in ("when (UTC)", "rows", "reason"):
        table.add_column(title, no_wrap=True)
    table.add_column("what, and of which topic", overflow="fold")
    for entry in entries:
        flags = (" · replay asked" if entry.state == "replay" else "") + (" · private" if entry.private else "")
        what = f"{_safe(entry.message)}\n[dim]{_safe(entry.topic)}{flags}[/]"
        table.add_row(str(entry.id), _when(entry.received_ns), f"{entry.rows:,}", f"[bold]{escape(entry.reason)}[/]", what)
    return table


def _entries(count: int) -> str:
    return counted(count, "entry", "entries")


def _when(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _safe(text: str) -> str:
    return escape(printable(text))


def _as_json(entry: QuarantineEntry, payload: bytes) -> dict[str, Any]:
    return asdict(entry) | {"payload_base64": base64.b64encode(payload).decode()}
