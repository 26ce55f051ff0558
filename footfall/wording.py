"""Words of messages that depend on what they are about: a count with its noun, a noun with its article. Pure.

counted(1, "row")                       # "1 row"
counted(1200, "entry", "entries")       # "1,200 entries"
with_article("amend.set")               # "an amend.set"
"""

from __future__ import annotations

from typing import Final

_VOWELS: Final = frozenset("aeio")
"""Letters before which a noun has `an`; `u` is left out, since our nouns begin with it as `user` does."""


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with what there is of it, `one` where it is 1, else `many`, which is `one` with an s unless stated."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def with_article(noun: str) -> str:
    """Return a noun behind `a` or `an`."""
    return f"{'an' if noun[:1].lower() in _VOWELS else 'a'} {noun}"
