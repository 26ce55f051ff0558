"""A question about a fan by an id that was merged, or that was a provisional one: it is answered by the id that stands now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.config import load_gateway
from gateway.fans.desk import has_fan, meant_fan
from gateway.fans.whose import person_of
from gateway.query.answer import Request
from gateway.state.files import LEDGER
from gateway.state.ledger_reader import ledger_reader


def standing_fan(config: Path, fan: str) -> str:
    """Return the id that a fan has now, by the ledger of a gateway's configuration; the same id where there is no ledger."""
    ledger_path = load_gateway(config).state_dir / LEDGER
    if not ledger_path.is_file():
        return fan
    with ledger_reader(ledger_path) as ledger:
        return person_of(ledger, fan).fan


def unknown_fan(config: Path | None, fan: str) -> str:
    """Return that a gateway's ledger has nothing of a fan, with the nearest that it has; "" if it has, or where there is no ledger."""
    if config is None or not (ledger_path := load_gateway(config).state_dir / LEDGER).is_file():
        return ""
    with ledger_reader(ledger_path) as ledger:
        is_known = has_fan(ledger, fan) or person_of(ledger, fan).fan != fan
        return "" if is_known else f"nothing is known of a fan {fan!r}{meant_fan(ledger, fan)}"


def by_standing_fan(config: Path | None, request: Request) -> tuple[Request, str]:
    """Return a request with the id that its fan has now, and a note if that is another; rows as of an earlier time have the id of then.

    Without a configuration, as where a database is asked alone, the request stays as it is.
    """
    if config is None or not request.fan or request.as_of is not None:
        return request, ""
    now = standing_fan(config, request.fan)
    return replace(request, fan=now), "" if now == request.fan else f"{request.fan} is {now} now"
