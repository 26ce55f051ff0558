"""The story of one fan in numbers: Ming, whom a store sees, and Mr Wang, whom the web shop knows, are one person.

Ming comes four times with a member beacon that nobody knows, tries on glasses, scans a code, and buys at the fifth visit. Mr Wang's
account on the web is known to the CRM. The purchase is paid with what the account once paid with: from then on all of it is one history.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from rich.table import Table

from gateway.identity.facts import is_registered
from simulators.identity.oracle_types import DAY_MS
from simulators.identity.through_gateway import Key, Month
from simulators.identity.world import HOUR_MS, MINUTE_MS, START_MS, Presence, Sizes, World, Writer
from simulators.identity.world_people import Owners, Population
from simulators.show import WIDTH

FAN: Final = "wang-1988"
BEACON: Final = "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:7:42"
CODE: Final = "wx-oa:o-ming"
ACCOUNT: Final = "customer.web:wang"
BROWSER: Final = "web:pad-3f2a"
PAID_WITH: Final = "alipay.app7:2088-wang"
GUIDE: Final = "lin"
TILL: Final = "chen"
STRANGERS: Final = 4
"""Other people with beacons that nobody knows; they come once each and stay strangers."""
VISIT_DAYS: Final = (1, 4, 8, 11, 15)
FIRST_H: Final = 6
"""UTC: two in the afternoon in the stores."""
STAYS_MS: Final = 40 * MINUTE_MS


class Moment(NamedTuple):
    """What is known of the rows so far."""

    rows: int
    named: int
    visits_of_fan: int

    @property
    def anonymous(self) -> float:
        return 1 - self.named / self.rows


@dataclass(frozen=True, slots=True)
class Story:
    """`credited`: the guide of the last touch before the purchase at which somebody served the fan."""

    before: Moment
    after: Moment
    visits_before_purchase: int
    touches_before_purchase: int
    credited: str


def play_story(folder: Path) -> Story:
    """Send the story through a gateway into a database in `folder`; return what its rows have before and after the payment."""
    world = _story()
    month = Month(world, folder)
    paid_ms = _at_ms(VISIT_DAYS[-1]) + STAYS_MS
    try:
        month.play(paid_ms - 30 * MINUTE_MS, _unwatched)
        month.flush()
        before = _moment(month.names())
        month.play(paid_ms + 6 * HOUR_MS, _unwatched)
    finally:
        month.close()
    names = month.names()
    earlier = [key for key, fan in names.items() if fan == FAN and _time_ms(world, key) < _at_ms(VISIT_DAYS[-1])]
    visits = [key for key in earlier if isinstance(key, tuple)]
    served = {event["id"]: event.get("staff_id", "") for _, _, event in world.sent if event["kind"] == "touch"}
    guides = [served[key] for key in sorted(earlier, key=lambda each: _time_ms(world, each)) if isinstance(key, str) and served[key]]
    return Story(before, _moment(names), len(visits), len(earlier) - len(visits), guides[-1] if guides else "")


def story_table(story: Story) -> Table:
    """Return the story as a table for people."""
    table = Table("", "before the payment", "after it", title="Ming of the store and Mr Wang of the web are one fan", width=WIDTH)
    before, after = story.before, story.after
    table.add_row("touches and visits", f"{before.rows}", f"{after.rows}")
    table.add_row("anonymous", f"{before.anonymous:.0%}", f"{after.anonymous:.0%}")
    table.add_row(f"visits of {FAN}", f"{before.visits_of_fan}", f"{after.visits_of_fan}")
    table.caption = (
        f"the purchase was preceded by {story.visits_before_purchase} visits and {story.touches_before_purchase} touches of the same fan;"
        f" {story.credited}, who showed the glasses, gets the credit"
    )
    return table


def _moment(names: Mapping[Key, str]) -> Moment:
    named = [key for key, fan in names.items() if is_registered(fan)]
    return Moment(len(names), len(named), sum(isinstance(key, tuple) and fan == FAN for key, fan in names.items()))


def _time_ms(world: World, key: Key) -> int:
    return key[1] if isinstance(key, tuple) else world.time_of(key)


def _at_ms(day: int) -> int:
    return START_MS + day * DAY_MS + FIRST_H * HOUR_MS


def _unwatched(share: float) -> None:
    """Nobody watches."""


def _story() -> World:
    world = World(Sizes(fans=1, stores=2, days=VISIT_DAYS[-1] + 1), Population([], Owners(), []))
    writer = Writer(world, random.Random(0))
    for number, day in enumerate(VISIT_DAYS):
        _hear(world, number % 2, BEACON, _at_ms(day), 0)
    for number in range(STRANGERS):
        _hear(world, 0, f"{BEACON}{number}", _at_ms(2 + 3 * number), 1 + number)
    _in_the_store(writer)
    _on_the_web(writer)
    return world


def _hear(world: World, store: int, identifier: str, from_ms: int, person: int) -> None:
    world.presences.append(Presence(f"store{store:02d}", identifier, from_ms, from_ms + STAYS_MS, person))


def _in_the_store(writer: Writer) -> None:
    second, third, fifth = (_at_ms(VISIT_DAYS[number]) for number in (1, 2, 4))
    writer.touch("store01", second + 10 * MINUTE_MS, "try_on", [BEACON], 0, zone="glasses", staff_id=GUIDE, late_ms=0)
    writer.touch("store00", third + 10 * MINUTE_MS, "scan", [CODE, BEACON], 0, late_ms=0)
    paid_ms = fifth + STAYS_MS - 5 * MINUTE_MS
    writer.touch("store00", paid_ms, "transaction", [], 0, ref="T-991", amount=1899.0, staff_id=TILL, late_ms=0)
    writer.touch("store00", paid_ms + MINUTE_MS, "payment", [PAID_WITH, CODE], 0, ref="T-991", amount=1899.0, late_ms=0)


def _on_the_web(writer: Writer) -> None:
    writer.fact("link", START_MS - DAY_MS, identifier=ACCOUNT, fan=FAN, **{"from": None, "to": None})
    for day in (3, 9):
        writer.touch("store00", _at_ms(day) + 7 * HOUR_MS, "promotion", [BROWSER], 0, channel="web", late_ms=0)
    writer.touch("store00", _at_ms(10), "promotion", [BROWSER, ACCOUNT], 0, channel="web", late_ms=0)
    writer.touch("store00", _at_ms(10) + MINUTE_MS, "payment", [ACCOUNT, PAID_WITH], 0, ref="W-17", amount=59.0, channel="web", late_ms=0)
