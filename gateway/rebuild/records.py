"""The journal's records as a fold of one store takes them that has today's estate. Pure.

Records of other stores, and facts, become notes: they only pass the time, so that batches end where they ended. The estate in force now
stands in the place of every estate that was, with one thing of each: which agents were there, since the store waits for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from gateway.records import Record, RecordKind

_OF_NO_USE: Final = frozenset({RecordKind.LINKS, RecordKind.FACTS, RecordKind.REBUILT, RecordKind.POINTS})


def as_of_now(records: Iterable[Record], store: str, site: bytes) -> Iterator[Record]:
    """Yield a record for each; `site` is the body of the latest SITE record. Raise ConfigError if it does not have the store."""
    now = json.loads(site)
    names = [each["name"] for each in now["stores"]]
    if store not in names:
        raise ConfigError(f"there is no store {store!r} in site.toml{did_you_mean(store, names)}")
    now["stores"] = [each for each in now["stores"] if each["name"] == store]
    for record in records:
        if record.kind == RecordKind.SITE:
            yield record._replace(body=_with_agents_of(now, json.loads(record.body), store))
        elif record.kind in _OF_NO_USE or record.store not in ("", store):
            yield record._replace(kind=RecordKind.NOTE, body=b"")
        else:
            yield record


def _with_agents_of(now: dict[str, Any], then: dict[str, Any], store: str) -> bytes:
    mine = now["stores"][0]
    agents = [agent for each in then["stores"] if each["name"] == store for agent in each.get("agents", ())]
    known = {agent["name"] for agent in mine.get("agents", ())}
    more = [agent for agent in agents if agent["name"] not in known]
    return json.dumps(now | {"stores": [mine | {"agents": [*mine.get("agents", ()), *more]}]}).encode()
