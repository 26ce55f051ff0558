"""Rows as they are written: places by the names of their time, no name that nobody uses, no number that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.frames import DecidedTime, Kind, decode_body, encode_body
from gateway.accept.placing import MAX_BOOT_NS, MAX_ROW, NOWHERE, check_plausible, placed, without_dead_clocks
from gateway.records import BOUNDED, MEASURED, RecordKind
from gateway.site import Site
from gateway.site.index import Places
from tests.support.accept_inputs import NOW, SITE, TOPIC, S, acceptor, body, frame

DAY = 86_400 * S
RENAMED = Site.model_validate({
    "brand": "b",
    "stores": [{
        "name": "s1", "zones": [{"name": "a", "aliases": [{"name": "old", "until": "2026-09-01T00:00:00Z"}]}, {"name": "both"}],
        "doors": ["d", "entry"], "door_aliases": [{"door": "entry", "name": "both", "until": "2026-09-01T00:00:00Z"}],
        "agents": [{"name": "x"}],
    }],
})  # fmt: skip
CHANGED = 1_788_220_800 * S
ROWS = (Kind.ENTER, Kind.IN, Kind.STAY, Kind.GAP)


def places_of(made: Any, site: Site, time_ns: int = NOW) -> list[str]:
    written = decode_body(encode_body(placed(made, Places(site).of("s1", "x"), time_ns)))
    return [written.zones[place] for place in written.zone]


@pytest.mark.parametrize(("time_ns", "zone", "door"), [(CHANGED - 1, "old", "both"), (CHANGED, "a", "entry")])
@pytest.mark.parametrize("came_under", ["old", "a"])
@pytest.mark.parametrize("came_at", ["both", "entry"])
def test_places_have_the_names_of_the_time(came_under: str, came_at: str, time_ns: int, zone: str, door: str) -> None:
    made = body(*ROWS, zones=(came_under, came_at))
    made.zone = np.array([0, 1, 1 if came_at == "both" else 0, 0], "<u2")
    third = "both" if came_at == "both" else zone
    assert places_of(made, RENAMED, time_ns)[:3] == [zone, door, third], "a zone may be called as a door was"


def test_a_body_that_is_as_it_should_be_is_left_alone() -> None:
    made = body(*ROWS)
    assert placed(made, Places(SITE).of("s1", "x"), NOW) is made


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20), st.sampled_from([1, 70, 4000]))
def test_names_that_no_row_needs_get_nowhere(used: list[int], strangers: int) -> None:
    names = (*(f"n{i}" for i in range(strangers)), "a", "d")
    made = body(*[Kind.STAY, Kind.GAP] * len(used), zones=names)
    made.zone = np.array([place for each in used for place in (strangers, each % strangers)], "<u2")
    written = placed(made, Places(SITE).of("s1", "x"), NOW)
    assert set(written.zones) <= {"a", NOWHERE}
    assert [written.zones[place] for place in written.zone] == ["a", NOWHERE] * len(used)


def test_profiles_that_no_row_has_go() -> None:
    made = body(Kind.STAY, Kind.STAY)
    made.profiles = tuple(f"p{i}" for i in range(4000))
    made.profile = np.array([7, 200], "u1")
    written = placed(made, Places(SITE).of("s1", "x"), NOW)
    assert [written.profiles[place] for place in written.profile] == ["p7", "p200"]
    assert len(written.profiles) == 2


@pytest.mark.parametrize("seen", [(1 << 31) - 1, 1_000_001])
def test_more_people_than_there_can_be_are_refused(seen: int) -> None:
    made = body(Kind.IN, Kind.STAY)
    made.count = np.array([seen, 0], "<i4")
    with pytest.raises(ContractError, match="people") as refused:
        check_plausible(made)
    assert refused.value.reason == "body.count"
    made.count = np.array([1_000_000, seen], "<i4")
    check_plausible(made)  # sightings are no people


def test_many_rows_together_have_no_more_people_than_one() -> None:
    made = body(*[Kind.IN, Kind.OUT] * 5000)
    made.count = np.full(10_000, 101, "<i4")
    with pytest.raises(ContractError, match="1010000 people"):
        check_plausible(made)


@pytest.mark.parametrize("gap", [{"rows": MAX_ROW + 1}, {"rows": 9 * 10**18}, {"to_boot_ns": MAX_BOOT_NS + 1}])
def test_a_gap_that_cannot_be_is_refused(gap: dict[str, int]) -> None:
    for key in ("rows", "to_boot_ns"):
        check_plausible(body(Kind.GAP, extra={0: {key: 10**12}}))
    with pytest.raises(ContractError, match="row 0 is a gap"):
        check_plausible(body(Kind.GAP, extra={0: gap}))


def test_rows_beyond_any_epoch_are_refused() -> None:
    check_plausible(body(Kind.STAY, first_row=MAX_ROW))
    with pytest.raises(ContractError, match="first_row"):
        check_plausible(body(Kind.STAY, first_row=MAX_ROW + 1))


@pytest.mark.parametrize(
    ("device_ns", "kept", "off_ns"),
    [
        (0, True, 0),
        (NOW - S - 40 * DAY, True, 0),
        (NOW - S + 600 * S, True, 0),
        (NOW - S - 41 * DAY, False, -41 * DAY),
        (NOW - S + 601 * S, False, 601 * S),
        (5 * S, False, 5 * S - (NOW - S)),
        ((1 << 63) - 1, False, (1 << 62) - (NOW - S)),
        (-(1 << 63), False, -(NOW - S)),
    ],
)
def test_a_device_whose_clock_is_dead_has_no_time_and_is_named(device_ns: int, kept: bool, off_ns: int) -> None:
    made = body(Kind.IN, t_wall_ns=np.array([device_ns], "<i8"))
    found, apart_ns = without_dead_clocks(made, DecidedTime(NOW - 100 * S, 0, MEASURED), NOW)
    assert apart_ns == off_ns
    assert found.t_wall_ns is not None
    assert found.t_wall_ns.tolist() == ([device_ns] if kept else [1])


def test_a_right_clock_is_not_dead_where_the_agent_s_is_known_to_half_an_hour_only() -> None:
    """After a power cycle without gateway: heard somewhere within the hour, and the device or till knows when."""
    half_hour, about = 1800 * S, DecidedTime(NOW - 7200 * S, 3600 * S, BOUNDED)
    told_ns = about.offset_ns + 99 * S + half_hour
    made = body(Kind.IN, t_wall_ns=np.array([told_ns], "<i8"))
    assert without_dead_clocks(made, about, NOW) == (made, 0)
    assert without_dead_clocks(made, about._replace(width_ns=0), NOW)[1] == half_hour
    sale = f'{{"kind":"touch","what":"scan","time":"{datetime.fromtimestamp(told_ns / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}"}}'
    made = body(Kind.EVENT, boot="before", extra={0: {"event": sale}})
    outcome = acceptor().frame(TOPIC, frame(1, made, decided=about), NOW)
    assert outcome.refused == []
    assert [entry.kind for entry in outcome.entries] == [RecordKind.EVENT, RecordKind.FRAME]


def test_a_recording_has_the_times_of_its_file() -> None:
    made = body(Kind.IN, made_boot_ns=0, t_wall_ns=np.array([NOW - 20 * 365 * DAY], "<i8"))
    assert without_dead_clocks(made, DecidedTime(NOW, 0, MEASURED), NOW) == (made, 0)
