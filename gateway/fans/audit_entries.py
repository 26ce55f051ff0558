"""Facts and corrections of a gateway's files as the entries of an audit, those that are journaled and not folded yet too."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from heapq import merge

from gateway.accept.ids import id_hash, known_as
from gateway.fans.audit import SUBJECTS, Audited, Filter, of_corrections, of_facts
from gateway.fans.desk import Desk
from gateway.fans.desk_decisions import facts_of_id
from gateway.fold.amends import in_turn
from gateway.identity.facts import Mention
from gateway.site.index import Places
from gateway.state.ledger_reader import LedgerReader


def entries(files: Desk, wanted: Filter) -> Iterator[Audited]:
    """Yield entries, the newest first; only what `wanted` may take is read."""
    of_store = wanted.of_store
    rows = (row for row in files.ledger.corrections() if of_store is None or of_store(row.store))
    corrections = sorted(of_corrections(rows, () if wanted.shows_subjects else SUBJECTS), key=_newest)
    if not wanted.asks_for_facts:
        return iter(corrections)
    kinds = wanted.kinds_of_facts
    stored = files.ledger.statements(wanted.from_ns, wanted.to_ns, kinds, actor=wanted.actor, source=wanted.source)
    new = sorted((fact for fact in files.tail if not isinstance(fact, Mention)), key=lambda fact: -fact.known_ns)
    of_id = partial(facts_of_id, files)
    return merge(of_facts(stored, of_id), of_facts(new, of_id), corrections, key=_newest)


def corrections_of(
    ledger: LedgerReader, places: Places, store: str, agent: str, event_id: str, hidden: Collection[str] = ()
) -> Iterator[Audited]:
    """Yield what takes back or amends the event that a publisher sent in a store, as it applies.

    Raise ContractError: the estate has no such publisher there.
    """
    rows = ledger.corrections_of([each.hex() for each in known_as(places, store, agent, event_id)])
    return of_corrections(in_turn(rows), hidden)


def hashes_of(files: Desk, event_id: str) -> set[str]:
    """Return what an event's id is in the ledger, whichever publisher of a store with corrections gave it."""
    agents = files.ledger.fold["state"]["estate"]["agents"] if files.ledger.fold else ()
    return {id_hash(store, agent, event_id).hex() for store in {row.store for row in files.ledger.corrections()} for agent in agents}


def _newest(each: Audited) -> int:
    return -each.time_ns
