"""How a stranger's topic may stand in clear: without what looks like an identifier of a person. Pure.

    shown = shown_topic("footfall/1/s/8613800001111/events", is_known)
    shown.text                     # "footfall/1/s/<13 characters>/events"
    shown.without(message)         # a text about it, likewise

What site.toml has may be written as an identifier, as boxes that are named by their address: it is no person's.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from footfall.fan_ids import TYPES

HIDDEN: Final = re.compile(r"<[0-9]+ characters>")
_LOOKS: Final = (
    re.compile(rf"(^|[^a-z])({'|'.join(TYPES)})([:=]|[._-]?[0-9]{{4}})", re.IGNORECASE),  # a type, and a value
    re.compile(r"@"),
    re.compile(r"[0-9](?:[ ()./:_+-]*[0-9]){6}"),  # seven digits, as phone numbers, cards and addresses have them
    re.compile(r"(?:[0-9a-f]{2}[ :._-]?){6}", re.IGNORECASE),  # an address, and text in hexadecimal digits
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_=-]{8,}")
_TEXT: Final = re.compile(r"[ -~]{6,}")
_HEAD: Final = 6
"""Characters by which a part is found that a text has the beginning of."""


@dataclass(frozen=True, slots=True)
class ShownTopic:
    """`hidden`: parts of the topic, by what stands in their places."""

    text: str
    hidden: dict[str, str]

    def without(self, message: str) -> str:
        """Return a text about the topic, as quoted in whole or cut, without what is hidden."""
        for part in sorted(self.hidden, key=len, reverse=True):
            for form in _as_quoted(part):
                message = _replaced(message, form, self.hidden[part])
        return message


def shown_topic(topic: str, is_known: Callable[[str], bool]) -> ShownTopic:
    """Return a topic as it may be shown. `is_known`: whether a name stands in site.toml."""
    parts = topic.split("/")
    strange = [part for part in parts if not is_known(part)]
    hidden = {part: f"<{len(part)} characters>" for part in strange if looks_like_identifier(part)}
    if not hidden and looks_like_identifier("/".join(strange)):  # a number in parts
        hidden = {topic: f"<{len(topic)} characters>"}
        return ShownTopic(hidden[topic], hidden)
    return ShownTopic("/".join(hidden.get(part, part) for part in parts), hidden)


def looks_like_identifier(text: str) -> bool:
    """Return whether a text may contain a phone number, card, address of a device or of e-mail, as it is, reversed, or encoded."""
    if "<" in text or ">" in text:  # what would look like something hidden
        return True
    return any(pattern.search(form) for form in _forms(unicodedata.normalize("NFKC", text)) for pattern in _LOOKS)


def shown(text: str) -> str:
    """Return a text between quotes as a message may have it; of one that looks like an identifier only its length."""
    return f"<{len(text)} characters>" if looks_like_identifier(text) else repr(text)


def _forms(text: str) -> Iterator[str]:
    yield text
    if "%" in text:
        yield unquote(text)
    for token in _BASE64.findall(text):
        yield from _decoded(token)


def _decoded(token: str) -> Iterator[str]:
    """Yield the texts in what a token may be base64 of, wherever the encoding begins."""
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    for start in range(4):
        part = plain[start:]
        try:
            data = base64.b64decode(part[: len(part) // 4 * 4] or "====")
        except binascii.Error:
            continue
        yield from _TEXT.findall(data.decode("latin-1"))


def _as_quoted(part: str) -> Iterator[str]:
    """Yield the forms in which a text may have a part: as it is, or with escapes."""
    yield from dict.fromkeys((part, repr(part)[1:-1], ascii(part)[1:-1]))


def _replaced(text: str, form: str, mark: str) -> str:
    """Return a text with a mark in place of a form, and of whatever begins as it does: texts quote the beginnings of long topics."""
    done, head = "", form[:_HEAD]
    while (at := text.find(head)) >= 0:
        end = at + len(head)
        while end < len(text) and end - at < len(form) and text[end] == form[end - at]:
            end += 1
        done, text = f"{done}{text[:at]}{mark}", text[end:]
    return done + text
