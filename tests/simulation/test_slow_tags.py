"""Tags that are heard ten times a second, and every ten seconds, change zones alike when somebody carries them to another room."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import groupby
from typing import Final

import pytest

from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_S
from gateway.site import Site
from simulators.accuracy.playing import play_recording
from simulators.accuracy.simulated import stored_by_subject
from tests.support.whole import small_or_whole

START_NS: Final = 1_790_000_000 * NS_PER_S
ROOMS: Final = ("a", "b", "a", "c")
STAY_S: Final = 120.0
LOST: Final = 0.05
SITE: Final = Site.model_validate(
    {
        "brand": "b",
        "stores": [
            {"name": "s", "timezone": "UTC", "zones": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "agents": [{"name": "x"}], "doors": []}
        ],
    }
)


def walk(profile: str, interval_s: float, rng: random.Random) -> Iterator[Sighting]:
    """A stay in each room, whose own receiver hears a tag 16 dB louder than the others; each loses messages, never two together.

    Of a tag that is heard every 10 s none is lost: `timeout_max_s` of a ble-tag is 15 s, so one would be an EXIT.
    """
    at_s, lost, share = 0.0, set[str](), LOST if interval_s < 10 else 0.0
    while at_s < STAY_S * len(ROOMS):
        here = ROOMS[int(at_s / STAY_S)]
        for room in ("a", "b", "c"):
            if room in lost or rng.random() > share:
                lost.discard(room)
                t_ns = START_NS + round(at_s * NS_PER_S)
                dbm = round(rng.gauss(-60 if room == here else -76, 2))
                yield Sighting(0, f"r-{room}", profile, "tag-1", dbm, t_ns)
            else:
                lost.add(room)
        at_s += interval_s * rng.uniform(0.95, 1.05)


@pytest.mark.parametrize("profile", ["ble-tag", "ibeacon"])
@pytest.mark.parametrize("interval_s", [0.1, 1.0, 2.0, 5.0, 10.0])
def test_whoever_carries_a_tag_to_another_room_is_stored_there_however_rarely_it_is_heard(profile: str, interval_s: float) -> None:
    for seed in range(small_or_whole(1, 3)):
        heard = walk(profile, interval_s, random.Random(seed))
        played = play_recording(heard, SITE, "s", "x", {f"r-{room}": room for room in ("a", "b", "c")}, step_ns=NS_PER_S)
        dwells, _ = stored_by_subject(played.sink.stored(played.end_ns))
        (found,) = dwells.values()
        stays = [list(of) for _, of in groupby(found, key=lambda dwell: dwell.zone)]
        assert [of[0].zone for of in stays] == list(ROOMS)
        for number, (first, *_) in enumerate(stays[1:], 1):
            assert abs((first.from_ns - START_NS) / NS_PER_S - number * STAY_S) <= 2 + 3 * interval_s
