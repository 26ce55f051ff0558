"""What was bought or tried, as the field `items` of a touch has it: JSON, `[{"sku": "A1", "n": 1}]`, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple


class Pieces(NamedTuple):
    """How many pieces a basket has, and whether all of it could be read: others may have written it."""

    number: int
    is_whole: bool


def spelled(items: Iterable[tuple[str, int]]) -> str:
    """Return the field `items` for pairs of SKU and number."""
    found = [{"sku": sku, "n": n} for sku, n in items]
    return json.dumps(found, ensure_ascii=False) if found else ""


def as_documented(text: str) -> str:
    """Return `items` in its documented form, also for the form `[["A1", 1]]` of early releases; as it is where it has neither."""
    if not text.startswith("[["):
        return text
    try:
        return spelled((sku, n) for sku, n in json.loads(text))
    except (ValueError, TypeError):
        return text


def articles(text: str) -> list[str]:
    """Return the articles that a field `items` names, each once, in its order; none of what cannot be read."""
    try:
        entries = json.loads(as_documented(text)) if text else []
    except ValueError:
        return []
    named = [entry.get("sku") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return list(dict.fromkeys(sku for sku in named if isinstance(sku, str) and sku))


def pieces(text: str) -> Pieces:
    """Return the pieces of a field `items`. An entry without a number is one piece, as in an event; what is no entry is none."""
    if not text:
        return Pieces(0, True)
    try:
        entries = json.loads(as_documented(text))
    except ValueError:
        entries = None
    if not isinstance(entries, list):
        return Pieces(0, False)
    numbers = [_number(entry) for entry in entries]
    return Pieces(sum(number or 0 for number in numbers), None not in numbers)


def numbers(text: str) -> list[int]:
    """Return how many pieces each entry of a field `items` has that can be read."""
    try:
        entries = json.loads(as_documented(text)) if text else []
    except ValueError:
        return []
    return [number for entry in entries if (number := _number(entry)) is not None] if isinstance(entries, list) else []


def _number(entry: Any) -> int | None:
    number = entry.get("n", 1) if isinstance(entry, dict) else None
    return number if type(number) is int and abs(number) < _MOST else None


_MOST = 1 << 31
"""No number of pieces is as great; sums of these fit into 64 bits."""
