"""What happened in the chain, whoever knows of it: one row a fact. Times are ms since 1970, UTC; floats hold the money exactly."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Passing(NamedTuple):
    """People who went through a door together; `counted`: the counter was alive."""

    store: str
    door: str
    time_ms: int
    entered: int
    left: int
    counted: bool


class Dwell(NamedTuple):
    """Somebody was heard in a zone, from the first to the last row about it. `fan`: whom the brand can know by the dwell's beginning."""

    store: str
    zone: str
    subject: int
    fan: str
    is_staff: bool
    from_ms: int
    to_ms: int


class Visit(NamedTuple):
    """Somebody was heard in a store without a silence of half an hour; `zones`: how many different ones."""

    store: str
    subject: int
    fan: str
    is_staff: bool
    from_ms: int
    to_ms: int
    zones: int


class Touch(NamedTuple):
    """An interaction; `fan`: whom its card names, if the brand knows that card by then. `is_void`: it was taken back.

    `what` is `handback` of what was rented: its `card` is the tag, and the till states a return.
    """

    store: str
    time_ms: int
    what: str
    zone: str
    fan: str
    card: str
    staff_id: str
    department: str
    channel: str
    campaign: str
    items: tuple[tuple[str, int], ...]
    amount: float
    event_id: str
    is_void: bool
    squad: str = ""
    """That of its staff in site.toml: the event itself does not state it."""
    ref: str = ""
    """The number of the receipt: a return with it is of that sale."""
    code: str = ""
    shared_by: str = ""
    campaigns: tuple[str, ...] = ()
    """All of several, of which `campaign` is the first."""
    came_by: str = ""
    """Whose share it is by which somebody came, however the till states that: the name of that person, whom the brand may not know."""


class ItemEvent(NamedTuple):
    """What happened to a piece of goods, as `item` has it."""

    store: str
    time_ms: int
    kind: str
    zone: str
    from_zone: str
    epc: str
    sku: str
    seconds: float


class Unobserved(NamedTuple):
    """A span in which a box did not do a task (doors or presence), though it was switched on."""

    store: str
    agent: str
    task: str
    from_ms: int
    to_ms: int


class Owned(NamedTuple):
    """Who of the staff cares for a fan from a time on, until the next; department and squad are theirs."""

    fan: str
    from_ms: int
    staff_id: str
    department: str
    squad: str


@dataclass
class Truth:
    """All facts, in the order of their making: by day and store."""

    passings: list[Passing] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    dwells: list[Dwell] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    items: list[ItemEvent] = field(default_factory=list)
    unobserved: list[Unobserved] = field(default_factory=list)
    owners: list[Owned] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write one JSON object a line: `kind` and the fields of its row."""
        with path.open("w", encoding="utf-8") as file:
            for kind, rows in self._tables():
                for row in rows:
                    file.write(json.dumps({"kind": kind, **row._asdict()}, ensure_ascii=False) + "\n")

    def _tables(self) -> Iterable[tuple[str, list[Any]]]:
        return (("passing", self.passings), ("visit", self.visits), ("dwell", self.dwells), ("touch", self.touches),
                ("item", self.items), ("unobserved", self.unobserved), ("owner", self.owners))  # fmt: skip
