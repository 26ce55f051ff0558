"""Facts and corrections of a gateway's files as the entries of an audit, those that are journaled and not folded yet too."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from heapq import merge
from typing import Any, Final

from gateway.accept.ids import id_hash, known_as
from gateway.fans.audit import SUBJECTS, Audited, Filter, of_corrections, of_facts
from gateway.fans.desk import Desk
from gateway.fans.desk_decisions import facts_of_id
from gateway.fold.amends import COUNT, TOUCH, UNFIT, WAITS, amends_of, in_turn
from gateway.fold.corrections import ADJUSTMENT
from gateway.fold.store import CorrectionRow
from gateway.fold.touch_facts import first_values
from gateway.identity.facts import Mention
from gateway.site.index import Places
from gateway.state.ledger_reader import LedgerReader

_LASTING: Final = "nothing takes back a void, an amend or an occupancy: amend the event itself once more, or send it again under a new id"

_OF_A_FACT: Final = "a fact has this id: send one that revokes it, or splits it if it is a merge"


def entries(files: Desk, wanted: Filter) -> Iterator[Audited]:
    """Yield entries, the newest first; only what `wanted` may take is read."""
    of_store = wanted.of_store
    rows = (row for row in files.ledger.corrections() if of_store is None or of_store(row.store))
    hidden = () if wanted.shows_subjects else SUBJECTS
    corrections = sorted(of_corrections(rows, hidden, partial(_why_unfit, files)), key=_newest)
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
    return of_corrections(in_turn(rows), hidden, partial(why_unfit, ledger))


def _why_unfit(files: Desk, row: CorrectionRow) -> str:
    """Return the same, also of one that waits for an event and has the id of a fact."""
    named = json.loads(row.body).get("of_id") if row.waits == WAITS and row.kind != ADJUSTMENT else ""
    return _OF_A_FACT if named and facts_of_id(files, named) else why_unfit(files.ledger, row)


def why_unfit(ledger: LedgerReader, row: CorrectionRow) -> str:
    """Return why a correction does not fit its event, by what the ledger has of both; "" of one that fits, or waits."""
    if row.waits != UNFIT:
        return ""
    if (sent := sent_event(ledger, row.of)) is None:
        return _LASTING
    amends = amends_of(*sent, ledger.corrections_of([row.of]))
    return next((why for each, why in amends.unfit if each == row), _LASTING)


def sent_event(ledger: LedgerReader, event_id: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return the kind of a stored event, and what its amends are judged by, as it was sent; None if it is not stored."""
    if touch := ledger.touch_by_id(event_id):
        return TOUCH, first_values(json.loads(touch.body))
    if ledger.count_by_id(event_id):
        return (ADJUSTMENT if ledger.corrections_of([f"{ADJUSTMENT}:{event_id}"]) else COUNT), {}
    return None


def hashes_of(files: Desk, event_id: str) -> set[str]:
    """Return what an event's id is in the ledger, whichever publisher of a store with corrections gave it."""
    agents = files.ledger.fold["state"]["estate"]["agents"] if files.ledger.fold else ()
    return {id_hash(store, agent, event_id).hex() for store in {row.store for row in files.ledger.corrections()} for agent in agents}


def _newest(each: Audited) -> int:
    return -each.time_ns
