"""A gateway without sockets and threads: messages through the product's accept and fold, points into sinks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from device_profiles.registry import shipped
from footfall.errors import FootfallError
from footfall.units import NS_PER_MS
from gateway.accept.accept import Acceptor
from gateway.accept.checkpointed_memory import CheckpointedMemory
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message, Messages
from gateway.accept.outcome import TIME_PASSED, Entry
from gateway.fold.fold import Fold
from gateway.fold.state import State
from gateway.identity.facts import Ownership
from gateway.identity.facts_json import encode_facts
from gateway.identity.links import Link, encode_links
from gateway.pipeline.identity_stage import identity_on
from gateway.points import Points
from gateway.records import RecordKind
from gateway.shard import Shard
from gateway.sinks.sink import Sink
from gateway.site import Site
from gateway.site.index import Places
from gateway.site.recorded import RecordedSite, record_site
from gateway.state.ledger import Ledger
from simulators.chain.truth import Owned

WRITE_POINTS: Final = 30_000
"""So many are written at once: a request, or a transaction, costs nearly the same for few."""
LOG: Final = "chain"


class Refused(FootfallError):
    """The gateway did not take what a simulated agent sent: one of them is wrong."""


class InProcessGateway:
    """One shard over all stores. `take` in the order of time, `close` in the end."""

    KEEPS_MEMORY = False
    """Whether checkpoints have what accept remembers."""

    def __init__(
        self, site: Site, pseudonyms: Pseudonymiser, sinks: Sequence[Sink], write_points: int = WRITE_POINTS, ledger: Path | None = None
    ) -> None:
        """So many points are written at once; 0: whatever a batch comes to, as soon as it does. `ledger`: its file; None: in memory."""
        self._site: Final = site
        self._write_points: Final = write_points
        self._sinks: Final = sinks
        self._pseudonyms: Final = pseudonyms
        self._ledger: Final = Ledger(ledger or ":memory:")
        fold = Fold(shipped(), self._ledger, RecordedSite.staff_and_assets, False)
        memory = CheckpointedMemory(LOG)
        messages = Messages(Acceptor(Places(site), memory, pseudonyms))
        self._shard: Final = Shard(messages, fold, memory if self.KEEPS_MEMORY else None, identity_on(self._ledger, None))
        self._waiting: list[Points] = []
        self._position = self._points_waiting = 0
        self.rows = self.frames = self.points = 0

    def start(self, received_ns: int, links: Iterable[Link], owners: Iterable[Owned] = ()) -> None:
        """Put the estate in force, and what the brand knows of its fans: who they are, and who of the staff cares for them."""
        bodies = [(RecordKind.SITE, record_site(self._site, self._pseudonyms.hex_subject)), (RecordKind.LINKS, encode_links(list(links)))]
        if stated := [_ownership(each, received_ns) for each in owners]:
            bodies += [(RecordKind.FACTS, encode_facts(stated))]
        self._fold([Entry(kind, "", "", 0, body) for kind, body in bodies], received_ns)

    def take(self, messages: Sequence[Message], received_ns: int) -> dict[tuple[str, str, str], int]:
        """Take messages and let time pass; return by (store, agent, epoch) up to where frames are receipted. Raise Refused."""
        self._position += 1
        accepted = self._shard.messages.accept(messages, f"{LOG}/{self._position}", received_ns)
        if accepted.refused:
            topic, part = accepted.refused[0]
            raise Refused(f"{topic}: {part.reason}: {part.message}")
        if accepted.pauses_s or accepted.noticed:
            raise Refused(f"agents are asked to pause: {accepted.pauses_s}, {accepted.noticed}")
        self.rows += accepted.counted["in"]
        self.frames += len(messages)
        self._fold([TIME_PASSED, *accepted.entries], received_ns)
        return {key: upto for key, (upto, _) in accepted.receipts.items()}

    @property
    def state(self) -> State:
        """Return what the fold remembers, to be looked at."""
        return self._shard.core.state

    def is_quiet_until(self, until_ns: int) -> bool:
        """Return whether nothing changes while agents report up to a time that they heard nothing."""
        return self._shard.core.quiet_time.lasts_until(until_ns)

    def checkpoint(self) -> None:
        """Let the fold forget what it keeps in memory only until a checkpoint."""
        self._shard.checkpoint({})

    def close(self) -> None:
        """Write what waits."""
        self.flush()
        self._ledger.close()

    def _fold(self, entries: Iterable[Entry], received_ns: int) -> None:
        records = ((each.record(pos, received_ns), each.frame) for pos, each in enumerate(entries, self._shard.core.pos + 1))
        for points in self._shard.fold_alone(records).points:
            self._waiting.append(points)
            self._points_waiting += len(points)
        if self._points_waiting >= self._write_points:
            self.flush()

    def flush(self) -> None:
        """Write the points that wait."""
        for sink in self._sinks:
            sink.write(self._waiting)
        self.points += self._points_waiting
        self._waiting, self._points_waiting = [], 0


def _ownership(owned: Owned, learned_ns: int) -> Ownership:
    event_id, from_ns = f"own-{owned.fan}-{owned.from_ms}", owned.from_ms * NS_PER_MS
    return Ownership(id=event_id, learned_ns=learned_ns, source="crm", fan=owned.fan, staff_id=owned.staff_id, from_ns=from_ns)


class CrashingGateway(InProcessGateway):
    """One that crashes after whatever it takes, before that is durable: it begins again at its last checkpoint, and takes the same again.

    What it wrote before the crash stays written, as in a database that was reached meanwhile.
    """

    KEEPS_MEMORY = True

    def start(self, received_ns: int, links: Iterable[Link], owners: Iterable[Owned] = ()) -> None:
        """Put the estate in force, and make that durable."""
        super().start(received_ns, links, owners)
        self.checkpoint()

    def take(self, messages: Sequence[Message], received_ns: int) -> dict[tuple[str, str, str], int]:
        """Take messages twice, with a crash between; return what the second time gives. Raise Refused."""
        super().take(messages, received_ns)
        self._ledger.roll_back()
        self._shard.restart(self._ledger, self._ledger.state())
        self._position -= 1
        receipts = super().take(messages, received_ns)
        self.checkpoint()
        return receipts
