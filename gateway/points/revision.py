"""How a revision names a point: by its tags in one text. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote

NOT_THERE: Final = ""
"""In the place of the fields of a point that did not exist."""


def series_of(tags: Iterable[str]) -> str:
    """Return the values of tags, in the order of the schema and without the store, as one text."""
    return "/".join(quote(value, safe="") for value in tags)


def tags_of(series: str) -> list[str]:
    """Return the values again."""
    return [unquote(value) for value in series.split("/")] if series else []
