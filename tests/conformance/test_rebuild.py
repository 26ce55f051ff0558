"""A day that is folded again, in every kind of database: what has not changed stays, what has is as if it had always been so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from device_profiles.registry import shipped
from footfall.frames import Kind
from gateway.fold.rebuilt import encode
from gateway.points import SCHEMA
from gateway.rebuild.records import as_of_now
from gateway.rebuild.shadow import Shadow, Stamp
from gateway.records import Record, RecordKind
from gateway.site import Site
from gateway.site.recorded import record_site
from tests.support import journal_stories as made
from tests.support.databases import Database, Fresh
from tests.support.journal_stories import Row, Story, new_fold, pairs

DAY = date(2026, 5, 29)


def story() -> list[Record]:
    """Somebody is away for 200 s, somebody passes by, people are counted at the door, and the store closes."""
    told = Story().frame(0, []).frame(1, []).frame(2, [])
    for at in range(0, 60, 10):
        told.wait(10).frame(0, [Row(Kind.STAY, 5), Row(Kind.STAY, 7, place=2)])
        told.frame(1, [Row(Kind.IN, count=3, profile=2)] if at == 0 else [])
    told.wait(200).frame(0, [Row(Kind.STAY, 5)]).frame(1, [Row(Kind.OUT, profile=2)])
    return told.end(30).wait(2).tick().wait(2).tick().records


def changed() -> Site:
    """The timeout is half, b is outside, and the store closes 20 minutes earlier: at 04:40."""
    values: dict[str, Any] = made.site_of(1).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    values["stores"][0]["closes"] = "04:40"
    return Site.model_validate(values)


def with_site(records: Sequence[Record], site: Site) -> list[Record]:
    return [each._replace(body=record_site(site)) if each.kind == RecordKind.SITE else each for each in records]


def rebuilt(records: Sequence[Record], site: Site) -> list[Record]:
    """What a rebuild journals behind what is there: the estate as it is now, the day, and two ticks."""
    last = records[-1]
    now = [*records, last._replace(pos=last.pos + 1, kind=RecordKind.SITE, body=record_site(site))]
    with Shadow("s1", shipped(), lambda site: ({made.STAFF}, set())) as shadow:
        shadow.take(as_of_now(now, "s1", now[-1].body))
        parts = list(shadow.day(DAY, Stamp("ann", "it was wrong", made.T0)).in_parts())
    more = [(RecordKind.REBUILT, "s1", encode(part)) for part in parts] + [(RecordKind.TICK, "", b"")] * 2
    made_of = [last._replace(kind=kind, store=store, agent="", seq=0, body=body) for kind, store, body in more]
    return [
        *now[-1:],
        *(each._replace(pos=last.pos + n, received_ns=last.received_ns + 2 * n * made.S) for n, each in enumerate(made_of, 2)),
    ]


def stored(database: Database) -> dict[str, list[Any]]:
    """What people read: minutes in which nothing was are nothing, and neither is how many are inside then."""
    reader, found = database.reader(), {}
    for measurement in ("visit", "dwell", "traffic", "zone_traffic", "presence", "door"):
        table = reader.rows(measurement, "s1")
        names = (*SCHEMA[measurement].tags, *SCHEMA[measurement].fields)
        columns = {name: table.values(name) for name in names if name not in ("occupancy", "drift", "merged_into")}
        rows = [(time_ns, *values) for time_ns, *values in zip(table.time_ns.tolist(), *columns.values(), strict=True)]
        counts = len(SCHEMA[measurement].tags) + 1
        found[measurement] = sorted(row for row in rows if "traffic" not in measurement or any(row[counts:]))
    reader.close()
    return found


def test_an_unchanged_day_folded_again_changes_nothing(fresh: Fresh) -> None:
    database, records, fold = fresh(), with_site(story(), made.site_of(0)), new_fold()
    database.sink.write(fold.apply(pairs(records)))
    before = stored(database)
    points = fold.apply(pairs(rebuilt(records, made.site_of(0))))
    assert {each.measurement for each in points} <= {"store"}
    database.sink.write(points)
    assert before["visit"]
    assert stored(database) == before


def test_a_day_folded_again_is_that_of_a_gateway_with_the_right_site_from_the_beginning(fresh: Fresh) -> None:
    corrected, right = fresh(), fresh()
    records, fold = with_site(story(), made.site_of(0)), new_fold()
    corrected.sink.write(fold.apply(pairs(records)))
    right.sink.write(new_fold().apply(pairs(with_site(records, changed()))))
    assert stored(corrected) != stored(right)
    corrected.sink.write(fold.apply(pairs(rebuilt(records, changed()))))
    assert stored(corrected) == stored(right)
