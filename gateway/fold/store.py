"""The store behind the fold: visits, dwells, touches, counts, links, claimed places of points and minutes that left memory.

The fold writes and reads through this protocol alone. `gateway.state.ledger` keeps it in SQLite; `tests/conformance/test_fold_store.py`
holds every implementation to the same laws: what was saved is found at once, and the later version of a row replaces the earlier one.
What came after the last checkpoint is gone when the process is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from gateway.identity.facts import FOR_EVER_NS, Fact, Standing

KEEP_DAYS: Final = 400
UNKNOWN_PERCENT: Final = -100
ROWS_AT_ONCE: Final = 4096
"""So many rows of a large batch are spelled out in memory at a time."""


class VisitRow(NamedTuple):
    """One segment of a visit. Key: subject, store, key_ns, agent."""

    subject: str
    """16 hex digits."""
    store: str
    key_ns: int
    """When its point is stored: the opening event."""
    agent: str
    start_ns: int
    last_ns: int
    zones: int
    """A bit a zone, as a signed 64-bit integer."""
    staff: int
    open: int
    fan: str
    grouped: int
    """Whether it is one with other segments of its fan."""
    counted: str
    """JSON of what it contributes to `traffic`; "" if nothing."""
    absences: str = ""
    """JSON of when its subject was away so long that it came in again, as [from_ns, to_ns] each; "" if never."""
    part_of_ns: int = 0
    """The key of the segment of which it is a part, since its subject passed from one to another meanwhile; 0: it is a whole one."""


def is_visit(row: VisitRow) -> bool:
    """Return whether a row is a visit's: without a zone it is a pass (gateway.fold.passers)."""
    return row.zones != 0


class DwellRow(NamedTuple):
    """Key: subject, store, key_ns, agent, zone."""

    subject: str
    store: str
    zone: str
    key_ns: int
    agent: str
    start_ns: int
    last_ns: int
    staff: int
    open: int
    fan: str
    quality: int = UNKNOWN_PERCENT
    """How good the evidence of the zone is, in percent; UNKNOWN_PERCENT in rows of earlier releases."""
    part_of_ns: int = 0
    """The key of the dwell of which it is a part, since its subject passed from one to another meanwhile; 0: it is a whole one."""


class TouchRow(NamedTuple):
    """Key: store, agent, row."""

    store: str
    agent: str
    row: int
    """Its number at its publisher."""
    time_ns: int
    key_ns: int
    id: str | None
    """As its publisher names the event; None if it does not."""
    subject: str
    """Of its first identifier, 16 hex digits; "" if it has none."""
    fan: str
    given_fan: str
    """The fan that the event itself names."""
    void: int
    body: str
    """The event as it was journaled, JSON."""


class TouchNameRow(NamedTuple):
    """A name of a touch beside its first identifier. Key: all but time_ns."""

    name: str
    """Another subject in hex, "ref:<ref>", or "fan:<id>" of the fan that it names itself."""
    store: str
    agent: str
    row: int
    time_ns: int


class CountRow(NamedTuple):
    """People through a door, counted by a plain event. Key: id."""

    id: str | None
    """Of counts without one, the latest only: nobody can void them."""
    store: str
    agent: str
    door: str
    key_ns: int
    entered: int
    left: int
    inner: int = -1
    """Whether its door was an inner one when it was counted, 0 or 1; -1: of a release that did not keep it."""


class CorrectionRow(NamedTuple):
    """A void or an amend. Key: of, store, agent, row."""

    of: str
    """The id of the event that it corrects."""
    store: str
    agent: str
    row: int
    """Its number at its publisher."""
    kind: str
    time_ns: int
    waits: int
    """1 while its event has not come, 2 of one that does not fit it; see `gateway.fold.amends`."""
    body: str
    """The correction as it was journaled, JSON."""


class LinkRow(NamedTuple):
    """A link as stores of earlier releases have it. Key: all but confidence; see `gateway.identity.links.Link`."""

    subject: str
    fan: str
    from_ns: int
    to_ns: int
    source: str
    confidence: float


class Claim(NamedTuple):
    """The place of a point, and what of; `number` counts claims. Key: owner, key_ns."""

    owner: int
    key_ns: int
    content: int
    number: int


class FoldStore(Protocol):
    """Spans include both ends. Only the fold's thread calls it."""

    def save_visits(self, rows: Iterable[VisitRow]) -> None:
        """Write segments; each replaces the one of its key."""

    def visits(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return the subject's visits in a store that touch the span, by key."""

    def visits_of(self, subject: str) -> list[VisitRow]:
        """Return all of the subject's visits, by store and key."""

    def visits_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return the fan's visits in a store that touch the span, in no order."""

    def visits_between(self, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return a store's visits whose key is from `from_ns` to before `to_ns`, in no order."""

    def visits_of_fans(self, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        """Return a store's visits of fans, provisional ones too, that begin from `from_ns` to before `to_ns`, in no order."""

    def delete_visits(self, rows: Iterable[VisitRow]) -> None:
        """Forget the visits that have the keys of these."""

    def stores_of(self, subject: str) -> list[str]:
        """Return the stores that have visits of the subject."""

    def save_dwells(self, rows: Iterable[DwellRow]) -> None:
        """Write dwells; each replaces the one of its key."""

    def dwells(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        """Return the subject's dwells in a store that touch the span, by key."""

    def dwells_touching(self, subject: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        """Return the subject's dwells in all stores that touch the span, by store and key."""

    def dwells_of_parts(self, subject: str, store: str, part_of_ns: int) -> list[DwellRow]:
        """Return the rows of a subject in a store that are parts of a dwell with this key, in no order."""

    def has_dwells(self, subject: str) -> bool:
        """Return whether there is a dwell of the subject in any store."""

    def dwells_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        """Return the fan's dwells in a store that touch the span, in no order."""

    def delete_dwells(self, rows: Iterable[DwellRow]) -> None:
        """Forget the dwells that have the keys of these."""

    def dwell_end(self, subject: str, store: str, time_ns: int) -> int:
        """Return until when a dwell of the subject lasts that covers the time, in ns; 0 if none does."""

    def save_touches(self, rows: Iterable[TouchRow], names: Iterable[TouchNameRow] = ()) -> None:
        """Write touches, each in place of the one of its key, and names of theirs beside the first subject."""

    def touches_of(self, name: str, from_ns: int = -FOR_EVER_NS, to_ns: int = FOR_EVER_NS) -> list[TouchRow]:
        """Return the touches of the span that have a name: a subject, "ref:<ref>" or "fan:<id>"; by store, agent and row."""

    def names_with_rows(self, names: Collection[str]) -> set[str]:
        """Return those of these names that a visit, a dwell or a touch bears."""

    def touches_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[TouchRow]:
        """Return those in the span that are not void, by time."""

    def touches_between(self, store: str, from_ns: int, to_ns: int) -> list[TouchRow]:
        """Return a store's touches from `from_ns` to before `to_ns` that are not void, by time."""

    def touches_since(self, fan: str, from_ns: int) -> list[TouchRow]:
        """Return a fan's touches in all stores from a time on that are not void, by time."""

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return the facts that bear any of these names, without what touches state; none where identity is kept elsewhere."""

    def touch_by_id(self, event_id: str) -> TouchRow | None: ...
    def touch_by_key(self, store: str, agent: str, key_ns: int) -> TouchRow | None: ...

    def save_count(self, row: CountRow) -> None: ...
    def count_by_id(self, event_id: str) -> CountRow | None: ...

    def save_corrections(self, rows: Iterable[CorrectionRow]) -> None:
        """Write corrections; each replaces the one of its key."""

    def corrections_of(self, event_id: str) -> list[CorrectionRow]:
        """Return those of an event, in no order."""

    def waiting_corrections(self) -> list[CorrectionRow]:
        """Return those whose event has not come, in no order."""

    def adjustments(self) -> list[CorrectionRow]:
        """Return the adjustments of doors, in no order."""

    def save_standings(self, standings: Iterable[Standing]) -> None:
        """Write standings, each in place of the one of its name, and whose its name is."""

    def standing(self, name: str) -> Standing | None: ...
    def standings_saved(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Return what `standing` does of each of these names that has one: of many it takes a fraction of the time."""

    def subjects_of(self, fan: str) -> list[str]:
        """Return every subject of which a standing had a span of the fan, sorted."""

    def names_with_standing(self) -> Iterator[str]:
        """Yield every name that has a standing."""

    def lent_subjects(self) -> list[str]:
        """Return the subjects of whose standing something is lent."""

    def subjects_that_may_pass(self) -> list[str]:
        """Return the subjects of whose standing something is lent, or that has several spans; others, too, if it likes."""

    def withdrawn_subjects(self) -> list[str]:
        """Return the subjects of whose standing a span is nobody's, since consent is withdrawn."""

    def claim_all(self, claims: Sequence[Claim]) -> bool:
        """Claim places that are all free, and return True; return False, and change nothing, if one is not."""

    def claimed(self, owner: int, key_ns: int) -> Claim | None: ...
    def claim(self, claim: Claim) -> None:
        """Claim a place, whoever had it."""

    def forget_claims(self, up_to_number: int) -> None: ...

    def load_cell(self, table: str, owner: int, minute: int) -> Sequence[Any] | None: ...
    def load_cell_before(self, table: str, owner: int, minute: int) -> tuple[int, Sequence[float]] | None:
        """Return the nearest earlier minute and its cell."""

    def load_cells(self, table: str, owner: int, first: int, last: int) -> dict[int, Sequence[Any]]:
        """Return the cells of the span, both ends included, by minute."""

    def cell_minutes(self, table: str, owner: int, first: int, last: int) -> list[int]:
        """Return the minutes of the span that have a cell, in no order."""

    def save_cells(self, table: str, cells: Sequence[tuple[int, int, Sequence[Any]]]) -> None:
        """Keep cells as (owner, minute, values)."""

    def checkpoint(self, state: Iterable[tuple[str, bytes]]) -> None:
        """Make all that was saved durable in one transaction, together with the named parts of the fold's own state."""

    def prune(self, before_ns: int) -> None:
        """Forget visits and dwells that ended before a time, and touches, counts and cells of before; links stay."""
