"""`footfall status`: at a glance, what is broken and what to do about it."""

from __future__ import annotations

import json
import time
import urllib.error
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from footfall.addresses import open_url, own_url, without_credentials
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import load_gateway

BROKEN: Final = 1
DEFAULT_URL: Final = "http://127.0.0.1:8080"
_TIMEOUT_S: Final = 5.0
_FEW_STORES: Final = 3
_STATES: Final = {"never": "never heard"}
_COLOUR: Final = {"broken": "bold red", "warning": "yellow"}


def status(
    url: Annotated[str, typer.Option(help="Where the gateway listens, if not where --config has it.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show it anew every two seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of /status, for programs.")] = False,
) -> None:
    """Show what a gateway does now: what is broken comes first, with what to do. Exit code 1 if anything is.

    It asks where \\[http] of the configuration has the gateway, or http://127.0.0.1:8080 where there is no such file.

    [bold]Example:[/] footfall status --watch --config gateway.toml
    """
    url = url or _url_of(config)
    if watch:
        _watch(url)
    values = fetch(url)
    if as_json:
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
    else:
        Console(highlight=False).print(render(values))
    raise typer.Exit(BROKEN if is_broken(values) else 0)


def _url_of(config: Path) -> str:
    """Return where the gateway of a configuration listens. Raise ConfigError if the file was named and cannot be used."""
    if config == DEFAULT_CONFIG and not config.exists():
        return DEFAULT_URL
    http = load_gateway(config).http
    return own_url(http.host, http.port)


def fetch(url: str) -> dict[str, Any]:
    """Return what `/status` shows; where nobody answers, a status that has just this problem."""
    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url!r} does not begin with http:// or https://", param_hint="--url")
    try:
        with open_url(f"{url.rstrip('/')}/status", _TIMEOUT_S) as answer:
            found: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        todo = "start it (footfall gateway --config gateway.toml, or systemctl start footfall-gateway), or give its address with --url"
        what = f"no gateway answers at {without_credentials(url)}: {reason}"
        return {"problems": [{"code": "unreachable", "level": "broken", "what": what, "todo": todo}]}
    return found


def is_broken(values: Mapping[str, Any]) -> bool:
    return any(problem["level"] == "broken" for problem in values["problems"])


def render(values: Mapping[str, Any]) -> RenderableType:
    """Return the screen for one status."""
    parts: list[RenderableType] = [_problem(problem) for problem in values["problems"]]
    if "version" not in values:
        return Group(*parts)
    if not parts:
        parts.append("[bold green]✔ all is well[/]")
    return Group(*parts, "", _gateway(values), *_agents(values))


def _watch(url: str) -> None:
    with Live(console=Console(highlight=False), auto_refresh=False, screen=True) as live:
        try:
            while True:
                live.update(render(fetch(url)), refresh=True)
                time.sleep(2)
        except KeyboardInterrupt:
            return


def _problem(problem: Mapping[str, Any]) -> str:
    sign = "✘" if problem["level"] == "broken" else "!"
    return f"[{_COLOUR[problem['level']]}]{sign} {escape(problem['what'])}[/]\n  [dim]→ {escape(problem['todo'])}[/]"


def _gateway(values: Mapping[str, Any]) -> Table:
    balance, sink, journal = values["balance"], values["sink"], values["journal"]
    dropped = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(balance["dropped_total"].items())) or "0"
    held = ", ".join(f"{reason} {rows:,}" for reason, rows in values["quarantine"].items()) or "0"
    states = Counter(_STATES.get(agent["state"], agent["state"]) for agent in values["agents"])
    table = Table.grid(padding=(0, 2))
    for label, text in (
        ("gateway", f"{values['version']}, up {_span(values['now_ns'] - values['started_ns'])}, journal {journal['journal_id']}"),
        ("rows", f"{balance['in_total']:,} in = {balance['written_total']:,} written + {balance['quarantined_total']:,} quarantined"
                 f" + {sum(balance['dropped_total'].values()):,} dropped + {balance['pending']:,} on their way"),
        ("dropped", dropped),
        ("in quarantine", held),
        ("broker", f"{values['broker']['where']}, {'connected' if values['broker']['connected'] else 'not connected'}"),
        ("database", f"{sink['kind']} {sink['where']}, {sink['outbox_batches']:,} batches wait ({sink['outbox_bytes'] >> 20:,} MiB)"),
        ("journal", f"{journal['head'] - journal['position']:,} records to fold, {values['lag_s']:.1f} s behind,"
                    f" {journal['bytes'] >> 20:,} of {journal['max_bytes'] >> 20:,} MiB"),
        ("agents", ", ".join(f"{n:,} {state}" for state, n in states.items()) or "none"),
        *_uncalibrated(values.get("uncalibrated", ())),
        *_without_level(values.get("without_level", ())),
        ("beacons", _beacons(values)),
        *_blocked(values.get("identifiers_blocked", {})),
    ):  # fmt: skip
        table.add_row(f"[dim]{label}[/]", escape(text))
    return table


def _uncalibrated(stores: Sequence[str]) -> list[tuple[str, str]]:
    """A line, or none. It is no problem: zones are told apart less sharply."""
    return [("zones", f"of {_few(stores)} are not calibrated: footfall calibrate site.toml")] if stores else []


def _without_level(zones: Sequence[str]) -> list[tuple[str, str]]:
    """A line, or none. It is no problem: a zone that does not hear the street needs no level."""
    return [("passers-by", f"are inside where {_few(zones)} hears them: no entrance_dbm there, but in another zone")] if zones else []


def _beacons(values: Mapping[str, Any]) -> str:
    if not (own := values.get("own_beacons", 0)):
        return "every iBeacon is a fan's: list the brand's own UUIDs as beacons in site.toml"
    return f"{own:,} UUIDs are the brand's; neighbours' were heard {values.get('neighbours_total', 0):,} times"


def _blocked(by_type: Mapping[str, int]) -> list[tuple[str, str]]:
    """A line, or none. It is no problem of the gateway's: tills write such values where they know nobody."""
    counted = ", ".join(f"{name} {n:,}" for name, n in sorted(by_type.items()))
    return [("no identifiers", f"{counted}: values such as null or 000, whose events are stored without them")] if by_type else []


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_FEW_STORES]) + (f" and {len(names) - _FEW_STORES:,} more" if len(names) > _FEW_STORES else "")


def _agents(values: Mapping[str, Any], limit: int = 30) -> list[RenderableType]:
    rank = {"offline": 0, "late": 1, "never": 2, "quiet": 3, "ok": 4}
    listed = sorted(values["agents"], key=lambda agent: (not agent.get("problems"), rank[agent["state"]], agent["store"], agent["agent"]))
    if not listed:
        return []
    table = Table("store", "agent", "state", "last heard", "spooled", "waits", "clock", box=None, header_style="dim", pad_edge=False)
    for agent in listed[:limit]:
        heard = f"{_span(values['now_ns'] - agent['heard_ns'])} ago" if agent["heard_ns"] else "never"
        width = agent["clock_width_ms"]
        colour = "red" if agent.get("problems") else {"offline": "red", "late": "yellow"}.get(agent["state"], "")
        table.add_row(
            agent["store"], agent["agent"], agent["state"], heard, f"{agent['spool_frames']:,}",
            _span(int(agent.get("oldest_unsent_s", 0) * 1e9)),
            "unknown" if width is None else f"±{width / 2:,.0f} ms", style=colour,
        )  # fmt: skip
    more = [f"[dim]… and {len(listed) - limit:,} more (--json shows all)[/]"] if len(listed) > limit else []
    return ["", table, *more]


def _span(ns: int) -> str:
    seconds = max(ns, 0) / 1e9
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
