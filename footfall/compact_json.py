"""What events hold as JSON without blanks, where there are many of them: `json` takes some eight times as long to write it."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json, to_json


def encoded(value: object) -> bytes:
    """Return the UTF-8 that `json` makes of text, whole numbers, money, truth, and lists and objects of those.

    It writes numbers of 1e16 and beyond, and those below 1e-4, otherwise (1e16 for 1e+16), so a digest of them would change: no event has
    any. Raise ValueError for half a surrogate pair.
    """
    return to_json(value)


def decoded(text: bytes | str) -> Any:
    """Return the values of what `encoded`, or `json`, made. What a stranger wrote is read by `footfall.events.load_json`."""
    return from_json(text)
