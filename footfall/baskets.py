"""What was bought or tried, as the field `items` of a touch has it: JSON, `[{"sku": "A1", "n": 1}]`, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable


def spelled(items: Iterable[tuple[str, int]]) -> str:
    """Return the field `items` for pairs of SKU and number."""
    found = [{"sku": sku, "n": n} for sku, n in items]
    return json.dumps(found, ensure_ascii=False) if found else ""


def as_documented(text: str) -> str:
    """Return `items` in its documented form, also for the form `[["A1", 1]]` of early releases."""
    return spelled((sku, n) for sku, n in json.loads(text)) if text.startswith("[[") else text
