"""What it costs to learn who is who: a million facts into a ledger, in two orders, and one cluster of 100,000 identifiers.

Facts come as records of the journal and are taken as a gateway takes them (`Shard.fold_alone`): resolved, kept with what they come to in
SQLite, and given to the fold.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.results import Failed
from device_profiles.registry import shipped
from footfall.units import NS_PER_S
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Messages
from gateway.fans.changes import ObservedStore
from gateway.fold.fold import Fold
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Identifier, Link, Same
from gateway.identity.facts_json import encode_facts
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes
from gateway.pipeline.checkpoints import Checkpoints
from gateway.pipeline.identity_stage import identity_on
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.process_memory import relax_gc
from gateway.records import Record, RecordKind
from gateway.shard import Shard
from gateway.site import Site
from gateway.site.index import Places
from gateway.site.recorded import RecordedSite
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger

BATCH: Final = 1_000
FACTS: Final = 1_000_000
IN_MEMORY: Final = 200_000
SCATTERED: Final = 200_000
"""Each costs about three times as much: what is known of its person is read again."""
CLUSTER: Final = 100_000
CLUSTER_IN_RECORDS: Final = 50_000
"""That comes by records of BATCH facts, as an import writes them."""
AT_ONCE: Final = 20
"""Records that the fold is given at once: a gateway takes some twenty where it keeps up, and 500 where it does not."""
_T0_NS: Final = 1_790_000_000 * NS_PER_S
_SECRET: Final = b"reproducible, so good for nothing else but a benchmark"
_STRIDE: Final = 7_368_787
"""A prime: that many facts further on comes the next one, where no two of one person are to be near each other."""
_TYPES: Final = ("member", "phone", "wx-union", "wx-mini", "web")
_TOGETHER: Final = ((0, 1), (2, 3), (1, 3), (0, 2), (4, 1))
"""Of each person, which identifiers are stated to be one person's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """CPU time of taking facts, without the process's start."""

    facts: int
    us_per_fact: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """CPU time of a cluster that comes at once, and of one more fact about it."""

    identifiers: int
    whole_s: float
    next_s: float


class Folding(NamedTuple):
    """What folds in a gateway; `checkpoints` come as often as there."""

    shard: Shard
    ledger: Ledger
    journal: Journal
    checkpoints: Checkpoints

    def fold(self, records: Iterable[Record]) -> None:
        """Take records, then a checkpoint if it is due."""
        self.shard.fold_alone((record, None) for record in records)
        if self.checkpoints.is_due():
            self.checkpoints.write(self.shard)


@contextmanager
def folding(state: Path, site: Site, secret: bytes) -> Iterator[Folding]:
    """Yield a gateway's shard on the ledger and the journal of a folder, with identity beside the fold, as a gateway has them."""
    journal, ledger = Journal(state / "journal.db"), Ledger(state / "ledger.db")
    relax_gc()
    try:
        accept = Acceptor(Places(site), journal, Pseudonymiser(secret))
        fold = Fold(shipped(), ledger, RecordedSite.staff_and_assets, stay_points=False)
        shard = Shard(Messages(accept), fold, identity=identity_on(ObservedStore(ledger), secret))
        yield Folding(shard, ledger, journal, Checkpoints(ledger, Outbox(1 << 20), journal.journal_id))
    finally:
        ledger.close()
        journal.close()


def fact(number: int) -> Fact:
    """Return one of five facts of each person of a brand; seven persons in ten have a card that is a fan's."""
    person, nth = divmod(number, len(_TOGETHER))
    own = [Identifier(name, f"{_mixed(person * len(_TYPES) + which):016x}") for which, name in enumerate(_TYPES)]
    fact_id, time_ns = f"{number:09}", _T0_NS + person * NS_PER_S
    if nth == 0 and person % 10 < 7:
        return Link(id=fact_id, learned_ns=time_ns, source="crm", identifier=own[0], fan=f"F{person}")
    first, second = _TOGETHER[nth]
    return Same(id=fact_id, learned_ns=time_ns, source="crm", identifiers=(own[first], own[second]))


def _mixed(number: int) -> int:
    """Return a number as a hash would spread it."""
    return number * 0x9E3779B97F4A7C15 % (1 << 63)


def into_memory(facts: int) -> Taken:
    """Return what the stage itself takes, person by person."""
    relax_gc()
    identity, spent_s = Identity(MemoryFactStore(), IdentifierTypes(), _SECRET), 0.0
    for batch in _batches(map(fact, range(facts))):
        began_s = time.process_time()
        identity.take(batch)
        spent_s += time.process_time() - began_s
    return Taken(facts, spent_s / facts * 1e6)


def into_ledger(facts: int, scattered: bool) -> Taken:
    """Return what a gateway takes from the journal's records to SQLite, person by person or `scattered` over the whole import.

    Raise Failed if an identifier stands for nobody.
    """
    order = (number * _STRIDE % facts for number in range(facts)) if scattered else range(facts)
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder, folding(Path(folder), _site(), _SECRET) as gateway:
        spent_s = _fold(gateway, map(fact, order))
        known, persons = sum(1 for _ in gateway.ledger.names_with_standing()), facts // len(_TOGETHER)
    if known != persons * len(_TYPES):
        raise Failed(f"{known:,} of {persons * len(_TYPES):,} identifiers stand for somebody")
    return Taken(facts, spent_s / facts * 1e6)


def cluster(identifiers: int, facts_a_record: int = BATCH) -> Cluster:
    """Return what a gateway takes for one chain of identifiers, of which one is a fan's. Raise Failed if one of them is not the fan's."""
    chain = [_step(nth) for nth in range(identifiers - 1)]
    owner = Link(id="owner", learned_ns=_T0_NS, source="crm", identifier=chain[identifiers // 2].identifiers[0], fan="F")
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder, folding(Path(folder), _site(), _SECRET) as gateway:
        whole_s = _fold(gateway, [*chain, owner], facts_a_record)
        next_s = _fold(gateway, [_step(identifiers - 1)])
        known = len(gateway.ledger.subjects_of("F"))
    if known != identifiers + 1:
        raise Failed(f"{known:,} of {identifiers + 1:,} identifiers are the fan's")
    return Cluster(identifiers, whole_s, next_s)


def _step(nth: int) -> Same:
    pair = tuple(Identifier(("wx-mini", "wx-oa")[each % 2], f"{_mixed(each):016x}") for each in (nth, nth + 1))
    return Same(id=f"{nth:07}", learned_ns=_T0_NS + nth * NS_PER_S, source="crm", identifiers=pair)


def _site() -> Site:
    return Site.model_validate({"brand": "bench", "stores": [{"name": "s1"}]})


def _fold(gateway: Folding, facts: Iterable[Fact], facts_a_record: int = BATCH) -> float:
    """Fold facts, so many a record, and make them durable; return what that took, s."""
    spent_s, records = 0.0, map(_record, count(gateway.shard.core.pos + 1), _batches(facts, facts_a_record))
    while some := list(islice(records, AT_ONCE)):
        began_s = time.process_time()
        gateway.fold(some)
        spent_s += time.process_time() - began_s
    began_s = time.process_time()
    gateway.checkpoints.write(gateway.shard)
    return spent_s + time.process_time() - began_s


def _record(pos: int, facts: Iterable[Fact]) -> Record:
    return Record(pos, _T0_NS + pos * NS_PER_S, RecordKind.FACTS, "", "", 0, 0, 0, 0, encode_facts(facts))


def _batches(facts: Iterable[Fact], at_once: int = BATCH) -> Iterator[list[Fact]]:
    batch = []
    for each in facts:
        batch.append(each)
        if len(batch) == at_once:
            yield batch
            batch = []
    if batch:
        yield batch
