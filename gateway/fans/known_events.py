"""What a gateway's files remember of plain events by their ids, beside the gateway: what each held in words, and when it was taken.

known = known_events(journal, places, "flagship", "till-1", ["till-1-0881"], facts=[])
SentAgain(journal, places, pseudonyms).is_other(known["till-1-0881"], "flagship", "till-1", {"kind": "touch", …}, now_ns)
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from footfall.baskets import as_documented
from footfall.errors import ContractError, Unreadable
from footfall.event_corrections import Amend, Void
from footfall.sqlite import open_file
from gateway.accept import contents
from gateway.accept.amounts import in_hundredths
from gateway.accept.contents import digest_of, remembered
from gateway.accept.corrections import Corrections, Sender, check_changes, check_ends
from gateway.accept.events import Pseudonymiser, normalise
from gateway.accept.ids import BRAND, id_hash, known_as
from gateway.fold.store import TouchRow
from gateway.fold.touch_facts import first_values
from gateway.identity.facts_json import HANDBACK, MENTION, RETURN
from gateway.site.index import Places, StorePlaces
from gateway.state.event_ids import BUSY_S
from gateway.state.ledger_reader import LedgerReader

FACT: Final = "fact"
_SAME: Final = {FACT: ("fact", "fans", "fan", "of", "purpose", "granted", "staff_id"), "touch": ("what", "amount"), "count": ("in", "out")}
"""By kind, the keys that are remembered as they were sent: names may have been changed since, and times depend on when it came."""

_OUR_OWN: Final = frozenset({"id", "key", "timed", "blocked", MENTION})
"""What a record has of a touch that nobody sent."""


class KnownEvent(NamedTuple):
    """An event that was taken; `values` are empty where an earlier release took it."""

    values: Mapping[str, Any]
    taken_ns: int
    content: bytes = b""
    """As accept keeps it."""


def known_events(
    journal: Path, places: Places, store: str, agent: str, ids: Iterable[str] = (), facts: Iterable[str] = ()
) -> Mapping[str, KnownEvent]:
    """Return what is remembered, by id, of events that a publisher sent in a store, and of facts, whose ids are their own in the brand.

    Raise ContractError: site.toml has no such publisher. Raise Unreadable (ConfigError): the journal cannot be read.
    """
    hashes: dict[str, tuple[bytes, ...]] = {each: known_as(places, store, agent, each) for each in ids}
    hashes |= {each: (id_hash(BRAND, FACT, each),) for each in facts}
    if not journal.is_file():
        return {}
    try:
        with closing(open_file(journal, "mode=ro", BUSY_S)) as db:
            return {each: found for each, known in hashes.items() if (found := _found(db, known)) is not None}
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{journal}: cannot be read: {error}") from None


def _found(db: sqlite3.Connection, known: Iterable[bytes]) -> KnownEvent | None:
    for each in known:
        if row := db.execute("SELECT content FROM event_ids WHERE id=?", (each,)).fetchone():
            content = row[0] or b""
            return KnownEvent(*remembered(content), content)
    return None


def as_sent(known: KnownEvent, ledger: LedgerReader, places: Places, store: str, agent: str, event_id: str) -> Mapping[str, Any]:
    """Return what an event stated before all amends: of a touch all, once the ledger has it, else what is remembered.

    Of identifiers there are the pseudonyms, `subjects` with their `types`. Raise ContractError: site.toml has no such publisher.
    """
    kind = known.values.get("kind")
    if kind == "touch":
        ids = (each.hex() for each in known_as(places, store, agent, event_id))
        return next((_touch_as_sent(row) for each in ids if (row := ledger.touch_by_id(each))), known.values)
    if kind == "occupancy" and "counted" in known.values:  # an earlier release kept neither
        rest = {key: value for key, value in known.values.items() if key not in ("people", "counted")}
        people = known.values["people"]
        return rest | ({"people": people} if known.values["counted"] else {"occupied": bool(people)})
    return known.values


def _touch_as_sent(row: TouchRow) -> dict[str, Any]:
    values = first_values(json.loads(row.body))
    stated = {key: value for key, value in values.items() if value and key not in _OUR_OWN}
    if stated["what"] == HANDBACK:
        stated["what"] = RETURN
    if "items" in stated:
        stated["items"] = json.loads(as_documented(stated["items"]))
    return stated


def check_correction(event: Void | Amend, known: KnownEvent | None, places: StorePlaces) -> None:
    """Raise ContractError, in the gateway's words, if a correction does not fit its event, or an amend the event's store.

    Of an event of which nothing is known (None) it does, unless what the amend states fits no event.
    """
    values = known.values if known else {}
    check_ends(event, values)
    if isinstance(event, Amend) and event.changes is not None:
        check_changes(event.changes, values, places)


class SentAgain:
    """Finds as the gateway would whether an event holds something else than the one that was taken under its id."""

    def __init__(self, journal: Path, places: Places, pseudonyms: Pseudonymiser) -> None:
        self._journal: Final = journal
        self._places: Final = places
        self._pseudonyms: Final = pseudonyms

    def is_other(self, known: KnownEvent, store: str, agent: str, value: Mapping[str, Any], now_ns: int) -> bool:
        """Return whether an event, as it was sent, has other content than the one that was taken.

        What the gateway would not take as it is, such as an identifier without the secret, is compared by what is remembered in words.
        """
        here = self._places.of(store, agent)
        sender = Sender(here, self._places.agent(self._places.agent_now(agent)).first, is_replayed=True)
        try:
            plain = normalise(value, sender, Corrections(self._places, self), now_ns, now_ns, self._pseudonyms)
        except ContractError:
            return contradicts(known, value)
        return contents.contradicts(known.content, digest_of(plain))

    def event_content(self, id_hash: bytes) -> bytes:
        """Return what the journal has of the event with this id; empty if it has none. Raise Unreadable (ConfigError)."""
        try:
            with closing(open_file(self._journal, "mode=ro", BUSY_S)) as db:
                found = _found(db, [id_hash])
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{self._journal}: cannot be read: {error}") from None
        return found.content if found else b""


def contradicts(known: KnownEvent, value: Mapping[str, Any]) -> bool:
    """Return whether an event, as it was sent, has other content for certain, by the words that are remembered of the one before."""
    kind = known.values.get("kind")
    if kind is None:
        return False
    return kind != value.get("kind") or any(_plain(known.values.get(key)) != _plain(value.get(key)) for key in _SAME.get(kind, ()))


def _plain(value: Any) -> Any:
    """Return what is left out, empty or 0 as one, lists without their order, and money as it is taken."""
    if isinstance(value, list | tuple):
        return frozenset(value)
    return (in_hundredths(value) if isinstance(value, float) else value) or None
