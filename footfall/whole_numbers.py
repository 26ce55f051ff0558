"""Whole numbers as people and programs write them: digits, and nothing else. Pure.

whole_number("17", 1, 100) -> 17
whole_number("1e3", 1, 10_000) -> None
"""

from __future__ import annotations

from typing import Final

_MOST_DIGITS: Final = 15
"""Python refuses to read thousands of digits; so many, leading zeros too, are enough for bytes, rows and places."""


def whole_number(text: str, least: int, most: int) -> int | None:
    """Return the number that a text is; None if it is none, or not one from `least` to `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return None
    return number if least <= (number := int(text)) <= most else None
