"""Texts and numbers as every sink stores them, so that all hold the same. Pure.

Line protocol cannot carry everything. A raw newline in a tag forges a point, and an escaped one does not exist; a backslash in a tag
changes what the next byte means. So control characters are stored as their Unicode pictures (a newline as ␊). In tags a backslash is
stored as its fullwidth form ＼, and a lone surrogate as U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.points import Coded

_CONTROL: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_CONTROL_IN_TAG: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff\\\\]")
PLAIN_TEXT: Final = re.compile(r"[\w .:,=/+-]*")
"""Texts that a field holds as they are: nearly all."""
_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡", 0x5C: "＼"}


def stored_text(text: str) -> str:
    """Return `text` as a field holds it in every sink."""
    return text if PLAIN_TEXT.fullmatch(text) else _CONTROL.sub(_picture, text)


@lru_cache(maxsize=100_000)
def stored_tag(text: str) -> str:
    """Return `text` as a tag holds it in every sink."""
    return _CONTROL_IN_TAG.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    return _PICTURES.get(ord(found[0]), "\ufffd")


def row_texts(column: Coded, spell: Callable[[str], str]) -> list[str]:
    """Return each row's text, spelled; a name is spelled once, unless there are more names than rows."""
    codes, names = column.codes.tolist(), column.names
    if len(names) > len(codes):
        return [spell(names[code]) for code in codes]
    spelled = [spell(name) for name in names]
    return [spelled[code] for code in codes]


def check_finite(column: npt.NDArray[Any]) -> None:
    if not np.isfinite(column).all():
        raise ValueError("NaN or infinity in a point: its maker must not let it through")
