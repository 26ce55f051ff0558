"""Steps of a play in which nothing is heard and nothing is due: leaving them out changes no row, no decision's time and no lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_S
from gateway.accept.messages import Message
from gateway.site import Site
from simulators.accuracy import playing
from simulators.accuracy.playing import play_recording
from simulators.chain.gateway import InProcessGateway
from tests.support.whole import examples

T0: Final = 1_780_000_000 * NS_PER_S
RECEIVERS: Final = {"r1": "hall", "r2": "hall", "r3": "till", "r4": "street"}
STEPS_NS: Final = (NS_PER_S // 2, 20 * NS_PER_S)


sightings = st.tuples(  # seconds since the one before, receiver, tag with its profile, level
    st.sampled_from([0.0, 0.1, 0.4, 1.0, 1.0, 3.0, 9.0, 31.0, 75.0]),
    st.sampled_from(sorted(RECEIVERS)),
    st.sampled_from([("a", "ble-tag"), ("b", "ibeacon"), ("c", "ibeacon")]),
    st.integers(-90, -50),
)


def site_of(entrance_dbm: int | None, idle_timeout_s: int) -> Site:
    zones = [{"name": "hall"}, {"name": "till"}, {"name": "street", "type": "outside"}]
    if entrance_dbm is not None:
        zones = [zone | {"entrance_dbm": entrance_dbm} for zone in zones if zone["name"] != "street"] + zones[2:]  # type: ignore[dict-item]
    store = {"name": "s", "zones": zones, "agents": [{"name": "x"}], "idle_timeout_s": idle_timeout_s}
    return Site.model_validate({"brand": "b", "stores": [store, {"name": "another", "zones": [{"name": "c"}], "agents": [{"name": "y"}]}]})


def played(heard: list[Sighting], site: Site, most_skipped: int, step_ns: int = STEPS_NS[0]) -> tuple[list[object], int]:
    """Return all that becomes of it, and how many steps were played."""
    steps = 0

    class Counting(InProcessGateway):
        def take(self, messages: Sequence[Message], received_ns: int) -> dict[tuple[str, str, str], int]:
            nonlocal steps
            steps += 1
            return super().take(messages, received_ns)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playing, "MOST_SKIPPED", most_skipped)
        patch.setattr(playing, "InProcessGateway", Counting)
        found = play_recording(heard, site, "s", "x", RECEIVERS, step_ns=step_ns)
    return [
        found.sink.stored(found.end_ns + 3600 * NS_PER_S),
        found.sink.minutes,
        found.leads,
        found.rows,
        found.end_ns,
        found.seconds,
    ], steps


@settings(max_examples=examples(24), deadline=None)
@given(st.lists(sightings, min_size=1, max_size=15), st.sampled_from([None, -75]), st.sampled_from([60, 1800]), st.sampled_from(STEPS_NS))
def test_steps_in_which_nothing_can_change_are_left_out_without_a_trace(
    drawn: list[tuple[float, str, tuple[str, str], int]], entrance_dbm: int | None, idle_timeout_s: int, step_ns: int
) -> None:
    heard, t_ns = [], T0
    for gap_s, receiver, (tag, profile), rssi_dbm in drawn:
        t_ns += round(gap_s * NS_PER_S)
        heard.append(Sighting(0, receiver, profile, tag, rssi_dbm, t_ns))
    site = site_of(entrance_dbm, idle_timeout_s)
    skipping, few = played(heard, site, playing.MOST_SKIPPED, step_ns)
    stepping, many = played(heard, site, 0, step_ns)
    assert skipping == stepping
    assert few <= many


def test_a_silence_costs_few_steps() -> None:
    heard = [Sighting(0, "r1", "ibeacon", "b", -60, T0 + k * 30 * NS_PER_S) for k in range(6)]
    _, few = played(heard, site_of(None, 1800), playing.MOST_SKIPPED)
    _, many = played(heard, site_of(None, 1800), 0)
    assert few * 3 < many
