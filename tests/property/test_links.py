"""Who a visitor is depends on the links and their spans, never on when they arrived; and visits are what a plain calculation gives."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from device_profiles.registry import shipped
from footfall.frames import Kind
from footfall.pseudonyms import TOP_BIT
from gateway.fold.estate_index import seconds_of
from gateway.fold.store import DwellRow
from gateway.fold.visit_limits import REENTRY_NS
from gateway.fold.visits import RETIRE_NS
from gateway.identity.links import Link, encode_links
from gateway.points import key_base, record_key_ns, row_key_ns
from gateway.records import Record, RecordKind
from tests.support import journal_stories as made
from tests.support.journal_stories import (
    AGENTS,
    PROFILES,
    STAFF,
    Row,
    Rows,
    S,
    Story,
    expected_zone_traffic,
    folded,
    new_fold,
    of,
    pairs,
    stored_minutes,
)
from tests.support.memory_fold_store import MemoryStore
from tests.support.whole import examples

SLOW = settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
DERIVED = ("visit", "dwell", "touch", "traffic", "zone_traffic")

steps = st.lists(st.tuples(made.seconds, made.frames() | made.frames() | made.touches()), min_size=1, max_size=20)
links = st.lists(made.links_made, min_size=1, max_size=8)


def interleaved(records: Sequence[Record], wanted: Sequence[tuple[int, Sequence[Link]]]) -> list[Record]:
    """The journal with records of links at the given places, each at the time of the record before it."""
    told: list[Record] = [records[0]]
    for index, record in enumerate(records[1:], 1):
        for at, some in wanted:
            if 1 + at % (len(records) - 1) == index:
                told.append(told[-1]._replace(kind=RecordKind.LINKS, store="", agent="", seq=0, body=encode_links(list(some))))
        told.append(record)
    return [record._replace(pos=pos) for pos, record in enumerate(told, 1)]


@st.composite
def orders(draw: Callable[..., Any]) -> tuple[list[Link], list[tuple[int, list[Link]]]]:
    """Links, and the same links shuffled, cut into records and put anywhere."""
    some = draw(links)
    shuffled, placed = draw(st.permutations(some)), []
    while shuffled:
        size = draw(st.integers(1, len(shuffled)))
        placed.append((draw(st.integers(0, 10**6)), shuffled[:size]))
        shuffled = shuffled[size:]
    return some, placed


def derived(rows: Rows) -> Rows:
    """A minute in which nothing was counted may have a row, which carries on what the one before it has, or none."""
    kept = {
        key: fields for key, fields in rows.items() if key[0] in DERIVED and not (key[0] in ("visit", "dwell") and is_of_a_part(fields))
    }
    return {key: fields for key, fields in kept.items() if key[0] not in DERIVED[3:] or is_counted(fields)}


def is_of_a_part(fields: dict[str, object]) -> bool:
    return bool(fields["void"]) and not fields.get("merged_into")


def is_counted(fields: dict[str, object]) -> bool:
    return any(value for name, value in fields.items() if name not in ("occupancy", "drift"))


@given(steps, orders())
@SLOW
def test_links_in_any_order_and_at_any_time_give_the_same_rows(
    told: list[tuple[float, Callable[[Story], Story]]], order: tuple[list[Link], list[tuple[int, list[Link]]]]
) -> None:
    """A part of a visit or dwell that was cut for a handover, and is whole again, stays as void: so void ones of no evidence are none."""
    some, placed = order
    records = made.told(told).end().records
    first = derived(folded(interleaved(records, [(0, some)])))
    assert derived(folded(interleaved(records, placed))) == first
    assert derived(folded(interleaved(records, [(len(records) - 2, [link]) for link in reversed(some)]))) == first


@given(steps, links)
@SLOW
def test_the_same_links_again_change_nothing(told: list[tuple[float, Callable[[Story], Story]]], some: list[Link]) -> None:
    story = made.told(told).end().links(some).wait(5).tick()
    once = folded(story.records)
    twice = folded(story.links(some).wait(5).tick().records)
    assert twice == once


# Visits reckoned the slow way


@dataclass
class Session:
    store: str
    subject: int
    start_ns: int
    last_ns: int
    key: tuple[int, str]
    away_ns: int = 0
    """Who is not heard for longer came in again."""
    heard: list[int] = field(default_factory=list)
    fan: str = ""

    def part_key(self, start_ns: int) -> tuple[int, str]:
        """The key of a part that does not begin with the opening event."""
        return record_key_ns(start_ns, key_base(f"{self.subject:016x}", str(self.key[0]))), self.key[1]


def sessions(records: Sequence[Record], timeouts_s: dict[str, float]) -> list[Session]:
    """All evidence inside, by store and subject, cut where nothing was heard for longer than the timeout."""
    evidence = defaultdict(list)
    for record, body in pairs(records):
        for i in range(len(body) if body else 0):
            assert body is not None
            kind, subject = body.kind[i], int(body.subject[i])
            if kind > Kind.EXIT or PROFILES[body.profile[i]] == "from-tomorrow" or (subject >= TOP_BIT and not body.key_id):
                continue
            time_ns = int(body.t_boot_ns[i]) + record.offset_ns
            key = (row_key_ns(time_ns, body.first_row + i), record.agent)
            evidence[record.store, subject].append((time_ns, key, PROFILES[body.profile[i]]))
    found: list[Session] = []
    for (store, subject), heard in evidence.items():
        current: Session | None = None
        name = ""
        for time_ns, key, profile in sorted(heard):
            if current is None or time_ns - current.last_ns > timeouts_s[store] * S:
                if current is None or time_ns - current.last_ns > timeouts_s[store] * S + RETIRE_NS:
                    name = profile
                presence = SHIPPED[name].presence
                away_s = max(REENTRY_S[store], presence.timeout_max_s + presence.stay_s)
                current = Session(store, subject, time_ns, time_ns, key, round(away_s * S))
                found.append(current)
            current.last_ns = time_ns
            current.heard.append(time_ns)
    return found


def fan_of(some: Sequence[Link], subject: int, time_ns: int) -> str:
    true_then = [link for link in some if int(link.subject, 16) == subject and link.from_ns <= time_ns < link.to_ns]
    return max(true_then, key=lambda link: (link.from_ns, link.fan)).fan if true_then else ""


def parts_of(session: Session, some: Sequence[Link]) -> Iterator[Session]:
    """A session is cut where one fan follows another, and where the first one's link ended before that; at the rows around an absence."""
    key = session.key
    for at_ns in handovers_of(session.subject, some) if session.subject != STAFF else ():
        if not session.start_ns < at_ns < session.last_ns // 10**6 * 10**6:
            continue
        before = max([each for each in session.heard if each < at_ns], default=session.start_ns)
        after = min(each for each in session.heard if each >= at_ns)
        ends = (before, after) if after - before > session.away_ns else (at_ns, at_ns)
        yield replace(session, last_ns=ends[0], key=key)
        session, key = replace(session, start_ns=ends[1]), session.part_key(ends[1])
    yield replace(session, key=key)


def handovers_of(subject: int, some: Sequence[Link]) -> list[int]:
    mine = [link for link in some if int(link.subject, 16) == subject]
    moments = sorted({each for link in mine for each in (link.from_ns, link.to_ns)})
    found, last = set[int](), ("", 0)
    for at_ns, until_ns in pairwise(moments):
        if fan := fan_of(some, subject, at_ns):
            if last[0] not in ("", fan):
                found |= {last[1], at_ns}
            last = fan, until_ns
    return sorted(found)


def is_handed_on(one: Session, other: Session, some: Sequence[Link]) -> bool:
    passed = handovers_of(one.subject, some) if one.subject != STAFF else ()
    return any(one.start_ns < at_ns <= other.start_ns for at_ns in passed)


def visits_of(records: Sequence[Record], some: Sequence[Link], timeouts_s: dict[str, float]) -> list[list[Session]]:
    """Sessions of one person, or parts of them, that lie within the timeout of each other, or of sales between them, are one visit.

    Nobody known is another person after each handover.
    """
    people, sales = defaultdict(list), sales_of(records)
    for session in [part for whole in sessions(records, timeouts_s) for part in parts_of(whole, some)]:
        session.fan = fan_of(some, session.subject, session.start_ns) if session.subject < TOP_BIT else ""
        people[session.store, session.fan or session.subject].append(session)
    visits: list[list[Session]] = []
    for (store, who), mine in people.items():
        until_ns = None
        for session in sorted(mine, key=lambda each: each.start_ns):
            if until_ns is not None:
                for sale_ns in sales[store, who]:
                    if until_ns < sale_ns < session.start_ns and sale_ns - until_ns <= timeouts_s[store] * S:
                        until_ns = sale_ns
            is_other = isinstance(who, int) and visits and is_handed_on(visits[-1][-1], session, some)
            if until_ns is None or is_other or session.start_ns - until_ns > timeouts_s[store] * S:
                visits.append([])
                until_ns = session.last_ns
            visits[-1].append(session)
            until_ns = max(until_ns, session.last_ns)
    return visits


def sales_of(records: Sequence[Record]) -> defaultdict[tuple[str, str | int], list[int]]:
    """When fans bought something in a store, in order: who pays was there."""
    found = defaultdict[tuple[str, str | int], list[int]](list)
    for record in records:
        if record.kind == RecordKind.EVENT and (values := json.loads(record.body))["fan"]:
            found[record.store, values["fan"]].append(values["time_ns"])
    return found


def standing(visits: list[list[Session]]) -> set[tuple[Any, ...]]:
    """What must stand: who, from when, how long, staff or not."""
    return {
        (
            group[0].store,
            group[0].fan or f"{group[0].subject:016x}",
            min(each.start_ns for each in group) // 10**6,
            round((max(each.last_ns for each in group) - min(each.start_ns for each in group)) / S, 3),
        )
        for group in visits
    }


def stored(rows: Rows) -> list[tuple[Any, ...]]:
    return [(row["store"], row["fan"] or row["subject"], row["started_ms"], row["seconds"]) for row in of(rows, "visit") if not row["void"]]


SHIPPED = shipped()
REENTRY_S = {"s1": made.REENTRY_S, "s2": REENTRY_NS / S}
TIMEOUTS_S = {"s1": made.TIMEOUT_S, "s2": 2 * made.TIMEOUT_S}
inside = st.builds(
    Row,
    kind=st.sampled_from([Kind.ENTER, Kind.STAY, Kind.EXIT]),
    subject=st.sampled_from(made.SUBJECTS),
    place=st.integers(0, 1),
    rssi_dbm=st.sampled_from([-90, -60, -40]),
    profile=st.sampled_from([0, 1, 3, 4]),
)
in_order = st.lists(
    st.tuples(made.seconds, st.integers(0, 2), st.integers(0, 1), st.lists(inside, max_size=5), st.sampled_from([None, *made.FANS])),
    max_size=20,
)


@given(in_order, links)
@SLOW
def test_visits_are_the_sessions_of_persons(heard: list[tuple[float, int, int, list[Row], str | None]], some: list[Link]) -> None:
    story = Story()
    story.links(some)
    for wait_s, agent, key_id, rows, buys in heard:
        story.wait(0.01 + wait_s).frame(agent, [replace(row, age_s=0.001 * (len(rows) - i)) for i, row in enumerate(rows)], key_id=key_id)
        if buys:
            story.touch(
                agent, {"kind": "touch", "what": "transaction", "id": f"sale-{len(story.records)}", "fan": buys, "amount": 10.5}, None
            )
    rows = folded(story.end().records)
    expected = visits_of(story.records, some, TIMEOUTS_S)
    assert sorted(stored(rows)) == sorted(standing(expected))
    check_merged(rows, expected)
    check_dwells(rows, story.records, some)
    check_touches(rows)
    check_sums(rows, expected)


def check_merged(rows: Rows, expected: list[list[Session]]) -> None:
    """The session with the least key speaks; the others are void and name it."""
    merged = {(each["time_ns"], each["agent"]): (each["void"], each["merged_into"]) for each in of(rows, "visit") if not is_of_a_part(each)}
    names = [name for name, _, _ in AGENTS]
    for group in expected:
        speaker = min(group, key=lambda each: (each.key[0], names.index(each.key[1])))
        for each in group:
            told = merged.pop(each.key)
            assert told == ((False, "") if each is speaker else (True, f"{speaker.key[0]}/{speaker.key[1]}"))
    assert not merged


def check_dwells(rows: Rows, records: Sequence[Record], some: Sequence[Link]) -> None:
    """Where a subject is follows from evidence alone: dwells are those of a journal without links, cut where the subject passed on."""
    nobodys = MemoryStore()
    new_fold(nobodys).apply(pairs([record for record in records if record.kind != RecordKind.LINKS]))
    expected = {
        (part.store, part.zone, part.agent, part.key_ns): (part.subject, part.fan, seconds_of(part.start_ns, part.last_ns))
        for subject in made.SUBJECTS
        for whole in nobodys.dwells_touching(f"{subject:016x}", 0, 1 << 62)
        for part in parts_of_dwell(whole, some)
    }
    stood = [row for row in of(rows, "dwell") if not row["void"]]
    assert {
        (row["store"], row["zone"], row["agent"], row["time_ns"]): (row["subject"], row["fan"], row["seconds"]) for row in stood
    } == expected
    assert stored_minutes(rows, "zone_traffic") == expected_zone_traffic(rows)


def parts_of_dwell(whole: DwellRow, some: Sequence[Link]) -> Iterator[DwellRow]:
    subject, key_ns = int(whole.subject, 16), whole.key_ns
    passed = handovers_of(subject, some) if subject != STAFF else []
    ends = [at_ns for at_ns in passed if whole.start_ns < at_ns < whole.last_ns // 10**6 * 10**6]
    for start_ns, last_ns in pairwise([whole.start_ns, *ends, whole.last_ns]):
        fan = fan_of(some, subject, start_ns) if subject < TOP_BIT else ""
        yield whole._replace(key_ns=key_ns, start_ns=start_ns, last_ns=last_ns, fan=fan)
        key_ns = record_key_ns(last_ns, key_base(whole.subject, str(whole.key_ns)))


def check_touches(rows: Rows) -> None:
    """A known fan's visit has the fan's touches from its start until it would have been closed."""
    for visit in of(rows, "visit"):
        first = visit["started_ms"] * 10**6
        last = first + round((visit["seconds"] + TIMEOUTS_S[visit["store"]]) * S)
        mine = [
            touch
            for touch in of(rows, "touch")
            if visit["known"] and not visit["void"] and (touch["store"], touch["fan"]) == (visit["store"], visit["fan"])
            and first // 10**6 <= touch["time_ns"] // 10**6 <= last // 10**6
        ]  # fmt: skip
        assert (visit["touches"], visit["transactions"], visit["amount"]) == (len(mine), len(mine), round(10.5 * len(mine), 6))


def check_sums(rows: Rows, expected: list[list[Session]]) -> None:
    """Sums over all minutes are those of the persons' visits; staff are no traffic."""
    for name in TIMEOUTS_S:
        mine = [group for group in expected if group[0].store == name and group_speaker(group).subject != STAFF]
        minutes = [row for row in of(rows, "traffic") if row["store"] == name]
        assert sum(row["visits_started"] for row in minutes) == sum(row["visits_closed"] for row in minutes) == len(mine)
        seconds = sum(length for store, _, _, length in standing(mine) if store == name)
        assert round(sum(row["dwell_sum_s"] for row in minutes), 3) == round(seconds, 3)


def group_speaker(group: list[Session]) -> Session:
    return min(group, key=lambda each: each.key)


ALWAYS = st.lists(
    st.builds(
        lambda subject, fan: Link(f"{subject:016x}", fan, 0, 1 << 62, "crm", 1.0),
        st.sampled_from(made.SUBJECTS[:4]),
        st.sampled_from(made.FANS),
    ),
    max_size=4,
    unique_by=lambda link: (link.subject, link.fan),
)
late = st.lists(
    st.tuples(made.seconds, st.integers(0, 1), st.lists(inside, max_size=4), st.sampled_from([0.0, 0.0, 30.0, 800.0, 5000.0, 30_000.0])),
    max_size=20,
)


STAY = Row(Kind.STAY, 5)


@given(late, ALWAYS | links)
@example([(0.0, 0, [STAY], 0.0), (4000.0, 0, [], 0.0), (4000.0, 0, [], 0.0), (10.0, 0, [], 0.0), (1.0, 1, [STAY], 8011.0)], [])
@SLOW
def test_nobody_is_counted_twice_however_late_an_agent_comes(heard: list[tuple[float, int, list[Row], float]], some: list[Link]) -> None:
    """An agent that was away for hours reports what it heard: the visits are those of all evidence together."""
    story = Story()
    story.links(some)
    for wait_s, agent, rows, lag_s in heard:
        story.wait(wait_s).frame(agent, [replace(row, age_s=0.001 * (len(rows) - i)) for i, row in enumerate(rows)], lag_s)
    rows = folded(story.end().records)
    assert sorted(stored(rows)) == sorted(standing(visits_of(story.records, some, TIMEOUTS_S)))
