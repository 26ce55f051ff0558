"""What it costs to learn who is who: a CRM's export of a million facts into a ledger, and one cluster of 100,000 identifiers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from footfall.units import NS_PER_S
from gateway.identity.facts import Fact, Identifier, Link, MemoryFactStore, Mention, Standing
from gateway.identity.facts_json import decode_facts, encode_facts
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes
from gateway.state.ledger import Ledger

BATCH: Final = 1_000
FACTS: Final = 1_000_000
CLUSTER: Final = 100_000
_CHECKPOINT: Final = 20
"""Batches from one checkpoint of the ledger to the next."""
_T0_NS: Final = 1_790_000_000 * NS_PER_S
_KEY: Final = b"benchmark"
_TYPES: Final = ("member", "phone", "wx-union", "wx-mini", "web", "alipay.app")
_TOUCHES: Final = ((2, 3), (1, 3), (0, 2), (4, 1), (5,), (0,))
"""Of each person, which identifiers are named together."""


@dataclass(frozen=True, slots=True)
class Import:
    """CPU time of taking facts, without the process's start."""

    facts: int
    standings: int
    us_per_fact: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """CPU time of a cluster that comes at once, and of one more fact about it."""

    identifiers: int
    whole_s: float
    next_s: float


def facts(count: int) -> Iterator[Fact]:
    """Return facts of a brand, person by person, as a CRM exports them: seven in ten have a card, five in ten a number."""
    made = 0
    for person in range(count):
        own = [Identifier(name, f"{person * len(_TYPES) + nth:016x}") for nth, name in enumerate(_TYPES)]
        time_ns = _T0_NS + person * NS_PER_S
        for nth, (identifier, share) in enumerate(zip(own[:2], (7, 5), strict=True)):
            if person % 10 < share:
                yield Link(id=f"{person:07}l{nth}", learned_ns=time_ns, source="crm", identifier=identifier, fan=f"F{person}")
                made += 1
        for nth, together in enumerate(_TOUCHES):
            at_ns, named = time_ns + nth, tuple(own[each] for each in together)
            ref = f"r{person}" if nth > 2 else ""
            yield Mention(id=f"{person:07}t{nth}", learned_ns=at_ns, from_ns=at_ns, to_ns=at_ns, source="touch", identifiers=named, ref=ref)
            made += 1
        if made >= count:
            return


def import_into_memory(count: int) -> Import:
    """Return what the stage itself takes."""
    return _import(count, Identity(MemoryFactStore(), IdentifierTypes(), _KEY), None)


def import_into_ledger(count: int) -> Import:
    """Return what it takes with the records of the journal read, and facts and standings made durable in SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.db")
        try:
            return _import(count, Identity(ledger, IdentifierTypes(), _KEY), ledger)
        finally:
            ledger.close()


def _import(count: int, identity: Identity, ledger: Ledger | None) -> Import:
    taken, standings, cpu_s = 0, 0, 0.0
    for nth, batch in enumerate(_batches(count)):
        body = encode_facts(batch) if ledger else b""
        begin_s = time.process_time()
        given = identity.take(decode_facts(body) if ledger else batch)
        if ledger:
            _keep(ledger, given, nth)
        cpu_s += time.process_time() - begin_s
        taken, standings = taken + len(batch), standings + len(given)
    return Import(taken, standings, cpu_s / taken * 1e6)


def _keep(ledger: Ledger, standings: list[Standing], nth: int) -> None:
    ledger.save_standings(standings)
    if nth % _CHECKPOINT == 0:
        ledger.checkpoint(())


def _batches(count: int) -> Iterator[list[Fact]]:
    batch = []
    for fact in facts(count):
        batch.append(fact)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def cluster(identifiers: int) -> Cluster:
    """Return what one chain of identifiers takes, of which one is a fan's."""
    chain = [_step(nth) for nth in range(identifiers - 1)]
    owner = Link(id="owner", learned_ns=_T0_NS, source="crm", identifier=chain[identifiers // 2].identifiers[0], fan="F")
    identity = Identity(MemoryFactStore(), IdentifierTypes(), _KEY)
    begin_s = time.process_time()
    given = identity.take([*chain, owner])
    whole_s = time.process_time() - begin_s
    if len(given) != identifiers:
        raise AssertionError(f"{len(given)} of {identifiers} identifiers have a standing")
    if len(identity.take([_step(identifiers - 1)])) != 1:
        raise AssertionError("the next identifier is no part of the cluster")
    return Cluster(identifiers, whole_s, time.process_time() - begin_s - whole_s)


def _step(nth: int) -> Mention:
    pair = Identifier("wx-mini", f"{nth:016x}"), Identifier("wx-oa", f"{nth + 1:016x}")
    at_ns = _T0_NS + nth * NS_PER_S
    return Mention(id=f"{nth:07}", learned_ns=at_ns, from_ns=at_ns, to_ns=at_ns, source="touch", identifiers=pair)
