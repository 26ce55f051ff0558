"""Single points with named fields, one class a measurement, in the order of `gateway.points.schema.SCHEMA`: time, tags, fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from gateway.points.schema import SCHEMA


class PresencePoint(NamedTuple):
    time_ns: int
    agent: str
    kind: str
    store: str
    zone: str
    subject: str
    profile: str
    rssi_dbm: int
    dwell_s: float
    time_quality: str
    time_width_ms: int
    lag_ms: int


class LevelPoint(NamedTuple):
    time_ns: int
    agent: str
    receiver: str
    store: str
    zone: str
    subject: str
    dbm: float


class DwellPoint(NamedTuple):
    time_ns: int
    agent: str
    store: str
    zone: str
    subject: str
    fan: str
    seconds: float
    is_staff: bool
    open: bool
    void: bool
    quality: float
    staff_id: str = ""
    department: str = ""


class VisitPoint(NamedTuple):
    time_ns: int
    agent: str
    store: str
    subject: str
    fan: str
    known: bool
    is_staff: bool
    open: bool
    started_ms: int
    seconds: float
    zones: int
    touches: int
    transactions: int
    amount: float
    void: bool
    merged_into: str
    entries: int
    staff_id: str = ""
    department: str = ""


class DoorPoint(NamedTuple):
    time_ns: int
    agent: str
    door: str
    store: str
    in_: int
    out: int


class OccupancyPoint(NamedTuple):
    time_ns: int
    agent: str
    sensor: str
    store: str
    zone: str
    people: int
    counted: bool


class TouchPoint(NamedTuple):
    time_ns: int
    agent: str
    channel: str
    store: str
    what: str
    zone: str
    subject: str
    fan: str
    ref: str
    staff_id: str
    department: str
    campaign: str
    items: str
    stage: str
    amount: float
    void: bool
    squad: str = ""
    campaigns: str = ""
    code: str = ""
    shared_by: str = ""


class ItemPoint(NamedTuple):
    time_ns: int
    agent: str
    kind: str
    store: str
    zone: str
    epc: str
    sku: str
    from_zone: str
    seconds: float


class TrafficPoint(NamedTuple):
    time_ns: int
    store: str
    in_: int
    out: int
    occupancy: int
    drift: int
    visits_started: int
    visits_open: int
    known_open: int
    visits_closed: int
    dwell_sum_s: float
    transactions: int
    transactions_known: int
    returns: int
    revenue: float
    touches: int
    anonymous_started: int
    anonymous_open: int
    staff_entries: int
    in_staff: int
    passers_by: int


class ZoneTrafficPoint(NamedTuple):
    time_ns: int
    store: str
    zone: str
    entries: int
    exits: int
    present: int
    known_present: int
    dwell_sum_s: float
    dwells: int
    passes: int
    passing_sum_s: float


class OutcomePoint(NamedTuple):
    time_ns: int
    by: str
    store: str
    value: str
    entrants: int
    visitors: int
    identified: int
    known: int
    touched: int
    buyers: int
    buyers_known: int
    buyers_touched: int
    orders: int
    orders_known: int
    sold: float
    given_back: float
    sold_known: float
    given_back_known: float
    revenue_first: float
    orders_first: float
    visits_first: float
    buyers_first: float
    revenue_last: float
    orders_last: float
    visits_last: float
    buyers_last: float
    revenue_equal: float
    orders_equal: float
    visits_equal: float
    buyers_equal: float
    revenue_decayed: float
    orders_decayed: float
    visits_decayed: float
    buyers_decayed: float
    revenue_position: float
    orders_position: float
    visits_position: float
    buyers_position: float
    revenue_owner: float
    orders_owner: float
    visits_owner: float
    buyers_owner: float


class AgentPoint(NamedTuple):
    time_ns: int
    agent: str
    store: str
    uptime_s: float
    spool_frames: int
    clock_width_ms: float
    drift_ppm: float
    sightings: int
    dropped: int


class StorePoint(NamedTuple):
    time_ns: int
    store: str
    title: str
    path: str
    ownership: str
    timezone: str
    day_start: str
    hours: str
    closed: str
    agents: str
    valid_from: str
    valid_to: str
    now: str
    void: bool


class CoveragePoint(NamedTuple):
    time_ns: int
    agent: str
    store: str
    presence: int
    doors: int
    minutes: int


class RevisionPoint(NamedTuple):
    time_ns: int
    of: str
    series: str
    store: str
    point_ns: int
    was: str


class GapPoint(NamedTuple):
    time_ns: int
    agent: str
    store: str
    from_ns: int
    to_ns: int
    rows: int
    reason: str


PointRow = (
    PresencePoint | LevelPoint | DwellPoint | VisitPoint | DoorPoint | OccupancyPoint | TouchPoint | ItemPoint | TrafficPoint
    | ZoneTrafficPoint | OutcomePoint | AgentPoint | StorePoint | CoveragePoint | RevisionPoint | GapPoint
)  # fmt: skip
POINT_ROWS: Final[Mapping[str, type[PointRow]]] = {
    "presence": PresencePoint,
    "level": LevelPoint,
    "dwell": DwellPoint,
    "visit": VisitPoint,
    "door": DoorPoint,
    "occupancy": OccupancyPoint,
    "touch": TouchPoint,
    "item": ItemPoint,
    "traffic": TrafficPoint,
    "zone_traffic": ZoneTrafficPoint,
    "outcome": OutcomePoint,
    "agent": AgentPoint,
    "store": StorePoint,
    "coverage": CoveragePoint,
    "revision": RevisionPoint,
    "gap": GapPoint,
}
"""By measurement; `tests/unit/gateway/points/test_rows.py` holds each to its schema."""
KEY_SIZE: Final = {kind: 1 + len(SCHEMA[measurement].tags) for measurement, kind in POINT_ROWS.items()}
"""So many of its first values, time and tags, identify the point."""
MEASUREMENT: Final = {kind: measurement for measurement, kind in POINT_ROWS.items()}
