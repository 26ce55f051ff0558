"""Milesight VS121-P's own HTTP and MQTT push, whose regions are parallel lists, as a list of regions. Pure.

    {"numbering_regions": [1, 2], "current_counted": [3, 0]}   ->   {…, "mapped_regions": [{"region": 1, "people": 3}, …]}

`current_counted` has the people of each region now, `occupancy` alone whether somebody is there. Source: the keys that public integrations
read of a VS121-P.
"""

from __future__ import annotations

from typing import Any, Final

_NUMBERS: Final = "numbering_regions"
_VALUES: Final = {"current_counted": "people", "occupancy": "occupied"}


def unwrap(document: Any) -> Any:
    """Return the report with its regions; the document itself if it has none, or lists of different lengths."""
    if not isinstance(document, dict) or "device_info" not in document or not isinstance(numbers := document.get(_NUMBERS), list):
        return document
    for name, ours in _VALUES.items():
        values = document.get(name)
        if isinstance(values, list) and len(values) == len(numbers):
            return {**document, "mapped_regions": [{"region": number, ours: value} for number, value in zip(numbers, values, strict=True)]}
    return document
