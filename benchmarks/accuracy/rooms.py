"""What walls are worth: a simulated store of rooms back to back, with the ways between its zones in site.toml and without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from benchmarks.accuracy.found import Figures
from benchmarks.accuracy.rows import Row
from gateway.site import Site
from simulators.accuracy.course import Course
from simulators.accuracy.figures import Accuracy, figures, share
from simulators.accuracy.playing import SELDOM_S, play_world
from simulators.accuracy.simulated import courses_of_truth, stored_by_subject
from simulators.accuracy.stays import least_stay_s, zone_stays
from simulators.estate import brand_secret, site_of
from simulators.scenes import scene
from simulators.truth import collect, truth_of

SEEDS: Final = (51, 52)
"""The margin of a change through a wall was found on another."""


class OneSite(NamedTuple):
    """What was stored of one seed."""

    courses: Sequence[Course]
    zone_stays: Mapping[str, int]
    least_s: float


class Rooms(NamedTuple):
    """The same people, by the site with ways and by the one without."""

    with_ways: OneSite
    without: OneSite


def played(seed: int) -> Rooms:
    """Play the scene twice. Runs in a process of its own."""
    site = site_of([scene("rooms", seed)])
    return Rooms(_stored(seed, site), _stored(seed, _without_ways(site)))


def rooms(seeds: Sequence[Rooms]) -> Figures:
    """The figures with ways; those without stand beside them."""
    parts = [_joined([each.with_ways for each in seeds]), _joined([each.without for each in seeds])]
    found = [(figures(part.courses, least_s=part.least_s), part.zone_stays) for part in parts]
    about = f"scene rooms, seeds {', '.join(map(str, SEEDS))}; {len(parts[0].courses)} visits; beside it the same without next_to"
    return Figures(
        [Row(f"rooms-{what}", of(*found[0]), f"{about}; {how}", None, {"without next_to": of(*found[1])}) for what, of, how in _WANTED]
    )


def _stored(seed: int, site: Site) -> OneSite:
    world = scene("rooms", seed)
    truth, secret = collect(truth_of(world)), brand_secret(world.seed)
    done = play_world(world, site=site, every_s=SELDOM_S)
    stored = done.sink.stored(done.end_ns)
    courses = courses_of_truth(truth, secret, *stored_by_subject(stored), truth.end_ns)
    return OneSite(courses, zone_stays(stored), least_stay_s(truth))


def _without_ways(site: Site) -> Site:
    stores = [
        store.model_copy(update={"zones": tuple(zone.model_copy(update={"next_to": ()}) for zone in store.zones)}) for store in site.stores
    ]
    return site.model_copy(update={"stores": tuple(stores)})


def _joined(parts: Sequence[OneSite]) -> OneSite:
    zones = {zone: sum(part.zone_stays.get(zone, 0) for part in parts) for part in parts for zone in part.zone_stays}
    return OneSite([course for part in parts for course in part.courses], zones, max(part.least_s for part in parts))


def _stays_off(found: Accuracy, zone_stays: Mapping[str, int]) -> float:
    return share(
        sum(abs(zone_stays.get(each.zone, 0) - each.true.count) for each in found.stays), sum(each.true.count for each in found.stays)
    )


_WANTED: Final[Sequence[tuple[str, Callable[[Accuracy, Mapping[str, int]], float], str]]] = (
    ("zones-right", lambda found, _: found.zones_right("stored"), "every second in a zone, as stored"),
    ("flapping", lambda found, _: found.transitions.flapping, "stored changes for each true one, passes left out"),
    ("entries-f1-5s", lambda found, _: found.transitions.f1(5), "changes of zone within 5 s"),
    ("stays-off", _stays_off, "stays that zone_traffic counts, how far off over all zones"),
)
