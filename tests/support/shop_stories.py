"""A shop whose agents hear people: a short story in seconds goes in, points with named fields come out.

    shop = Shop()
    shop.hear(seen("ann", "a", 0), seen("ann", "b", 60, dbm=-40))
    shop.close()
    shop.dwells()        # [Dwell(zone="a", begin_s=0, seconds=..., ...), ...]

The shop has the zones a, b (a fitting room), w and street (outside), and the agents x and y. A visit closes after 300 s of silence. Both
agents report progress with each call, so that what was heard is put in order at once; `late` delivers rows that one agent kept back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from footfall.frames import Kind
from footfall.pseudonyms import TOP_BIT
from gateway.fold.fold import Fold
from gateway.fold.store import FoldStore
from gateway.fold.zones_now import zones_now
from gateway.identity.facts import Fact, InStore, Span, Standing
from gateway.identity.facts_json import encode_facts
from gateway.identity.links import FOR_EVER_NS, Link
from gateway.records import Record, RecordKind
from gateway.shard import IdentityStage
from tests.support import journal_stories as made
from tests.support.journal_stories import Row, Rows, S, Story, new_fold, of, pairs, store

IDLE_S: Final = made.TIMEOUT_S
REENTRY_S: Final = 65.0
"""The store's `reentry_s` is shorter than two rows of one presence may be apart."""
PEOPLE: Final = {"ann": 5, "ben": 7, "cat": 8, "clerk": made.STAFF, "stranger": TOP_BIT | 5}
"""The clerk is staff; the stranger's subject holds for one day and is nobody's."""
AGENTS: Final = {"x": 0, "y": 1}


@dataclass(frozen=True)
class Seen:
    """One row of an agent about a person, `at_s` seconds after the story began."""

    who: str
    zone: str
    at_s: float
    dbm: int
    kind: Kind
    agent: str
    sightings: int = 1


def seen(who: str, zone: str, at_s: float, dbm: int = -60, kind: Kind = Kind.STAY, agent: str = "x", sightings: int = 1) -> Seen:
    return Seen(who, zone, at_s, dbm, kind, agent, sightings)


def left(who: str, zone: str, at_s: float, agent: str = "x") -> Seen:
    """The agent reports that it heard the person there at `at_s` for the last time."""
    return Seen(who, zone, at_s, -60, Kind.EXIT, agent)


class Visit(NamedTuple):
    who: str
    fan: str
    begin_s: float
    seconds: float
    zones: int
    is_open: bool
    is_void: bool
    touches: int
    amount: float
    entries: int


class Dwell(NamedTuple):
    who: str
    zone: str
    fan: str
    begin_s: float
    seconds: float
    is_open: bool


class Touch(NamedTuple):
    what: str
    fan: str
    amount: float
    is_void: bool


class Shop:
    """Everything that was heard so far is folded; `visits`, `dwells`, `touches` and `minute` read what a database would hold."""

    def __init__(self, kept: FoldStore | None = None, variant: int = 0, identity: IdentityStage | None = None) -> None:
        """`variant`: of the estate, see `journal_stories.site_of`; `identity`: the stage, else a plain one."""
        self._story: Final = Story(variant).wait(-made.T0 // S % 60)  # 0 s begins a minute
        self._begin_ns: Final = self._story.now_ns
        self._fold: Final[Fold] = new_fold(kept, identity)
        self._rows: Final[Rows] = {}
        self._taken = 0
        self._now_s = 0.0
        self._settled = False
        self._numbers: Final[Counter[str]] = Counter()

    @property
    def now_s(self) -> float:
        """How long the story has lasted."""
        return self._now_s

    @property
    def position(self) -> int:
        """The position of the last record that was folded."""
        return self._fold.pos

    @property
    def records(self) -> Sequence[Record]:
        """All that was folded, by position."""
        return self._story.records

    def hear(self, *rows: Seen) -> Shop:
        """Deliver the rows, each with a frame that its agent made at that moment; all agents report in afterwards."""
        for row in sorted(rows, key=lambda each: each.at_s):
            self._introduce_agents(row.at_s)
            self._go_to(row.at_s)
            self._story.frame(AGENTS[row.agent], [_row(row)])
        return self._report_in()

    def late(self, *rows: Seen) -> Shop:
        """Deliver rows now that one agent heard earlier, in one frame; every other agent reported later things meanwhile."""
        by_agent: defaultdict[str, list[Seen]] = defaultdict(list)
        for row in rows:
            by_agent[row.agent].append(row)
        for agent, its in by_agent.items():
            self._story.frame(AGENTS[agent], [_row(row, age_s=self._now_s - row.at_s) for row in sorted(its, key=lambda each: each.at_s)])
        return self._report_in()

    def calibrate(self) -> Shop:
        """From now on the shop is calibrated for beacons (`journal_stories.CALIBRATION`)."""
        self._story.site(4)
        return self

    def wait(self, seconds: float) -> Shop:
        """Let time pass in which nobody is heard."""
        end_s = self._now_s + seconds
        while self._now_s < end_s:
            self._go_to(min(end_s, self._now_s + 60))
            self._report_in()
        return self

    def close(self) -> Shop:
        """Wait until everybody has left."""
        return self.wait(2 * IDLE_S + 60)

    def link(self, who: str, fan: str, from_s: float | None = None, to_s: float | None = None, confidence: float = 1.0) -> Shop:
        """State that the person is this fan, within a span if one is given."""
        from_ns = -FOR_EVER_NS if from_s is None else self._ns(from_s)
        to_ns = FOR_EVER_NS if to_s is None else self._ns(to_s)
        self._story.links([Link(f"{PEOPLE[who]:016x}", fan, from_ns, to_ns, "crm", confidence)])
        return self._report_in()

    def know(self, facts: Sequence[Fact]) -> Shop:
        """Take a record of facts."""
        self._story.add(RecordKind.FACTS, encode_facts(facts))
        return self._report_in()

    def stands(
        self, who: str, *spans: tuple[float, float, *tuple[str, ...]], lent: Sequence[float] = (), given_back: Sequence[float] = (),
        in_store: str = "",
    ) -> Shop:  # fmt: skip
        """Give the fold the person's standing: spans as (from_s, to_s, fan), those that begin at `lent` ending with a visit.

        Behind a fan "" may stand who withdrew consent. With `in_store` they hold there alone.
        """
        self._numbers[who] += 1
        found = tuple(Span(self._ns(from_s), self._ns(to_s), *fans) for from_s, to_s, *fans in spans)
        made = Standing(f"{PEOPLE[who]:016x}", self._numbers[who])
        here = InStore(in_store, found, tuple(map(self._ns, lent)), tuple(map(self._ns, given_back)))
        anywhere = made._replace(spans=here.spans, lent=here.lent, given_back=here.given_back)
        self._fold.link([made._replace(in_stores=(here,)) if in_store else anywhere])
        return self._report_in()

    def touch(self, what: str, who: str | None = None, fan: str | None = None, amount: float = 0.0, event_id: str = "t1") -> Shop:
        value: dict[str, Any] = {"kind": "touch", "what": what, "amount": amount, "fan": fan, "id": event_id}
        self._story.touch(0, value, None if who is None else PEOPLE[who])
        return self._report_in()

    def event(self, value: dict[str, Any]) -> Shop:
        """Take a plain event."""
        self._story.event(0, value)
        return self._report_in()

    def void(self, event_id: str) -> Shop:
        self._story.event(0, {"kind": "void", "id": f"void-{event_id}", "of": event_id, "reason": "wrong", "actor": "test"})
        return self._report_in()

    def count(self, entered: int, left: int, event_id: str) -> Shop:
        """People through the door, as a plain event."""
        self._story.event(0, {"kind": "count", "id": event_id, "door": "d", "in": entered, "out": left})
        return self._report_in()

    def checkpoint(self) -> Shop:
        """Make what was folded durable in the store that was given."""
        self._settle()
        self._fold.checkpoint({})
        return self

    def visits(self) -> list[Visit]:
        """Return the visits, void ones included, by their opening event."""
        rows = sorted(self._of("visit"), key=lambda row: row["time_ns"])
        return [
            Visit(_who(row), row["fan"], self._s(row["started_ms"] * 1_000_000), round(row["seconds"], 1), row["zones"], row["open"],
                  row["void"], row["touches"], row["amount"], row["entries"])
            for row in rows
        ]  # fmt: skip

    def standing(self) -> list[Visit]:
        """Return the visits that are not void."""
        return [visit for visit in self.visits() if not visit.is_void]

    def dwells(self) -> list[Dwell]:
        """Return the dwells that are not void, by the time of their point."""
        rows = sorted((row for row in self._of("dwell") if not row["void"]), key=lambda row: row["time_ns"])
        return [Dwell(_who(row), row["zone"], row["fan"], self._s(row["time_ns"]), round(row["seconds"], 1), row["open"]) for row in rows]

    def now(self, who: str) -> tuple[str, float, bool] | None:
        """Return where the person is now, or probably is: the zone, since when, and whether that is decided; None for nowhere."""
        self._settle()
        state = self._fold.state
        found = zones_now(state, np.array(list(state.tracks.chain(PEOPLE[who])), np.int64))
        rows = list(zip(found.zone.tolist(), found.since_ns.tolist(), found.is_decided.tolist(), strict=True))
        return next(((state.estate.zone_name[zone], self._s(since_ns), decided) for zone, since_ns, decided in rows), None)

    def crowds(self) -> Mapping[str, Mapping[str, int]]:
        """Return what the live stream has of the shop's zones."""
        self._settle()
        return next((each.zones for each in self._fold.counters.take() if each.store == "s1"), {})

    def zones_of(self, who: str) -> list[str]:
        """Return the zones that owned the person, one after the other."""
        return [dwell.zone for dwell in self.dwells() if dwell.who == who]

    def touches(self) -> list[Touch]:
        return [Touch(row["what"], row["fan"], row["amount"], row["void"]) for row in self._of("touch")]

    def doors(self) -> list[tuple[int, int]]:
        """Return how many came in and went out, a pair a point."""
        return [(row["in"], row["out"]) for row in self._of("door")]

    def minute(self, at_s: float, zone: str | None = None) -> Mapping[str, float]:
        """Return what differs from 0 in the minute that holds `at_s`: of the store's traffic, or of a zone's."""
        self._settle()
        measurement, minute = ("traffic" if zone is None else "zone_traffic"), self._ns(at_s) // (60 * S)
        found = made.stored_minutes(self._rows, measurement)
        return next((cell for key, cell in found.items() if key[-1] == minute and (zone is None or zone in key)), {})

    def total(self, name: str, zone: str | None = None) -> float:
        """Return the sum of a count over all minutes of the store, or of a zone."""
        minutes = made.stored_minutes(self.rows, "traffic" if zone is None else "zone_traffic")
        return sum(cell.get(name, 0) for key, cell in minutes.items() if zone is None or zone in key)

    @property
    def rows(self) -> Rows:
        """All points that were stored."""
        self._settle()
        return self._rows

    def _introduce_agents(self, at_s: float) -> None:
        """Before anything is heard, so that no row waits for an agent that nobody heard of."""
        if self._taken == 0 and len(self._story.records) == 1:
            self._go_to(at_s - 1)
            self._report_in()

    def _report_in(self) -> Shop:
        """Every agent reports progress twice within two seconds, which closes the fold's batch and moves the watermark."""
        for _ in range(2):
            self._go_to(self._now_s + 0.001)
            for agent in AGENTS.values():
                self._story.frame(agent, [])
        self._settled = False
        return self._take()

    def _settle(self) -> None:
        """Minutes are written with the next batch."""
        if not self._settled:
            self._story.wait(1.1).tick().wait(1.1).tick()
            self._now_s = self._s(self._story.now_ns)
            self._settled = True
            self._take()

    def _take(self) -> Shop:
        records = self._story.records[self._taken :]
        store(self._fold.apply(pairs(records)), self._rows)
        self._taken = len(self._story.records)
        return self

    def _of(self, measurement: str) -> list[dict[str, Any]]:
        self._settle()
        return of(self._rows, measurement)

    def _go_to(self, at_s: float) -> None:
        if at_s > self._now_s or self._taken == 0:
            self._story.wait(at_s - self._now_s)
            self._now_s = at_s

    def _ns(self, at_s: float) -> int:
        return self._begin_ns + round(at_s * S)

    def _s(self, time_ns: int) -> float:
        return round((time_ns - self._begin_ns) / S, 1)


_NAMES: Final = {f"{subject:016x}": name for name, subject in PEOPLE.items()}


def _who(row: Mapping[str, Any]) -> str:
    return _NAMES[row["subject"]]


def _row(row: Seen, age_s: float = 0.0) -> Row:
    zones: Sequence[str] = made.AGENTS[AGENTS[row.agent]][2]
    return Row(row.kind, PEOPLE[row.who], zones.index(row.zone), age_s, row.dbm, count=row.sightings)
