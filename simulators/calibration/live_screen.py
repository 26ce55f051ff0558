"""The screen of a live calibration: who hears the beacon how loud now, which key stands for which zone, and how far the walk is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from footfall.units import NS_PER_S
from gateway.calibration.borders import LEAST_CROSSINGS, crossings
from gateway.calibration.walks import Walk
from simulators.calibration.live_walk import FRESH_NS, HeardNow, LiveWalk

WIDTH: Final = 80
WEAKEST_DBM, LOUDEST_DBM, BAR = -100.0, -40.0, 24
LEAST_STAY_S: Final = 20.0
PAGE: Final = 9
"""So many zones have a key at a time."""
KEYS: Final = "1-9 where you are · c crossing now · p pause · u undo · 0 more zones · q done"


def screen(walk: LiveWalk, zones: Sequence[str], page: int, now_ns: int, trouble: str = "") -> RenderableType:
    """Return what is shown. `page`: which nine zones have the keys; `trouble`: why nothing may be heard."""
    return Group(
        _zones(walk, zones, page, now_ns), _state(walk, now_ns), *_missing(walk, zones, now_ns), Text(trouble, "red"), Text(KEYS, "dim")
    )


def keyed(zones: Sequence[str], page: int) -> Mapping[str, str]:
    """Return the zone of each key on a page."""
    return {str(number): zone for number, zone in enumerate(zones[page * PAGE : (page + 1) * PAGE], 1)}


def pages(zones: Sequence[str]) -> int:
    return max(-(-len(zones) // PAGE), 1)


def crossed(walk: LiveWalk) -> Mapping[frozenset[str], int]:
    """Return how often each border was crossed by what was stated."""
    stated = [(each.from_ns, each.zone) for each in walk.stated if each.zone]
    return crossings([Walk("", (), stated)])


def _zones(walk: LiveWalk, zones: Sequence[str], page: int, now_ns: int) -> Table:
    table = Table("key", "zone", "agent, receiver", "dBm", "level", "s ago", "walked", width=WIDTH, box=None, header_style="bold")
    for column in (3, 5, 6):
        table.columns[column].justify = "right"
    keys = {zone: key for key, zone in keyed(zones, page).items()}
    seconds = walk.seconds_in(now_ns)
    for zone in zones:
        lines = sorted((each for each in walk.now.values() if each.zone == zone), key=lambda each: (each.agent, each.receiver))
        style = "reverse" if zone == walk.zone else ""
        first = (Text(keys.get(zone, ""), "bold"), Text(zone, style))
        walked = f"{seconds.get(zone, 0):.0f} s"
        for number, each in enumerate(lines or [None]):
            where = first if number == 0 else (Text(), Text())
            table.add_row(*where, *_level(each, now_ns), walked if number == 0 else "")
    return table


def _level(heard: HeardNow | None, now_ns: int) -> tuple[str, str, Text, str]:
    if heard is None:
        return "", "", Text("nothing heard yet", "yellow"), ""
    where = f"{heard.agent} {heard.receiver}".strip()
    ago_s = (now_ns - heard.t_ns) / NS_PER_S
    if heard.dbm is None or now_ns - heard.t_ns > FRESH_NS:
        return where, "", Text("silent", "yellow"), f"{ago_s:.0f}"
    share = (heard.dbm - WEAKEST_DBM) / (LOUDEST_DBM - WEAKEST_DBM)
    return where, f"{heard.dbm:.0f}", Text("█" * round(BAR * min(max(share, 0), 1)), "green"), f"{ago_s:.0f}"


def _state(walk: LiveWalk, now_ns: int) -> Text:
    if walk.is_crossing:
        return Text("crossing: which zone are you in now?", "bold magenta")
    if not walk.zone:
        return Text("paused: tap the zone that you are in" if walk.stated else "tap the zone that you are in", "bold magenta")
    return Text(f"in {walk.zone} for {(now_ns - walk.stated[-1].from_ns) / NS_PER_S:.0f} s", "bold green")


def _missing(walk: LiveWalk, zones: Sequence[str], now_ns: int) -> list[Text]:
    """What is left to be walked."""
    seconds = walk.seconds_in(now_ns)
    short = [zone for zone in zones if seconds.get(zone, 0.0) < LEAST_STAY_S]
    once = [" and ".join(sorted(border)) for border, times in crossed(walk).items() if times < LEAST_CROSSINGS]
    found = [f"still to walk, {LEAST_STAY_S:.0f} s each: {', '.join(short)}"] if short else []
    found += [f"cross again: {', '.join(once)}"] if once else []
    return [Text(line) for line in found]
