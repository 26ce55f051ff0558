"""Small brands of contradictory facts, each from a seed: few names, so that they meet. Product and oracle must agree on all of them.

    python -m simulators.identity.small_brands 0 2000

A month of 5,000 people has what happens; these have what hardly ever does: links of all sources with and without ends, revokes of each
other, splits of what was no merge, cards of two beside a phone, consents between two touches of a reference.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from simulators.identity.oracle import Oracle
from simulators.identity.oracle_types import DAY_MS
from simulators.identity.pure import PureBrand, facts_of
from simulators.identity.score import differences
from simulators.identity.world import HOUR_MS, MINUTE_MS, START_MS, Sent, Sizes, World, iso
from simulators.identity.world_people import Owners, Population

Event = dict[str, Any]
FANS: Final = ("A", "B", "C")
TIMES: Final = 13
"""Moments at which anything happens: so few that two things often happen at once."""
TEXTS: Final = tuple(
    f"{kind}{nth}"
    for kind in ("member:m", "phone:1391111000", "wx-a:w", "web:b", "alipay.a:p", "card:c", "nfc:f", "email:kim@mail.cn.", "odd:o")
    for nth in (0, 1)
)
STORES: Final = ("s1", "s2", "web")
LENT_IN: Final = ("s1", "s2", "")
"""What stores call by one name, and what nobody states of it."""
LENDS: Final = 3
"""One brand in so many lends tags."""
SOURCES: Final = ("crm", "desk.a", "inferred", "touch")
KINDS: Final = {
    "touch": 7,
    "link": 4,
    "same": 1,
    "merge": 1.5,
    "distinct": 0.7,
    "split": 0.6,
    "revoke": 0.6,
    "unlink": 0.8,
    "consent": 0.8,
    "void": 0.4,
}
"""With how often each comes."""


class _Brand:
    """Makes the events of one brand; `span_ms` lies between two moments."""

    def __init__(self, seed: int) -> None:
        self._dice: Final = random.Random(seed)
        self._texts: Final = self._dice.sample(TEXTS, self._dice.randint(3, 8))
        self._apart: Final = random.Random(f"{seed} in stores")
        if seed % LENDS == 0:
            self._texts[:2] = ["tag:t0", *(["tag:t1"] if self._apart.random() < 0.5 else self._texts[1:2])]
        self._fans: Final = FANS[: self._dice.randint(2, 3)]
        self._span_ms: Final = self._dice.choice((1, 1, 15, 60)) * DAY_MS
        self._events: Final[list[Event]] = []

    def events(self, count: int) -> list[Event]:
        for number in range(count):
            kind = self._dice.choices(list(KINDS), list(KINDS.values()))[0]
            event_id = f"{self._dice.randrange(100):02d}-{number}"
            if kind == "touch":
                self._events.append({"kind": "touch", "id": event_id, **self._touch()})
            elif kind == "void":
                self._void(event_id)
            else:
                held = {"learned": iso(self._time_ms()), "source": self._dice.choice(SOURCES)}
                self._events.append({"kind": "fact", "id": event_id, **held, **self._lent(_FACTS[kind](self))})
        return [*self._events, *self._asked()]

    def _time_ms(self) -> int:
        return START_MS + self._dice.randrange(TIMES) * self._span_ms + self._dice.choice((0, 0, 0, MINUTE_MS, HOUR_MS))

    def _touch(self) -> Event:
        dice, named = self._dice, self._dice.choice((0, 1, 1, 1, 2, 2, 3))
        touch = {"what": "scan", "time": iso(self._time_ms()), "identifiers": dice.sample(self._texts, named)}
        touch |= {"store": self._apart.choice(STORES), "what": self._apart.choice(("scan", "scan", "return"))}
        touch |= {"fan": dice.choice(self._fans)} if dice.random() < 0.35 else {}
        return touch | ({"ref": dice.choice("rq")} if dice.random() < 0.35 else {})

    def _lent(self, stated: Event) -> Event:
        """Return a fact with the store of what it states to be lent; all sources of that are one, as are those of touches."""
        if stated["fact"] != "link" or not stated["identifier"].startswith("tag:"):
            return stated
        return stated | {"source": "touch", "store": self._apart.choice(LENT_IN)}

    def _void(self, event_id: str) -> None:
        if touches := [each["id"] for each in self._events if each["kind"] == "touch"]:
            of = self._dice.choice(touches)
            self._events.append(
                {"kind": "void", "id": event_id, "of": of, "time": iso(self._time_ms()), "reason": "wrong", "actor": "desk"}
            )

    def _asked(self) -> list[Event]:
        """Return touches by which each identifier is asked for, some time after each third moment."""
        return [
            {"kind": "touch", "what": "scan", "id": f"~{text}-{nth}-{store}", "identifiers": [text], "store": store,
             "time": iso(START_MS + nth * self._span_ms + 2 * HOUR_MS)}
            for text in self._texts
            for store in (STORES if text.startswith("tag:") else STORES[:1])
            for nth in range(0, TIMES, 3)
        ]  # fmt: skip

    def within(self) -> Event:
        """Return a span, each end of which may be open."""
        ends = [self._dice.choice((None, iso(self._time_ms()))) for _ in range(2)]
        first, last = sorted(ends) if None not in ends else ends  # type: ignore[type-var]  # neither is None
        return {"from": first, "to": None if first == last else last}

    def link(self) -> Event:
        return {"fact": "link", "identifier": self._dice.choice(self._texts), "fan": self._dice.choice(self._fans), **self.within()}

    def same(self) -> Event:
        named = self._dice.sample(self._texts, min(len(self._texts), self._dice.randint(2, 4)))
        return {"fact": "same", "identifiers": named, **self.within()}

    def of_two(self, kind: str) -> Event:
        return {"fact": kind, "fans": self._dice.sample(self._fans, 2)}

    def split(self) -> Event:
        merges = [each["id"] for each in self._events if each.get("fact") == "merge"]
        return {"fact": "split", "of": self._dice.choice(merges or [each["id"] for each in self._events] or ["unknown"])}

    def revoke(self) -> Event:
        return {"fact": "revoke", "of": self._dice.choice([each["id"] for each in self._events] or ["unknown"])}

    def unlink(self) -> Event:
        of_link = [self._dice.choice(self._texts), self._dice.choice(self._fans)]
        return {"fact": "revoke", "of_link": of_link, "to": iso(self._time_ms())}

    def consent(self) -> Event:
        fan, granted = self._dice.choice(self._fans), self._dice.random() < 0.4
        return {"fact": "consent", "fan": fan, "purpose": "identify", "granted": granted, "version": "1", "from": iso(self._time_ms())}


_FACTS: Final[dict[str, Callable[[_Brand], Event]]] = {
    "link": _Brand.link,
    "same": _Brand.same,
    "merge": lambda brand: brand.of_two("merge"),
    "distinct": lambda brand: brand.of_two("distinct"),
    "split": _Brand.split,
    "revoke": _Brand.revoke,
    "unlink": _Brand.unlink,
    "consent": _Brand.consent,
}


def small_brand(seed: int) -> list[Event]:
    """Return the events of a brand: 4 to 17 that state something, and touches that ask who each identifier is."""
    return _Brand(seed).events(4 + seed % 14)


def disagreements(events: Sequence[Event]) -> list[str]:
    """Return the touches that the product gives to somebody else than the oracle, with both names; [] if there are none."""
    world = World(Sizes(), Population([], Owners(), []), sent=[Sent(START_MS, each.get("store", ""), each) for each in events])
    brand = PureBrand()
    for _ in brand.take(facts_of(world.sent)):
        pass
    right = Oracle(events).names()
    found = {key: name for key, name in brand.names(world).items() if key in right}
    return [f"{key} is {found.get(key)!r}, and by the oracle {right[key]!r}" for key in differences(right, found)]


def smallest(events: list[Event]) -> list[Event]:
    """Return as few of events as still make product and oracle disagree."""
    for nth in range(len(events)):
        fewer = [*events[:nth], *events[nth + 1 :]]
        if disagreements(fewer):
            return smallest(fewer)
    return events


def main(first: int, last: int) -> int:
    """Try the brands of some seeds; print what they disagree on. Return 1 if any does."""
    wrong = 0
    for seed in range(first, last):
        if disagreements(events := small_brand(seed)):
            wrong += 1
            fewest = smallest(events)
            print(f"seed {seed}:", *map(json.dumps, fewest), *disagreements(fewest), sep="\n    ", flush=True)
    print(f"brands={last - first} disagree={wrong}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
