"""Journal records: everything that may change what is stored, in the one order in which the fold sees it."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from footfall.dates import AGENT as AGENT
from footfall.dates import BOUNDED as BOUNDED
from footfall.dates import DEVICE as DEVICE
from footfall.dates import EARLIEST_NS as EARLIEST_NS
from footfall.dates import MEASURED as MEASURED
from footfall.dates import RECEIVED as RECEIVED
from footfall.units import NS_PER_DAY

DEVICE_FUTURE_NS: Final = NS_PER_DAY
"""How much later than its arrival an event may be by its publisher's own clock."""
OLD_KEYS: Final = -1
"""Of records that earlier releases journaled: rows count from 0, health and gaps by their position."""


class RecordKind(IntEnum):
    FRAME = 1
    """body: a frame's body."""
    EVENT = 2
    """body: one plain event as normalised JSON, checked and pseudonymised; `seq` is its row number at its publisher."""
    HEALTH = 3
    """body: an agent's health, JSON."""
    TICK = 4
    """Nothing but the time: timeouts go on while everybody is silent."""
    SITE = 5
    """body: the estate from now on, JSON as `gateway.site.recorded` writes and reads it."""
    LINKS = 6
    """body: a JSON array of identity links."""
    NOTE = 8
    """Something that people did, such as a replay from quarantine: kept for the record, of no effect on what is stored."""
    GAP = 7
    """body: JSON of a hole that accept found: from_ns, to_ns, rows, reason."""
    HISTORY = 9
    """body: JSON of `until_ns`: this store's history up to there was made by a gateway whose state is lost, and is not ours."""

    ASIDE = 10
    """In the place of records that cannot be read or folded, from position `seq` to `pos`; never written as such. body: JSON as of GAP."""
    POINTS = 11
    """body: lines of line protocol: points that the database had refused, to be written again."""
    FACTS = 12
    """body: a JSON array of facts about identity, as `gateway.identity.facts_json` writes and reads it."""
    REBUILT = 13
    """body: what a past day of a store came to when it was folded once more, as `gateway.fold.rebuilt` writes and reads it."""


class Record(NamedTuple):
    """`offset_ns` + a row's t_boot_ns is its time.

    `received_ns` never goes back from one record to the next, but at a NOTE that a clock which was ahead was set right.
    """

    pos: int
    received_ns: int
    kind: RecordKind
    store: str
    agent: str
    seq: int
    offset_ns: int
    time_quality: int
    clock_width_ns: int
    """How wide the bounds of `offset_ns` are."""
    body: bytes
    key_base: int = OLD_KEYS
    """What the digits below a point's millisecond begin with: of a frame's rows with a device's own time their numbers count from
    here; health and gaps have these digits themselves."""
