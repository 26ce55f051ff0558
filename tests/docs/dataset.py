"""Two stores over the weekend on which Europe's clocks go back: small, the same on every machine, and consistent in itself.

Visits come first; dwells, doors, touches, traffic and zone traffic are derived from them, so that every way of asking must agree.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from gateway.fold.outcome_points import point_of
from gateway.outcome.day import StoreDay, rows_of
from gateway.outcome.journey import SALE, Act, GuestVisit, Sale
from gateway.outcome.rules import ContributionSettings
from gateway.points import Points, from_rows
from gateway.site import Site
from gateway.site.recorded import read_site, record_site
from gateway.site.versions import store_versions

SEED = 20261024
MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
DAYS = ((2026, 10, 24), (2026, 10, 25))
ZONES = ("entrance", "glasses", "shoes", "checkout")
STAFF = ("s07", "s12", "s15")
SHARER = "f-041"
"""Who brought some of those who buy."""
SKUS = ("00614141007349", "00614141007356", "00614141007363")
PEOPLE_BY_HOUR = {10: 3, 11: 5, 12: 8, 13: 7, 14: 9, 15: 12, 16: 11, 17: 8, 18: 5, 19: 2}
SITE_TOML = """\
brand = "example"

[[stores]]
name = "berlin"
path = "europe/germany"
ownership = "own"
opens = 10:00:00
closes = 21:00:00
timezone = "Europe/Berlin"
zones = [{ name = "entrance", type = "entrance" }, { name = "glasses", type = "shelf" }, { name = "shoes", type = "shelf" }, { name = "fitting", type = "fitting" }, { name = "checkout", type = "checkout" }]
doors = ["main", "side"]
agents = [{ name = "berlin-1" }]

[[stores]]
name = "shanghai"
title = "南京路店"
path = "asia/china"
ownership = "franchise"
opens = 10:00:00
closes = 21:00:00
timezone = "Asia/Shanghai"
zones = [{ name = "entrance", type = "entrance" }, { name = "glasses", type = "shelf" }, { name = "shoes", type = "shelf" }, { name = "fitting", type = "fitting" }, { name = "checkout", type = "checkout" }]
doors = ["main", "side"]
agents = [{ name = "shanghai-1" }]
"""  # noqa: E501 # one zone list a store reads better on one line
ZONE_OF = {"berlin": ZoneInfo("Europe/Berlin"), "shanghai": ZoneInfo("Asia/Shanghai")}


@dataclass(frozen=True)
class Stay:
    """A visit with its dwells `(zone, begin_ns, end_ns)`."""

    store: str
    subject: int
    fan: str
    is_staff: bool
    begin_ns: int
    end_ns: int
    dwells: tuple[tuple[str, int, int], ...]
    sale: tuple[int, float] | None
    """When, and how much."""


@cache
def points() -> tuple[Points, ...]:
    """Every measurement of the schema has some."""
    stays = list(_stays(Random(SEED)))
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for number, stay in enumerate(stays):
        _rows_of(stay, number, rows)
    for store in ZONE_OF:
        mine = [stay for stay in stays if stay.store == store and not stay.is_staff]
        _traffic(store, mine, rows)
        _zone_traffic(store, mine, rows)
        _doors(store, mine, rows)
        _outcome(store, mine, rows)
        begin = mine[0].begin_ns
        rows["agent"].append((begin, f"{store}-1", store, 3600.0, 2, 12.5, 18.0, 40_000, 0))
        for report in range(12):
            rows["occupancy"].append((begin + 10 * report * MINUTE_NS, f"{store}-1", "camera", store, "checkout", report % 4, True))
        observed = (1 << 60) - 1
        for hour in range(begin // HOUR_NS, mine[-1].end_ns // HOUR_NS + 1):
            rows["coverage"].append((hour * HOUR_NS, f"{store}-1", store, observed, observed, 60))
        rows["revision"].append((begin + DAY_NS, "door", f"{store}-1/main", store, begin, ""))
        rows["gap"].append((begin + 90 * MINUTE_NS, f"{store}-1", store, begin + 90 * MINUTE_NS, begin + 95 * MINUTE_NS, 41, "spool.full"))
    estate = read_site(record_site(Site.model_validate(tomllib.loads(SITE_TOML))))
    rows["store"] = [(version.begin_ns, version.store, *version[2:], False) for version in store_versions(estate)]
    # A visit that was merged into the first one: every view leaves it out.
    merged = rows["visit"][0]
    rows["visit"].append((merged[0] + 1, *merged[1:14], True, f"{merged[0]}/{merged[1]}", 1, "", ""))
    return tuple(from_rows(name, found) for name, found in rows.items())


def ledger_rows() -> list[tuple[Any, ...]]:
    """Return the fans' visits as the gateway's ledger keeps them; the fields of `gateway.fold.store.VisitRow` name the columns."""
    known = [(number, stay) for number, stay in enumerate(_stays(Random(SEED))) if stay.fan]
    return [
        (f"{stay.subject:016x}", stay.store, stay.begin_ns + number, f"{stay.store}-1", stay.begin_ns, stay.end_ns,
         (1 << len(stay.dwells)) - 1, 0, 0, stay.fan, 0, "[0,0,true,true,0.0]")
        for number, stay in known
    ]  # fmt: skip


def _stays(random: Random) -> Iterator[Stay]:
    for store, zone in ZONE_OF.items():
        for day in DAYS:
            for hour, people in PEOPLE_BY_HOUR.items():
                for minute in sorted(random.randrange(60) for _ in range(people)):
                    opened = datetime(*day, hour, minute, random.randrange(60), tzinfo=zone)
                    yield _stay(store, int(opened.timestamp()) * 10**9, random)
            staff = int(datetime(*day, 9, 45, tzinfo=zone).timestamp()) * 10**9
            yield Stay(store, 0x57AFF, "", True, staff, staff + 10 * 60 * MINUTE_NS, (), None)


def _stay(store: str, begin: int, random: Random) -> Stay:
    fan = f"f-{random.randrange(40):03}" if random.random() < 0.35 else ""
    subject = 0x1000 + int(fan[2:]) if fan else random.getrandbits(63) | 1 << 63
    at, dwells = begin, []
    for zone in ("entrance", *random.sample(ZONES[1:3], random.randrange(3))):
        length = round(random.lognormvariate(4.6, 0.8)) * 10**9
        dwells.append((zone, at, at + length))
        at += length
    sale = None
    if len(dwells) > 1 and random.random() < 0.45:
        sale = (at + 60 * 10**9, round(random.uniform(20, 300), 2))
        dwells.append(("checkout", at, at + 120 * 10**9))
        at += 120 * 10**9
    return Stay(store, subject, fan, False, begin, at, tuple(dwells), sale)


def _rows_of(stay: Stay, number: int, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Visit, dwells, presence and touches; times end in the row's number, so that no two of a series are equal."""
    store, agent, subject = stay.store, f"{stay.store}-1", f"{stay.subject:016x}"
    amount = stay.sale[1] if stay.sale else 0.0
    mine = (1, 1, amount) if stay.sale and stay.fan else (0, 0, 0.0)
    seconds = (stay.end_ns - stay.begin_ns) / 1e9
    rows["visit"].append(
        (stay.begin_ns + number, agent, store, subject, stay.fan, bool(stay.fan), stay.is_staff, False, stay.begin_ns // 10**6, seconds,
         len(stay.dwells), *mine, False, "", 1, *((STAFF[0], "") if stay.is_staff else ("", "")))
    )  # fmt: skip
    for zone, begin, end in stay.dwells:
        seconds = (end - begin) / 1e9
        rows["dwell"].append((begin + number, agent, store, zone, subject, stay.fan, seconds, stay.is_staff, False, False, 0.9, "", ""))
        rows["presence"].append((begin + number, agent, "enter", store, zone, subject, "ibeacon", -61, 0.0, "measured", 40, 120))
        rows["level"].append((begin + number, agent, f"{zone}-1", store, zone, subject, -61.4))
        rows["presence"].append((end + number, agent, "exit", store, zone, subject, "ibeacon", -83, seconds, "measured", 40, 140))
    if stay.sale:
        rows["touch"].append(
            (stay.sale[0] + number, agent, "own_store", store, "transaction", "checkout", subject, stay.fan, f"T-{number}",
             *_served(stay, number), "autumn", '[{"sku":"A1","n":1}]', "purchase", amount, False, "", "", "",
             SHARER if number % 8 == 0 else "")
        )  # fmt: skip
    if stay.sale or number % 4 == 0:
        _garment(stay, number, rows["item"])


def _served(stay: Stay, number: int) -> tuple[str, str]:
    """Who sold it, and of which department: that of the first shelf."""
    department = "optics" if stay.dwells[1][0] == "glasses" else "footwear"
    return STAFF[number % len(STAFF)], department


def _garment(stay: Stay, number: int, rows: list[tuple[Any, ...]]) -> None:
    """It came two hours before, is tried on, and leaves if there is a sale."""
    sku, shelf, tried_s = SKUS[number % 3], ZONES[1 + number % 2], 40 + number % 50
    moved, hung = stay.begin_ns + 30 * 10**9, stay.begin_ns - 120 * MINUTE_NS
    told = [
        (hung, "arrived", shelf, "", 0.0),
        (moved, "moved", "fitting", shelf, (moved - hung) / 1e9),
        (moved, "tried", "fitting", shelf, float(tried_s)),
    ]
    if stay.sale:
        told.append((stay.sale[0], "moved", "checkout", "fitting", float(tried_s)))
        told.append((stay.sale[0] + 20 * 10**9, "left", "checkout", "fitting", (stay.sale[0] - hung) / 1e9 + 20))
    for time_ns, kind, zone, before, seconds in told:
        rows.append((time_ns + number, f"{stay.store}-1", kind, stay.store, zone, f"303425{number:018x}", sku, before, seconds))


def _minute(time_ns: int) -> int:
    return time_ns // MINUTE_NS * MINUTE_NS


def _walk_ins(stay: Stay) -> int:
    """Companions who carry nothing that is heard."""
    return stay.begin_ns // 10**9 % 3


def _traffic(store: str, stays: list[Stay], rows: dict[str, list[tuple[Any, ...]]]) -> None:
    entered, left, started, closed, dwell, sales, known, revenue, strangers = (Counter[int]() for _ in range(9))
    for stay in stays:
        begin, end = _minute(stay.begin_ns), _minute(stay.end_ns)
        entered[begin] += 1 + _walk_ins(stay)
        left[end] += 1 + _walk_ins(stay)
        started[begin] += 1
        strangers[begin] += not stay.fan
        closed[end] += 1
        dwell[end] += (stay.end_ns - stay.begin_ns) // 10**9
        if stay.sale:
            at = _minute(stay.sale[0])
            sales[at] += 1
            known[at] += bool(stay.fan)
            revenue[at] += round(stay.sale[1] * 100)
    inside = open_ = 0
    for minute in range(min(entered), max(left) + 1, MINUTE_NS):
        inside += entered[minute] - left[minute]
        open_ += started[minute] - closed[minute]
        if inside or entered[minute] or left[minute]:
            known_open = sum(1 for stay in stays if stay.fan and _minute(stay.begin_ns) <= minute < _minute(stay.end_ns))
            anonymous_open = sum(1 for stay in stays if not stay.fan and _minute(stay.begin_ns) <= minute <= _minute(stay.end_ns))
            rows["traffic"].append(
                (minute, store, entered[minute], left[minute], inside, 0, started[minute], open_, known_open, closed[minute],
                 float(dwell[minute]), sales[minute], known[minute], 0, revenue[minute] / 100, sales[minute],
                 strangers[minute], anonymous_open, 0, 0, 0)
            )  # fmt: skip


def _outcome(store: str, stays: list[Stay], rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Each day as the gateway works it out: here the till alone touches anybody."""
    for year, month, day in DAYS:
        begin = int(datetime(year, month, day, 4, tzinfo=ZONE_OF[store]).timestamp()) * 10**9
        mine = [(number, stay) for number, stay in enumerate(stays) if begin <= stay.begin_ns < begin + DAY_NS]
        sold = {number: _act(stay, number) for number, stay in mine if stay.sale}
        visits = [
            GuestVisit(stay.begin_ns, stay.end_ns, stay.fan, True, frozenset(zone for zone, _, _ in stay.dwells),
                       (sold[number],) if number in sold else ())
            for number, stay in mine if stay.fan
        ]  # fmt: skip
        sales = [Sale(act, bool(act.fan), (act,)) for act in sold.values()]
        entered = sum(1 + _walk_ins(stay) for _, stay in mine)
        found = rows_of(StoreDay(store, entered, len(mine), visits, sales), ContributionSettings())
        rows["outcome"] += [tuple(point_of(begin, store, key, row)) for key, row in found.items()]


def _act(stay: Stay, number: int) -> Act:
    at, amount = stay.sale or (0, 0.0)
    staff_id, department = _served(stay, number)
    return Act(at, stay.store, stay.fan, SALE, "checkout", staff_id, department, "", "own_store", ("autumn",), "", round(amount * 100))


def _zone_traffic(store: str, stays: list[Stay], rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for zone in ZONES:
        dwells = [(begin, end, stay.fan) for stay in stays for name, begin, end in stay.dwells if name == zone]
        entries, exits, seconds = Counter[int](), Counter[int](), Counter[int]()
        for begin, end, _ in dwells:
            entries[_minute(begin)] += 1
            exits[_minute(end)] += 1
            seconds[_minute(end)] += (end - begin) // 10**9
        for minute in sorted({_minute(at) for begin, end, _ in dwells for at in range(begin, end + MINUTE_NS, MINUTE_NS)}):
            here = [fan for begin, end, fan in dwells if _minute(begin) <= minute <= _minute(end)]
            gone, dwell = exits[minute], float(seconds[minute])
            rows["zone_traffic"].append((minute, store, zone, entries[minute], gone, len(here), sum(map(bool, here)), dwell, gone, 0, 0.0))


def _doors(store: str, stays: list[Stay], rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for number, stay in enumerate(stays):
        people, door = 1 + _walk_ins(stay), "main" if number % 4 else "side"
        rows["door"].append((stay.begin_ns + 2 * number, f"{store}-1", door, store, people, 0))
        rows["door"].append((stay.end_ns + 2 * number + 1, f"{store}-1", "main", store, 0, people))
