"""The schema: every measurement's tags, fields and field types.

Laws that make every write idempotent: a tag never changes after the first write; every version of a point writes every field;
no two events share series and time; a visit's or dwell's key is its opening event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

FieldType = Literal["int", "float", "bool", "text", "subject"]
"""`subject` is a string of 16 hex digits; its column may hold the 64-bit integers."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """`tags` are in sorted order, as InfluxDB wants them."""

    name: str
    tags: tuple[str, ...]
    fields: Mapping[str, FieldType]


def _measurement(name: str, tags: str, **fields: FieldType) -> Measurement:
    return Measurement(name, tuple(sorted(tags.split())), {key.rstrip("_"): kind for key, kind in fields.items()})


SCHEMA: Final[Mapping[str, Measurement]] = {
    m.name: m
    for m in (
        _measurement("presence", "store zone agent kind", subject="subject", profile="text", rssi_dbm="int", dwell_s="float",
                     time_quality="text", time_width_ms="int", lag_ms="int"),
        _measurement("level", "store zone agent receiver", subject="subject", dbm="float"),
        _measurement("dwell", "store zone agent", subject="subject", fan="text", seconds="float", is_staff="bool", open="bool",
                     void="bool", quality="float", staff_id="text", department="text"),
        _measurement("visit", "store agent", subject="subject", fan="text", known="bool", is_staff="bool", open="bool", started_ms="int",
                     seconds="float", zones="int", touches="int", transactions="int", amount="float", void="bool", merged_into="text",
                     entries="int", staff_id="text", department="text"),
        _measurement("door", "store door agent", in_="int", out="int"),
        _measurement("occupancy", "store zone agent sensor", people="int", counted="bool"),
        _measurement("touch", "store zone agent what channel", subject="subject", fan="text", ref="text", staff_id="text",
                     department="text", campaign="text", items="text", stage="text", amount="float", void="bool",
                     squad="text", campaigns="text", code="text", shared_by="text"),
        _measurement("item", "store zone agent kind", epc="text", sku="text", from_zone="text", seconds="float"),
        _measurement("traffic", "store", in_="int", out="int", occupancy="int", drift="int", visits_started="int", visits_open="int",
                     known_open="int", visits_closed="int", dwell_sum_s="float", transactions="int", transactions_known="int",
                     returns="int", revenue="float", touches="int", anonymous_started="int", anonymous_open="int", staff_entries="int",
                     in_staff="int", passers_by="int"),
        _measurement("zone_traffic", "store zone", entries="int", exits="int", present="int", known_present="int",
                     dwell_sum_s="float", dwells="int", passes="int", passing_sum_s="float"),
        _measurement("outcome", "store by value", entrants="int", visitors="int", identified="int", known="int", touched="int",
                     buyers="int", buyers_known="int", buyers_touched="int", orders="int", orders_known="int",
                     sold="float", given_back="float", sold_known="float", given_back_known="float",
                     revenue_first="float", orders_first="float", visits_first="float", buyers_first="float",
                     revenue_last="float", orders_last="float", visits_last="float", buyers_last="float",
                     revenue_equal="float", orders_equal="float", visits_equal="float", buyers_equal="float",
                     revenue_decayed="float", orders_decayed="float", visits_decayed="float", buyers_decayed="float",
                     revenue_position="float", orders_position="float", visits_position="float", buyers_position="float",
                     revenue_owner="float", orders_owner="float", visits_owner="float", buyers_owner="float"),
        _measurement("agent", "store agent", uptime_s="float", spool_frames="int", clock_width_ms="float", drift_ppm="float",
                     sightings="int", dropped="int"),
        _measurement("store", "store", title="text", path="text", ownership="text", timezone="text", day_start="text", hours="text",
                     closed="text", agents="text", valid_from="text", valid_to="text", now="text", void="bool"),
        _measurement("coverage", "store agent", presence="int", doors="int", minutes="int"),
        _measurement("revision", "store of series", point_ns="int", was="text"),
        _measurement("gap", "store agent", from_ns="int", to_ns="int", rows="int", reason="text"),
    )
}  # fmt: skip
ABSENT: Final[Mapping[tuple[str, str], int]] = {("presence", "time_width_ms"): -1, ("visit", "entries"): 1, ("dwell", "quality"): -1}
"""What a field has in points made before there was such a field; all others 0, false or empty."""
WRITE_ONCE: Final = frozenset({"presence", "level"})
"""Measurements whose points have one version only: written in any order, they end the same."""
