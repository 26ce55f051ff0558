"""A brand's month as plain events and presence, with the truth beside: what each touch was, who was there, which facts are false.

Everything follows from the seed. Times are ms since 1970; `arrives_ms` is when the gateway gets an event, which may be days after.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from simulators.identity.oracle_facts import Visit, ms_of
from simulators.identity.oracle_types import DAY_MS
from simulators.identity.world_people import Person, Population

START_MS: Final = round(datetime(2026, 9, 1, tzinfo=UTC).timestamp() * 1000)
HOUR_MS: Final = DAY_MS // 24
MINUTE_MS: Final = HOUR_MS // 60
SECOND_MS: Final = 1000
OPENS_H: Final = 10
OPEN_H: Final = 10
PERSONS_PER_HANDOVER: Final = 10
"""Each day one in so many borrows something with a tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    fans: int = 5000
    stores: int = 20
    days: int = 30

    @property
    def end_ms(self) -> int:
        return START_MS + self.days * DAY_MS


class Sent(NamedTuple):
    arrives_ms: int
    store: str
    event: dict[str, Any]


class Presence(NamedTuple):
    """`identifier` was heard in a store from a time to a time, carried by a person."""

    store: str
    identifier: str
    from_ms: int
    to_ms: int
    person: int


@dataclass(slots=True)
class World:
    """`actor`: by the id of a touch or of a stated `same`, whose it is in truth.

    `false`: ids of facts that are wrong and were not taken back.
    """

    sizes: Sizes
    population: Population
    sent: list[Sent] = field(default_factory=list)
    presences: list[Presence] = field(default_factory=list)
    actor: dict[str, int] = field(default_factory=dict)
    false: set[str] = field(default_factory=set)
    lent_to: dict[tuple[str, str], list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    """By store and tag: from, to, person, where the desk stated who has it."""
    wrongly_one: list[tuple[int, int]] = field(default_factory=list)
    """Persons who were merged by mistake, which nobody noticed."""

    @property
    def people(self) -> list[Person]:
        return self.population.people

    def tag_holder(self, store: str, tag: str, time_ms: int) -> int:
        """Return the person who is stated to have a store's tag at a time, -1 for nobody."""
        return next((person for from_ms, to_ms, person in self.lent_to.get((store, tag), ()) if from_ms <= time_ms <= to_ms), -1)

    def events(self) -> list[dict[str, Any]]:
        """Return all events, touches with the store in which they were."""
        return [each.event | ({"store": each.store} if each.event["kind"] == "touch" else {}) for each in self.sent]

    def visits(self) -> list[Visit]:
        """Return where and when what identifiers name was heard."""
        return [Visit(each.identifier, each.from_ms, each.to_ms, each.store) for each in self.presences]

    def time_of(self, touch: str) -> int:
        """Return when a touch happened, by its id."""
        return next(ms_of(each.event["time"]) for each in self.sent if each.event["id"] == touch)

    def known_at_start(self) -> list[Sent]:
        return [each for each in self.sent if each.arrives_ms < START_MS]


class Writer:
    """Writes events into a world, with ids of their own and the delays of real systems."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world: Final = world
        self.dice: Final = dice
        self._count = 0

    def touch(
        self, store: str, time_ms: int, what: str, identifiers: list[str], actor: int, late_ms: int | None = None, **values: Any
    ) -> str:
        """Write a touch of a person; return its id. It arrives `late_ms` after it happened, or as late as the dice have it."""
        event_id = self._next("t")
        event = {"kind": "touch", "what": what, "id": event_id, "time": iso(time_ms), "identifiers": [each for each in identifiers if each]}
        arrives_ms = time_ms + (self._delay_ms() if late_ms is None else late_ms)
        self._send(store, arrives_ms, event | {key: value for key, value in values.items() if value not in ("", None)})
        self.world.actor[event_id] = actor
        return event_id

    def fact(self, kind: str, learned_ms: int, **values: Any) -> str:
        """Write a fact that arrives when it was learned; return its id."""
        fact_id = self._next("f")
        event = {
            "kind": "fact",
            "fact": kind,
            "id": fact_id,
            "learned": iso(learned_ms),
            "source": "crm",
            "actor": "import",
            "reason": "simulated",
        }
        self._send(self.store(0), learned_ms, event | values)
        return fact_id

    def void(self, store: str, of: str, time_ms: int) -> None:
        event = {"kind": "void", "id": self._next("v"), "of": of, "time": iso(time_ms), "reason": "wrong card", "actor": "desk"}
        self._send(store, time_ms, event)

    def amend(self, store: str, of: str, time_ms: int, **values: Any) -> None:
        """Write the one amend of a touch."""
        event = {"kind": "amend", "id": self._next("a"), "of": of, "time": iso(time_ms), "set": values, "reason": "typo", "actor": "desk"}
        self._send(store, time_ms, event)

    def store(self, number: int) -> str:
        return f"store{number % self.world.sizes.stores:02d}"

    def _next(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count:07d}"

    def _send(self, store: str, arrives_ms: int, event: dict[str, Any]) -> None:
        self.world.sent.append(Sent(arrives_ms, store, event))

    def _delay_ms(self) -> int:
        """Most arrive at once, some tills are offline for hours, and some files come days later."""
        draw = self.dice.random()
        if draw < 0.85:
            return self.dice.randrange(2 * SECOND_MS, MINUTE_MS)
        return self.dice.randrange(HOUR_MS, 12 * HOUR_MS) if draw < 0.95 else self.dice.randrange(DAY_MS, 6 * DAY_MS)


def settled(sent: Sequence[Sent]) -> list[Sent]:
    """Return events with what amends state in the touches that they amend, which are amended once."""
    amended = {each.event["of"]: each.event["set"] for each in sent if each.event["kind"] == "amend"}
    return [each._replace(event=each.event | amended.get(each.event["id"], {})) for each in sent if each.event["kind"] != "amend"]


def iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
