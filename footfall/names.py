"""Names of the wire for texts that people wrote, such as a room's or a device's: what no name may have is `-`.

    name_of("Back Yard/2") -> "back-yard-2"
    name_of("大厅") -> "ea6dca5f"          # what `-` would lose, eight hex digits of the text tell apart
    name_of("Küche") -> "k-che-d4b04d03"

Texts that differ in capitals, in widths of letters, or in which sign stands between words have one name.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from unicodedata import category, normalize

MAX_CHARS: Final = 64
_NOT_OF_NAMES: Final = re.compile(r"[^a-z0-9._-]+")
_BETWEEN_WORDS: Final = re.compile(r"""[\s/\\|:;,#&'"()\[\]{}-]+""")
"""What `-` can stand for without a loss. In the place of any other, such as the plus of `gw+1`, it would make two texts one."""
_DIGITS: Final = 8


def plain(text: str) -> str:
    """Return the text in lower case, its letters in one width and form, `-` between its words."""
    return _BETWEEN_WORDS.sub("-", normalize("NFKC", text).lower())


def name_of(text: str) -> str:
    """Return a name for any text, 1 to 64 of `[a-z0-9._-]`. Texts that `plain` tells apart have two."""
    text = normalize("NFKC", text).strip().lower()
    name, found = _NOT_OF_NAMES.sub("-", text), plain(text)
    if len(name) <= MAX_CHARS and not _NOT_OF_NAMES.search(found):
        return name or "-"
    return with_digest(name, found)


def is_latin(text: str) -> bool:
    """Return whether a text keeps its letters and signs, but for accents, where those beyond ASCII are left out."""
    return text.isascii() or all(char.isascii() or category(char)[0] in "MPZC" for char in normalize("NFKD", text))


def with_digest(name: str, text: str) -> str:
    """Return the name with digits of the text that it is of, so that it is no other text's."""
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_DIGITS]
    return f"{name.strip('-')[: MAX_CHARS - _DIGITS - 1]}-{digest}".removeprefix("-")
