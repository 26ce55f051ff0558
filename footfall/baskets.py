"""What was bought or tried, as the field `items` of a touch has it: JSON, `[{"sku": "A1", "n": 1}]`, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable


def spelled(items: Iterable[tuple[str, int]]) -> str:
    """Of (sku, n) each."""
    found = [{"sku": sku, "n": n} for sku, n in items]
    return json.dumps(found, ensure_ascii=False) if found else ""


def as_documented(text: str) -> str:
    """The same, also of what early releases stored as `[["A1", 1]]`."""
    return spelled((sku, n) for sku, n in json.loads(text)) if text.startswith("[[") else text
