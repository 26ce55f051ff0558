"""Journals made of short stories, what folding them stores, and what must be stored, worked out the slow way."""

from __future__ import annotations

import json
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

from device_profiles.registry import shipped
from footfall.frames import COLUMNS, Body, Kind, decode_body, encode_body
from footfall.pseudonyms import TOP_BIT, is_day_subject
from gateway.accept.events import Pseudonymiser
from gateway.fold.fold import Fold
from gateway.fold.store import FoldStore
from gateway.identity.links import Link, encode_links
from gateway.points import SCHEMA, Coded, Points
from gateway.records import Record, RecordKind
from gateway.shard import IdentityStage
from gateway.site import Site
from gateway.site.index import Places
from gateway.site.recorded import record_site
from tests.support.accept_inputs import plain_of
from tests.support.fan_stays import stays_of
from tests.support.memory_fold_store import MemoryStore
from tests.support.plain_identity import PlainIdentity

S = 1_000_000_000
MINUTE = 60 * S
T0 = 1_780_000_000 * S
TIMEOUT_S = 300.0
REENTRY_S = 60.0
ENTRANCE_DBM = -70.0
STAFF = 3
SUBJECTS = (5, 7, 8, STAFF, TOP_BIT | 5)
"""Lasting ones, one that is staff's, one of the day."""
FANS = ("fan-1", "fan-2", "fan-3")
PROFILES = ("ibeacon", "ble-tag", "door-counter", "ble-anonymous", "from-tomorrow", "garment-tag")
GOODS = {11: "epc-1", 12: "epc-2", 13: "epc-3", TOP_BIT | 11: "epc-1"}
"""Subjects of goods; one item has another under the key of the day."""
_PSEUDONYMS = Pseudonymiser(b"a brand's secret, for tests only")


def pseudonym(identifier: str) -> str:
    """The subject that plain events of stories have for an identifier, in hex."""
    return _PSEUDONYMS.hex_subject(identifier)


CALIBRATION: Final = {"profile": "ibeacon", "offset_db": {"a": -12}, "margin_db": 1.0, "confirm_s": 4.0, "back_s": 2.0}


def site_of(variant: int = 0) -> Site:
    """The estate, and what it becomes.

    1: a zone is outside now, timeouts differ; 2: the second store is gone; 3: w lies between what hears a and b; 4: the first store is
    calibrated; 5: the levels of a and b are the mean power of x and y; 6: one comes
    from a to b by w alone; 7: who is heard in the first store below ENTRANCE_DBM is not inside.
    """
    zones = [{"name": "a"}, {"name": "b", "type": "fitting"}, {"name": "street", "type": "outside"}, {"name": "w"}]
    first = {
        "name": "s1", "timezone": "Asia/Shanghai", "zones": zones, "doors": ["d"], "agents": [{"name": "x"}, {"name": "y"}],
        "idle_timeout_s": TIMEOUT_S, "reentry_s": REENTRY_S, "tried_s": 10, "opens": "04:00", "closes": "05:00",
    }  # fmt: skip
    second = {"name": "s2", "timezone": "America/St_Johns", "zones": [{"name": "c"}], "doors": ["e"], "agents": [{"name": "z"}],
              "idle_timeout_s": 2 * TIMEOUT_S}  # fmt: skip
    if variant == 1:
        first |= {"zones": [*zones[:1], {"name": "b", "type": "outside"}, *zones[2:]], "idle_timeout_s": TIMEOUT_S / 2}
    if variant == 3:
        heard = {"a": (-55, -75), "w": (-65, -65), "b": (-75, -55)}
        first |= {"areas": [{"zone": zone, "profile": "ibeacon", "level_dbm": {"a": a, "b": b}} for zone, (a, b) in heard.items()]}
    if variant == 4:
        first |= {"calibrations": [CALIBRATION]}
    if variant == 7:
        first |= {"zones": [zone | {"entrance_dbm": ENTRANCE_DBM} for zone in zones]}
    if variant == 5:
        first |= {"zones": [zone | {"rule": "mean_power"} for zone in zones[:2]] + zones[2:]}
    if variant == 6:
        first |= {"zones": [*zones[:3], {"name": "w", "next_to": ["a", "b"]}]}
    return Site.model_validate({"brand": "b", "stores": [first] if variant == 2 else [first, second]})


AGENTS = (("x", "s1", ("a", "b", "street", "d", "w")), ("y", "s1", ("b", "a", "street", "d")), ("z", "s2", ("c", "c2", "e", "e")))


@dataclass(frozen=True)
class Row:
    """`age_s` before the frame was made; `place` an index into the agent's zones."""

    kind: int
    subject: int = 0
    place: int = 0
    age_s: float = 0.0
    rssi_dbm: int = -60
    profile: int = 0
    count: int = 1
    value: float = 0.0
    extra: tuple[tuple[str, str], ...] = ()


class Story:
    """Writes records; `now_ns` is the gateway's time."""

    def __init__(self, variant: int = 0) -> None:
        self.now_ns = T0
        self.records: list[Record] = []
        self._rows: defaultdict[str, int] = defaultdict(int)
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self._places = Places(site_of())
        self.site(variant)

    def knows(self, site: Site) -> Story:
        """Plain events name what this site has; records of it are added apart."""
        self._places = Places(site)
        return self

    def __repr__(self) -> str:
        """What is in it, for people who look at a failure."""
        return "\n".join(["", *(_shown(record) for record in self.records)])

    def wait(self, seconds: float) -> Story:
        self.now_ns += round(seconds * S)
        return self

    def add(self, kind: RecordKind, body: bytes = b"", store: str = "", agent: str = "", seq: int = 0, offset_ns: int = 0) -> Story:
        received_ns = max(self.now_ns, self.records[-1].received_ns + 1 if self.records else 0)
        self.records.append(Record(len(self.records) + 1, received_ns, kind, store, agent, seq, offset_ns, 0, 10**6, body))
        return self

    def site(self, variant: int) -> Story:
        return self.add(RecordKind.SITE, record_site(site_of(variant)))

    def tick(self) -> Story:
        return self.add(RecordKind.TICK)

    def frame(self, agent: int, rows: Sequence[Row], lag_s: float = 0.0, key_id: int = 1) -> Story:
        """`lag_s`: how long ago the frame was made."""
        name, store, zones = AGENTS[agent]
        made_ns = self.now_ns - round(lag_s * S)
        columns = {
            "kind": [row.kind for row in rows],
            "t_boot_ns": [made_ns - T0 + 10**15 - round(row.age_s * S) for row in rows],
            "subject": [0 if row.kind in (Kind.IN, Kind.OUT) else row.subject for row in rows],
            "zone": [(2 if agent == 2 else 3) if row.kind in (Kind.IN, Kind.OUT) else row.place for row in rows],
            "profile": [row.profile for row in rows],
            "rssi_dbm": [row.rssi_dbm for row in rows],
            "count": [row.count for row in rows],
            "value": [row.value for row in rows],
        }
        body = Body("boot", made_ns - T0 + 10**15, made_ns, True, self._rows[name], key_id, zones, PROFILES,
                    extra={i: dict(row.extra) for i, row in enumerate(rows) if row.extra},
                    **{key: np.array(values, COLUMNS[key]) for key, values in columns.items()})  # fmt: skip
        self._rows[name] += len(rows)
        self._numbers[name] += 1
        return self.add(RecordKind.FRAME, encode_body(body), store, name, self._numbers[name], T0 - 10**15)

    def event(self, agent: int, value: dict[str, Any], age_s: float = 0.0) -> Story:
        """A plain event as accept would journal it."""
        name, store, _ = AGENTS[agent]
        plain = plain_of(value, self._places, store, name, self.now_ns - round(age_s * S), self.now_ns, _PSEUDONYMS)
        self._numbers[f"{name}/events"] += 1
        return self.add(RecordKind.EVENT, json.dumps(plain.values).encode(), store, name, self._numbers[f"{name}/events"])

    def touch(self, agent: int, value: dict[str, Any], subject: int | None, age_s: float = 0.0) -> Story:
        """A touch of a subject that frames have too."""
        name, store, _ = AGENTS[agent]
        plain = plain_of(value, self._places, store, name, self.now_ns - round(age_s * S), self.now_ns, _PSEUDONYMS)
        values = plain.values | {"subjects": [] if subject is None else [f"{subject:016x}"]}
        self._numbers[f"{name}/events"] += 1
        return self.add(RecordKind.EVENT, json.dumps(values).encode(), store, name, self._numbers[f"{name}/events"])

    def links(self, links: Sequence[Link]) -> Story:
        return self.add(RecordKind.LINKS, encode_links(list(links)))

    def health(self, agent: int) -> Story:
        name, store, _ = AGENTS[agent]
        values = {"uptime_s": 1.5, "spool_frames": 2, "sightings_total": 3, "dropped_total": 4}
        return self.add(RecordKind.HEALTH, json.dumps(values).encode(), store, name)

    def gap(self, agent: int) -> Story:
        name, store, _ = AGENTS[agent]
        values = {"from_ns": self.now_ns - S, "to_ns": self.now_ns, "rows": 7, "reason": "spool_full"}
        return self.add(RecordKind.GAP, json.dumps(values).encode(), store, name)

    def end(self, hours: float = 2.0) -> Story:
        """Signs of life only, until nothing is open and nothing waits."""
        for _ in range(int(hours * 6)):
            self.wait(600)
            for agent in range(len(AGENTS)):
                self.frame(agent, [])
        return self.wait(5).tick()


def _shown(record: Record) -> str:
    text = f"{record.pos} +{(record.received_ns - T0) / S:.3f}s {record.kind.name} {record.agent}"
    if record.kind != RecordKind.FRAME:
        return f"{text} {'' if record.kind == RecordKind.SITE else record.body.decode()}"
    body = decode_body(record.body)
    times = (body.t_boot_ns + record.offset_ns - T0) / S
    extra = [body.extra.get(row, "") for row in range(len(body))]
    rows = zip(body.kind, body.subject, body.zone, times, body.rssi_dbm, body.profile, body.count, extra, strict=True)
    return f"{text} made +{(body.made_boot_ns + record.offset_ns - T0) / S}s key {body.key_id}" + "".join(
        f"\n     {Kind(kind).name} {subject} in {body.zones[zone]} at +{t}s {rssi} dBm {PROFILES[profile]} x{count} {more}"
        for kind, subject, zone, t, rssi, profile, count, more in rows
    )


def goods(subject: int, sku: str = "sku-1") -> tuple[tuple[str, str], ...]:
    """What a row holds in clear about goods."""
    return ("epc", GOODS[subject]), ("sku", sku)


def _named(row: Row, subject: int, sku: str | None) -> tuple[tuple[str, str], ...]:
    """STAY as a rule names nothing, and an old agent never does."""
    return () if sku is None or (row.kind == Kind.STAY and sku != "sku-2") else goods(subject, sku)


# Stories that hypothesis writes

seconds = st.sampled_from([0.0, 0.0, 0.2, 1.0, 5.0, 20.0, 70.0, 200.0, 301.0, 700.0, 4000.0])
lags = st.sampled_from([0.0, 0.0, 0.0, 1.0, 30.0, 250.0, 800.0, 5000.0])
presence_rows = st.builds(
    Row,
    kind=st.sampled_from([Kind.ENTER, Kind.STAY, Kind.STAY, Kind.EXIT]),
    subject=st.sampled_from(SUBJECTS),
    place=st.integers(0, 2),
    age_s=st.sampled_from([0.0, 0.5, 3.0, 3.001, 10.0, 65.0, 400.0]),
    rssi_dbm=st.sampled_from([-90, -75, -74, -60, -40]),
    profile=st.sampled_from([0, 0, 1, 3, 4]),
    value=st.sampled_from([0.0, 12.5]),
)
goods_rows = st.builds(
    lambda row, subject, sku: replace(row, subject=subject, profile=5, extra=_named(row, subject, sku)),
    presence_rows,
    st.sampled_from(list(GOODS)),
    st.sampled_from([None, "", "sku-1", "sku-2"]),
)
door_rows = st.builds(
    Row,
    kind=st.sampled_from([Kind.IN, Kind.OUT]),
    profile=st.just(2),
    count=st.integers(0, 5),
    age_s=st.sampled_from([0.0, 61.0, 90_000.0]),
)
links_made = st.builds(
    lambda subject, fan, span, confidence: Link(f"{subject:016x}", fan, T0 + span[0] * S, T0 + span[1] * S, "crm", confidence),
    st.sampled_from(SUBJECTS[:4]),
    st.sampled_from(FANS),
    st.sampled_from([(-(10**6), 10**6), (0, 300), (100, 2000), (301, 10**6), (-(10**6), 700)]),
    st.sampled_from([0.5, 1.0]),
)


@st.composite
def frames(
    draw: Callable[..., Any],
    agents: Sequence[int] = (0, 1, 2),
    rows: st.SearchStrategy[Row] = presence_rows | presence_rows | goods_rows | door_rows,
) -> Callable[[Story], Story]:
    agent, lag_s, key_id = draw(st.sampled_from(agents)), draw(lags), draw(st.sampled_from([0, 1, 1, 1]))
    said = draw(st.lists(rows, max_size=6))
    return lambda story: story.frame(agent, said, lag_s, key_id)


@st.composite
def touches(draw: Callable[..., Any]) -> Callable[[Story], Story]:
    agent, number, age_s = draw(st.integers(0, 2)), draw(st.integers(1, 4)), draw(lags)
    what = draw(st.sampled_from(["scan", "transaction", "return"]))
    subject, fan = draw(st.sampled_from([None, *SUBJECTS])), draw(st.sampled_from([None, None, *FANS]))
    value = {"kind": "touch", "what": what, "amount": draw(st.sampled_from([0.0, 0.1, 129.9])), "fan": fan}
    if what != "scan":
        value["id"] = f"e{number}-{draw(st.integers(0, 10**6))}"
    return lambda story: story.touch(agent, value, subject, age_s)


def _counts(agent: int, number: int, entered: int, left: int) -> Callable[[Story], Story]:
    door = AGENTS[agent][2][3]
    value = {"kind": "count", "id": f"c{number}", "door": door, "in": entered, "out": left}
    return lambda story: story if _has(story, agent, f"c{number}") else story.event(agent, value)


def _seen(agent: int, people: int, age_s: float) -> Callable[[Story], Story]:
    return lambda story: story.event(agent, {"kind": "occupancy", "zone": AGENTS[agent][2][0], "people": people}, age_s)


def _voids(agent: int, of: int) -> Callable[[Story], Story]:
    value = {"kind": "void", "id": f"v{of}", "of": f"c{of}", "reason": "wrong", "actor": "test"}
    return lambda story: story if _has(story, agent, f"v{of}") else story.event(agent, value)


def _has(story: Story, agent: int, event_id: str) -> bool:
    """Accept lets an id of a publisher through once."""
    seen = story.__dict__.setdefault("seen", set())
    found = (agent, event_id) in seen
    seen.add((agent, event_id))
    return found


others = st.one_of(
    st.builds(_counts, st.integers(0, 2), st.integers(1, 3), st.integers(0, 5), st.integers(0, 5)),
    st.builds(_voids, st.integers(0, 2), st.integers(1, 3)),
    st.builds(_seen, st.integers(0, 2), st.integers(0, 3), lags),
    st.lists(links_made, min_size=1, max_size=3).map(lambda links: lambda story: story.links(links)),
    st.integers(0, 2).map(lambda agent: lambda story: story.health(agent)),
    st.integers(0, 2).map(lambda agent: lambda story: story.gap(agent)),
    st.just(lambda story: story.tick()),
    st.integers(0, 7).map(lambda variant: lambda story: story.site(variant)),
)
steps = st.tuples(seconds, frames() | frames() | frames() | touches() | others)


def told(steps: Iterable[tuple[float, Callable[[Story], Story]]], variant: int = 0) -> Story:
    story = Story(variant)
    for wait_s, step in steps:
        step(story.wait(wait_s))
    return story


# What is stored

Rows = dict[tuple[Any, ...], dict[str, Any]]
"""(measurement, time, *tags) -> fields, their last version."""


class LinkedFold(Fold):
    """A fold with identity beside it: what records state is taken at once, as the gateway does with its one shard."""

    identity: IdentityStage

    def checkpoint(self, more: Mapping[str, bytes]) -> None:
        super().checkpoint({**more, "identity": pickle.dumps(self.identity)} if isinstance(self.identity, PlainIdentity) else more)

    def load(self, parts: Mapping[str, bytes]) -> None:
        super().load(parts)
        if "identity" in parts:
            self.identity = pickle.loads(parts["identity"])  # noqa: S301 # what a test stored

    def apply(self, records: Iterable[tuple[Record, Body | None]]) -> list[Points]:
        return super().apply(self._followed_by_standings(records))

    def _followed_by_standings(self, records: Iterable[tuple[Record, Body | None]]) -> Iterator[tuple[Record, Body | None]]:
        for pair in records:
            yield pair
            facts, self.facts = self.facts, []
            if facts:
                self.link(self.identity.take(facts))


def new_fold(store: FoldStore | None = None, identity: IdentityStage | None = None) -> LinkedFold:
    """Return a fold on an empty store; of dictionaries unless one is given, since the conformance suite holds both kinds to one law.

    `identity` is a plain one unless given; checkpoints hold what it knows.
    """
    made = LinkedFold(shipped(), store or MemoryStore(), lambda site: ({STAFF}, set()), stay_points=True, filter_bytes=1 << 12)
    made.identity = identity or PlainIdentity()
    return made


def store(points: Iterable[Points], rows: Rows) -> Rows:
    """What a database holds after it took `points`."""
    for each in points:
        assert tuple(each.tags) == SCHEMA[each.measurement].tags
        keys = zip(each.time_ns.tolist(), *[column.texts() for column in each.tags.values()], strict=True)
        values = [_values(name, column) for name, column in each.fields.items()]
        for key, *fields in zip(keys, *values, strict=True):
            rows[each.measurement, *key] = dict(zip(each.fields, fields, strict=True))
    return rows


def _values(name: str, column: Any) -> list[Any]:
    if isinstance(column, Coded):
        return column.texts()
    return [f"{value:016x}" for value in column.tolist()] if name == "subject" else column.tolist()


def pairs(records: Iterable[Record]) -> list[tuple[Record, Body | None]]:
    return [(record, decode_body(record.body) if record.kind == RecordKind.FRAME else None) for record in records]


def folded(records: Sequence[Record]) -> Rows:
    """All at once."""
    return store(new_fold().apply(pairs(records)), {})


def of(rows: Rows, measurement: str) -> list[dict[str, Any]]:
    """Rows of a measurement with time and tags beside the fields."""
    names = ("time_ns", *SCHEMA[measurement].tags)
    return [dict(zip(names, key[1:], strict=True)) | fields for key, fields in rows.items() if key[0] == measurement]


def assert_same(rows: Rows, others: Rows) -> None:
    """Raise AssertionError with the rows that differ."""
    unlike = [key for key in sorted({*rows, *others}) if rows.get(key) != others.get(key)]
    assert not unlike, "".join(f"\n{key}\n    {rows.get(key)}\n    {others.get(key)}" for key in unlike)


# What minutes must hold, given the visits, dwells, touches and doors that are stored


UNSUMMED: Final = ("staff_entries", "in_staff", "passers_by")
"""Fields that do not follow minute by minute from what is stored of visits and doors."""


def expected_traffic(rows: Rows) -> dict[tuple[str, int], dict[str, float]]:
    """(store, minute) -> every field of `traffic` but occupancy, drift and UNSUMMED, where any is not 0."""
    cells: dict[tuple[str, int], defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for door in of(rows, "door"):
        cell = cells[door["store"], door["time_ns"] // MINUTE]
        cell["in"] += door["in"]
        cell["out"] += door["out"]
    for touch in of(rows, "touch"):
        if touch["void"]:
            continue
        cell = cells[touch["store"], touch["time_ns"] // MINUTE]
        cell["touches"] += 1
        sale, back = touch["what"] == "transaction", touch["what"] == "return"
        cell["transactions"] += sale
        cell["transactions_known"] += sale and touch["fan"] != ""
        cell["returns"] += back
        cell["revenue"] += touch["amount"] * (sale - back)
    for visit in of(rows, "visit"):
        if visit["void"] or visit["is_staff"]:
            continue
        first, last = visit["started_ms"] // 60_000, (visit["started_ms"] + round(visit["seconds"] * 1000)) // 60_000
        cells[visit["store"], first]["visits_started"] += 1
        cells[visit["store"], first]["anonymous_started"] += is_day_subject(int(visit["subject"], 16))
        for minute in range(first, last + 1):
            cells[visit["store"], minute]["visits_open"] += 1
            cells[visit["store"], minute]["known_open"] += visit["known"]
            cells[visit["store"], minute]["anonymous_open"] += is_day_subject(int(visit["subject"], 16))
        cells[visit["store"], last]["visits_closed"] += not visit["open"]
        cells[visit["store"], last]["dwell_sum_s"] += 0 if visit["open"] else visit["seconds"]
    return _not_zero(cells)


def expected_zone_traffic(rows: Rows) -> dict[tuple[str, ...], dict[str, float]]:
    """(store, zone, minute) -> every field of `zone_traffic`, where any is not 0."""
    cells: dict[tuple[Any, ...], defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for dwell in stays_of(row for row in of(rows, "dwell") if not row["is_staff"] and not row["void"]):
        store, zone, start_ms = dwell["store"], dwell["zone"], dwell["time_ns"] // 1_000_000
        first, last = start_ms // 60_000, (start_ms + round(dwell["seconds"] * 1000)) // 60_000
        cells[store, zone, first]["entries"] += 1
        for minute in range(first, last + 1):
            cells[store, zone, minute]["present"] += 1
            cells[store, zone, minute]["known_present"] += dwell["fan"] != ""
        if not dwell["open"]:
            cell = cells[store, zone, last]
            cell["exits"] += 1
            cell["dwells"] += 1
            cell["dwell_sum_s"] += dwell["seconds"]
            if dwell["seconds"] < 10:
                cell["passes"] += 1
                cell["passing_sum_s"] += dwell["seconds"]
    return _not_zero(cells)


def stored_minutes(rows: Rows, measurement: str, without: Sequence[str] = ()) -> dict[tuple[Any, ...], dict[str, float]]:
    """As `expected_…` gives them."""
    tags = SCHEMA[measurement].tags
    cells = {
        (*[row[tag] for tag in tags], row["time_ns"] // MINUTE): {
            name: row[name] for name in SCHEMA[measurement].fields if name not in ("occupancy", "drift", *without)
        }
        for row in of(rows, measurement)
    }
    return _not_zero(cells)


def _not_zero(cells: Any) -> Any:
    rounded = {key: {name: round(value, 6) for name, value in cell.items() if round(value, 6)} for key, cell in cells.items()}
    return {key: cell for key, cell in rounded.items() if cell}
