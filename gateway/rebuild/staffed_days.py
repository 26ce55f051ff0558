"""Which days were worked out with other staff, types of identifiers or rules of contributions than site.toml has now. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from gateway.fold.rebuilt import decode
from gateway.records import Record, RecordKind

_RULES: Final = ("staff", "contribution", "identifier_types")


class _InForce(NamedTuple):
    """What a SITE record states of staff, contributions and types of identifiers."""

    pos: int
    received_ns: int
    rules: list[Any]


class StaffedDays:
    """`seen` passes the journal's records on; then ask `is_outdated`."""

    def __init__(self, site: bytes) -> None:
        """`site`: the body of the SITE record that is in force now."""
        self._now: Final = _rules_of(site)
        self._sites: Final[list[_InForce]] = []
        self._rebuilt: Final[dict[str, int]] = {}
        """Where in the journal each day was last folded again."""

    def seen(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records, and remember what they state."""
        for record in records:
            if record.kind == RecordKind.SITE:
                self._sites.append(_InForce(record.pos, record.received_ns, _rules_of(record.body)))
            elif record.kind == RecordKind.REBUILT:
                self._rebuilt[decode(record.body).day] = record.pos
            yield record

    def is_outdated(self, day: str, from_ns: int) -> bool:
        """Return whether other rules were in force since a day began, and it was not folded again with those of now."""
        first = max((nth for nth, each in enumerate(self._sites) if each.received_ns <= from_ns), default=0)
        since = self._sites[first:]
        others = [nth for nth, each in enumerate(since) if each.rules != self._now]
        if not others:
            return False
        with_now = since[others[-1] + 1].pos if others[-1] + 1 < len(since) else 0
        return self._rebuilt.get(day, -1) < with_now


def _rules_of(site: bytes) -> list[Any]:
    values = json.loads(site)
    return [values.get(name) for name in _RULES]
