"""One measurement of one tree, as a process of its own: `python child.py TREE INPUT`, with TREE first in PYTHONPATH.

Writes one JSON object to stdout: CPU seconds in all and by stage, and a digest of the work, by which the caller sees that both trees
did the same. It runs on releases whose modules and classes had other names: `EITHER` lists those, newest first.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import inspect
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgpack

EITHER: Final[Mapping[str, tuple[str, ...]]] = {
    "Acceptor": ("gateway.accept.accept:Acceptor",),
    "Agent": ("edge_agent.agent:EdgeAgent", "edge_agent.agent:Agent"),
    "AgentSettings": ("edge_agent.config:AgentSettings",),
    "DayKeys": ("gateway.state.day_keys:DayKeys", "gateway.daykeys:DayKeys"),
    "Entry": ("gateway.accept.outcome:Entry", "gateway.accept.accept:Entry"),
    "Fold": ("gateway.fold.fold:Fold",),
    "FoldWorker": ("gateway.pipeline.fold_worker:FoldWorker", "gateway.pipeline.fold_worker:Folding", "gateway.folding:Folding"),
    "Ingest": ("gateway.pipeline.ingest:Ingest", "gateway.pipeline.ingest:Intake", "gateway.intake:Intake"),
    "Journal": ("gateway.state.journal:Journal", "gateway.journal:Journal"),
    "Ledger": ("gateway.state.ledger:Ledger", "gateway.ledger:Ledger"),
    "Message": ("gateway.accept.messages:Message", "gateway.pipeline.ingest:Arrived", "gateway.intake:Arrived"),
    "Messages": ("gateway.accept.messages:Messages",),
    "Moment": ("edge_agent.clock:Moment",),
    "Outbox": ("gateway.pipeline.outbox:Outbox", "gateway.outbox:Outbox"),
    "Places": ("gateway.site.index:Places", "gateway.accept.site_index:Places", "gateway.accept.places:Places"),
    "Points": ("gateway.points:Points",),
    "Pseudonymiser": ("gateway.accept.events:Pseudonymiser", "gateway.accept.plain:Pseudonymiser"),
    "Quarantine": ("gateway.state.quarantine.store:Quarantine", "gateway.quarantine.store:Quarantine"),
    "RecordKind": ("gateway.records:RecordKind",),
    "RecordQueue": (
        "gateway.pipeline.record_queue:RecordQueue", "gateway.pipeline.record_queue:HandOver", "gateway.hand_over:HandOver",
        "gateway.folding:HandOver",
    ),
    "Shard": ("gateway.shard:Shard",),
    "Sighting": ("edge_agent.sources.source:Sighting",),
    "Site": ("gateway.site:Site",),
    "SystemClock": ("edge_agent.clock:SystemClock",),
    "check": ("footfall.config:check",),
    "concat": ("gateway.points:concat", "gateway.points:together"),
    "identity_on": ("gateway.pipeline.identity_stage:identity_on",),
    "encode": ("gateway.sinks.influxdb.line_protocol:encode", "gateway.sinks.lines:encode"),
    "profiles": ("device_profiles.registry:shipped",),
    "record_site": ("gateway.site.recorded:record_site", "gateway.recorded_site:record_site"),
}  # fmt: skip
"""`module:name` of what is measured, the present name first."""
OURS: Final = frozenset({"footfall", "gateway", "edge_agent", "device_profiles"})
BRAND_SECRET: Final = b"a secret of the benchmark's brand"
AGENT_KEY: Final = "6b" * 32


class Missing(LookupError):
    """The tree has none of the names: `EITHER` lacks the present one."""


def either(name: str) -> Any:
    """Return what the tree calls by one of the names of `EITHER`. Raise Missing if it has none."""
    for spelling in EITHER[name]:
        module, _, attribute = spelling.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise
        except AttributeError:
            continue
    raise Missing(f"none of {', '.join(EITHER[name])} is there: add its present name to benchmarks/pairs/child.py")


def _known(function: Callable[..., Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a function of this release takes, by the names of its parameters."""
    return {name: given[name] for name in inspect.signature(function).parameters if name in given}


def _no_news(*what: object) -> None:
    """Nobody is shown what came."""


class Stages:
    """CPU time by stage, in seconds of all threads."""

    def __init__(self) -> None:
        self.cpu_s: Final[Counter[str]] = Counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        before_s = time.process_time()
        yield
        self.cpu_s[name] += time.process_time() - before_s  # type: ignore[assignment] # a Counter of floats adds as well


class GatewayInside:
    """A gateway without network and threads: its own classes, called in turn."""

    def __init__(self, folder: Path, site_json: bytes, stages: Stages) -> None:
        site = either("Site").model_validate_json(site_json)
        self._journal = either("Journal")(folder / "journal.db")
        self._ledger = either("Ledger")(folder / "ledger.db")
        fold = either("Fold")(either("profiles")(), self._ledger, lambda site: (set(), set()), True)
        self._outbox, queue = either("Outbox")(256 << 20), either("RecordQueue")()
        accept = either("Acceptor")(either("Places")(site), self._journal, either("Pseudonymiser")(BRAND_SECRET))
        try:
            accept = either("Messages")(accept)
            fold = either("Shard")(accept, fold, **self._identity())
        except Missing:  # before accept and fold were the halves of a shard, the workers drove them themselves
            pass
        given = {
            "shard": fold, "fold": fold, "ledger": self._ledger, "journal": either("Journal")(folder / "journal.db"),
            "outbox": self._outbox, "points": self._outbox, "record_queue": queue, "hand_over": queue, "records": queue,
            "news": _no_news, "on_folded": _no_news, "timeout_s": 0.0,
        }  # fmt: skip
        self._worker = either("FoldWorker")(**_known(either("FoldWorker"), given))
        self._turn: Final = partial(self._worker.turn, **_known(self._worker.turn, given))
        self._ingest = either("Ingest")(
            accept, self._journal,
            either("Quarantine")(folder / "quarantine.db"), either("DayKeys")(folder / "keys.db", site), self._receipt, queue.put,
        )  # fmt: skip
        self._message, self._concat, self._encode = either("Message"), either("concat"), either("encode")
        self._columns = either("Points").columns
        self._stages: Final = stages
        self.bodies: list[bytes] = []
        self.receipts = 0
        self._time_commits()
        self._journal_site(site, queue)

    def _identity(self) -> Mapping[str, Any]:
        """Return the stage that works out who is who; before there was one, the fold did that itself."""
        try:
            return {"identity": either("identity_on")(self._ledger, BRAND_SECRET)}
        except Missing:
            return {}

    def _receipt(self, topic: str, payload: bytes) -> None:
        self.receipts += 1

    def _time_commits(self) -> None:
        """Separate accept from journal: both happen in one call."""
        commit = self._journal.commit

        def timed(*arguments: Any, **named: Any) -> Any:
            with self._stages.stage("journal"):
                return commit(*arguments, **named)

        self._journal.commit = timed

    def _journal_site(self, site: Any, queue: Any) -> None:
        try:
            recorded = either("record_site")(site)
        except Missing:
            recorded = site.model_dump_json().encode()
        entry = either("Entry")(either("RecordKind").SITE, "", "", 0, recorded)
        records = self._journal.commit([(1, entry)], {})
        queue.put([(record, None) for record in records])

    def take(self, now_ns: int, messages: list[tuple[str, bytes]]) -> None:
        arrived = [self._message(topic, payload) for topic, payload in messages]
        with self._stages.stage("accept"):
            self._ingest.take(arrived, now_ns)

    def fold(self) -> None:
        with self._stages.stage("fold"):
            while self._turn():
                pass

    def checkpoint(self) -> None:
        with self._stages.stage("checkpoint"):
            self._worker.checkpoint()

    def write(self) -> None:
        """Encode what waits as the sink does: points of one measurement together."""
        with self._stages.stage("lines"):
            while batches := self._outbox.peek(0.0):
                by_columns: dict[Any, list[Any]] = {}
                for points in (points for batch in batches for points in batch.points if len(points)):
                    by_columns.setdefault(self._columns(points), []).append(points)
                self.bodies += [self._encode(self._concat(alike)) for alike in by_columns.values()]
                self._outbox.done(len(batches), 0)


def run_gateway(work: Any, stages: Stages, folder: Path) -> dict[str, Any]:
    """Messages in batches, as the ingest stage's thread takes them; the fold after some of them, a checkpoint where the input has one."""
    gateway = GatewayInside(folder, work["site"], stages)
    gateway.fold()
    stages.cpu_s.clear()
    settle()
    with stages.stage("all"):
        for number, (now_ns, messages, checkpoint) in enumerate(work["batches"], 1):
            gateway.take(now_ns, messages)
            if number % work["fold_every"] == 0 or checkpoint:
                gateway.fold()
                gateway.write()
            if checkpoint:
                gateway.checkpoint()
        gateway.fold()
        gateway.write()
    stages.cpu_s["accept"] -= stages.cpu_s["journal"]
    return {"digest": digest(gateway.bodies), "receipts": gateway.receipts}


def run_agent(work: Any, stages: Stages, folder: Path) -> dict[str, Any]:
    """Sightings through the agent's core into rows, frames and the spool on disk."""
    (folder / "keys.toml").write_text(f'ibeacon = "{AGENT_KEY}"\n')
    source = {"kind": "ble", "name": "ble", "receivers": {"r1": "door", "r2": "shelf"}, "adapters": {"r1": "hci0", "r2": "hci1"}}
    settings = {
        "store": "s", "agent": "a", "spool": {"path": str(folder / "spool.sqlite")}, "keys": {"file": str(folder / "keys.toml")},
        "sources": [source],
    }  # fmt: skip
    agent = either("Agent")(either("check")(settings, either("AgentSettings"), "the benchmark"), either("SystemClock")())
    sighting, moment, rows = either("Sighting"), either("Moment"), 0
    settle()
    with stages.stage("all"):
        for t_ns, heard in work["seconds"]:
            with stages.stage("presence"):
                for receiver, identifier, rssi_dbm in heard:
                    agent.core.hear(sighting(t_ns, receiver, "ibeacon", identifier, rssi_dbm))
                bodies = agent.core.tick(moment(t_ns, t_ns, True))
            rows += sum(map(len, bodies))
            with stages.stage("spool"):
                agent.spool.append(bodies)
                epoch = agent.spool.sending()
                agent.spool.mark(epoch.name, epoch.last, t_ns)
    agent.spool.close()
    return {"digest": {"rows": (rows, "")}, "receipts": 0}


def settle() -> None:
    """What is there by now is no garbage; the collector runs as seldom as it does in the gateway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def digest(bodies: list[bytes]) -> dict[str, tuple[int, str]]:
    """Return lines and a hash of them by measurement, whatever their order."""
    count: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for line in (line for body in bodies for line in body.split(b"\n") if line):
        name = line[: line.index(b",")].decode()
        count[name] += 1
        total[name] += int.from_bytes(hashlib.blake2b(line, digest_size=8).digest(), "big")
    return {name: (count[name], f"{total[name] & (1 << 64) - 1:016x}") for name in sorted(count)}


def leave_installed() -> None:
    """Remove the finders of editable installs, which would give a module that the tree lacks from another tree."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]


def check_tree(tree: Path) -> None:
    """Exit with an error if any of the modules that were measured is not the tree's."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name.partition(".")[0] in OURS and path and not Path(path).resolve().is_relative_to(tree):
            sys.exit(f"{name} comes from {path}, not from {tree}")
    if not OURS & sys.modules.keys():
        sys.exit(f"nothing of {tree} was loaded")


def main() -> None:
    tree, source = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    leave_installed()
    work, stages = msgpack.unpackb(source.read_bytes(), use_list=False, strict_map_key=False), Stages()
    with tempfile.TemporaryDirectory(prefix="footfall-pairs.") as folder:
        run = run_agent if "seconds" in work else run_gateway
        found = run(work, stages, Path(folder))
    check_tree(tree)
    total_s = stages.cpu_s.pop("all")
    print(json.dumps({"cpu_s": total_s, "stages_s": dict(stages.cpu_s), **found}))


if __name__ == "__main__":
    main()
