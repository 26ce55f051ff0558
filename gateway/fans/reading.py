"""What the ledger has of one fan, gathered: the rows behind a history, and the clocks of the stores that it is shown in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from gateway.fans.history import FanRows
from gateway.fold.open_tracks import open_tracks
from gateway.state.ledger_reader import LedgerReader


def rows_of_fan(ledger: LedgerReader, fan: str) -> FanRows:
    """Return what the ledger has of a fan, by the id that rows have."""
    subjects = ledger.subjects_of(fan)
    tracks = open_tracks(ledger.part, ledger.fold, subjects) if subjects and ledger.fold else []
    open_keys = {(track.subject, track.store, track.key_ns, track.agent) for track in tracks}
    visits = [row for subject in subjects for row in ledger.visits_of(subject)]
    return FanRows(
        visits=[row for row in visits if row.fan == fan and (row.subject, row.store, row.key_ns, row.agent) not in open_keys],
        dwells=[row for subject in subjects for row in ledger.dwells_of(subject) if row.fan == fan],
        touches=ledger.all_touches_of_fan(fan),
        open=[track for track in tracks if track.fan == fan],
        timeout_ns=timeouts(ledger),
    )


def timeouts(ledger: LedgerReader) -> Mapping[str, int]:
    """Return by store after which silence, in ns, a visit is over."""
    return {store: int(rule[3]) for store, rule in _rules(ledger).items()}


def zones(ledger: LedgerReader) -> Mapping[str, ZoneInfo]:
    """Return the time zone of each store."""
    return {store: ZoneInfo(rule[1]) for store, rule in _rules(ledger).items()}


def _rules(ledger: LedgerReader) -> Mapping[str, list[Any]]:
    estate = ledger.fold["state"]["estate"] if ledger.fold else {"stores": [], "rules": []}
    return {estate["stores"][rule[0]]: rule for rule in estate["rules"]}
