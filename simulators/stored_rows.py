"""What the database holds of stores that are scored. Times in ns since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StoredVisit:
    """A row of `visit` that is not void."""

    store: str
    subject: str
    fan: str
    is_staff: bool
    open: bool
    from_ns: int
    to_ns: int
    entries: int | None = None
    """How often they came in; None where that is not stored."""


@dataclass(frozen=True, slots=True)
class StoredDwell:
    """A row of `dwell` that is not void."""

    store: str
    zone: str
    subject: str
    from_ns: int
    to_ns: int
    fan: str = ""
    is_staff: bool = False
    open: bool = False
    decided_ns: int | None = None
    """Evidence up to it was needed to store the dwell; None where that is not known: a database does not keep it."""
    quality: float = -1.0
    """How good the evidence of its zone is, 0 to 1; -1: nobody knows."""


@dataclass(frozen=True, slots=True)
class StoredMinute:
    """A row of `traffic`."""

    store: str
    t_ns: int
    entered: int
    left: int
    transactions: int


@dataclass(frozen=True, slots=True)
class StoredZoneMinute:
    """A row of `zone_traffic`: what ended in this minute. `stays` are without passes."""

    store: str
    zone: str
    t_ns: int
    stays: int
    passes: int
    stay_s: float


@dataclass(slots=True)
class Stored:
    """What the database holds of the stores and the span to be scored."""

    visits: list[StoredVisit] = field(default_factory=list)
    dwells: list[StoredDwell] = field(default_factory=list)
    minutes: list[StoredMinute] = field(default_factory=list)
    zone_minutes: list[StoredZoneMinute] = field(default_factory=list)
