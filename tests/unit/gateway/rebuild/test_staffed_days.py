"""A day is outdated if other staff were in force since it began, until it is folded again with those of now."""

from __future__ import annotations

import json
from typing import Any

from gateway.fold.rebuilt import RebuiltPart, encode
from gateway.rebuild.staffed_days import StaffedDays
from gateway.records import Record, RecordKind

OLD, NEW = ([{"staff_id": "anna", "department": each}] for each in ("shoes", "bags"))


def site(staff: Any) -> bytes:
    return json.dumps({"staff": staff}).encode()


def rebuilt(day: str) -> bytes:
    return encode(RebuiltPart(from_ns=0, to_ns=1, day=day, actor="kim", reason="", learned_ns=0))


def outdated(*records: tuple[RecordKind, int, bytes]) -> list[bool]:
    """Return it of a day that begins at 10 ns, of records at their times, with NEW in force now."""
    days = StaffedDays(site(NEW))
    found = []
    for pos, (kind, at_ns, body) in enumerate(records):
        list(days.seen([Record(pos, at_ns, kind, "", "", 0, 0, 0, 0, body)]))
        found.append(days.is_outdated("d", 10))
    return found


def test_a_day_is_outdated_if_other_staff_were_in_force_since_it_began() -> None:
    assert outdated((RecordKind.SITE, 1, site(NEW)), (RecordKind.SITE, 20, site(NEW))) == [False, False]
    assert outdated((RecordKind.SITE, 1, site(OLD)), (RecordKind.SITE, 20, site(NEW))) == [True, True]
    assert outdated((RecordKind.SITE, 1, site(OLD)), (RecordKind.SITE, 9, site(NEW))) == [True, False], "before it began"
    assert outdated((RecordKind.SITE, 1, site(NEW)), (RecordKind.SITE, 20, site(OLD)), (RecordKind.SITE, 30, site(NEW)))[-1]


def test_what_was_folded_again_since_is_not() -> None:
    changed = (RecordKind.SITE, 1, site(OLD)), (RecordKind.SITE, 20, site(NEW))
    assert outdated(*changed, (RecordKind.REBUILT, 30, rebuilt("d")))[-1] is False
    assert outdated(*changed, (RecordKind.REBUILT, 30, rebuilt("e")))[-1] is True
    assert outdated(changed[0], (RecordKind.REBUILT, 15, rebuilt("d")), changed[1])[-1] is True, "with those of then"
