"""Messages that devices publish by themselves, by MQTT or HTTP: a topic or path, bytes, and sometimes a name of their own.

[device]
transport = "feed"
format = "json"                                 # or "xml", "msgpack", "form", "value"
topic = "espresense/devices/{id}/{node}"        # optional; "+" is any level, "#" any number of them, at either end
needs = ["mac", "rssi"]                         # paths that must lead somewhere
unwrap = "milesight-lorawan"                    # optional: what takes the device's values out of a network's message
one_of = ["raw", "data"]                        # paths of which one must: a device sends other messages beside readings
without = ["readerName"]                        # paths of which none leads anywhere: those of another device's messages
says = { "type" = "SIMPLE" }                    # and values that must be there

[[device.readings]]                             # device_profiles/devices/feed_rows.py
…
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from device_profiles.decoders import paths
from device_profiles.decoders.documents import DocumentFormat, document
from device_profiles.decoders.paths import PathScope
from device_profiles.decoders.unwrapping import UNWRAPPERS, UnwrapperName
from device_profiles.device import Device
from device_profiles.devices.feed_rows import AnyRows, says
from device_profiles.devices.feed_values import PathText
from device_profiles.reading import Reading, Unread
from footfall.errors import ProfileError

_FIRST_BYTES: Final[Mapping[DocumentFormat, bytes]] = {
    "json": b"{[\xef",
    "xml": b"<\xef\xff\xfe",
    "msgpack": bytes(range(0x80, 0xA0)) + b"\xdc\xdd\xde\xdf",
    "form": bytes(range(0x30, 0x7B)),
    "value": bytes(set(range(0x21, 0x7F)) - set(b"{[<")),
}
"""First bytes of an object, an element (or a byte order mark), a map or an array: other formats are not even tried."""
_BLANKS: Final = b"\0 \t\r\n"


@dataclass(frozen=True)
class FeedMessage:
    """`topic`: of MQTT, or a request's path without leading slash. The payload is parsed once, for all profiles."""

    topic: str
    payload: bytes = field(repr=False)
    _read: dict[DocumentFormat, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def document(self, form: DocumentFormat) -> Any:
        """Return the payload as plain values. Raise ProfileError if it has another format."""
        if form not in self._read:
            try:
                self._read[form] = document(self.payload, form)
            except ProfileError as error:
                self._read[form] = error
        found = self._read[form]
        if isinstance(found, ProfileError):
            raise found
        return found

    def unwrapped(self, form: DocumentFormat, by: UnwrapperName | None) -> Any:
        """Return the document, or what `by` took out of it. Raise ProfileError if it has another format."""
        document = self.document(form)
        return document if by is None else UNWRAPPERS[by](document)

    def fault(self) -> ProfileError | None:
        """Return what makes it no document, or no uplink, though it begins like one; None if that is not why nothing explains it."""
        begins = self.payload.lstrip(_BLANKS)[:1]
        form: DocumentFormat = "json" if begins in (b"{", b"[") else "xml"
        if begins not in (b"<", b"\xff", b"\xfe", b"{", b"["):
            return None
        try:
            for unwrap in UNWRAPPERS.values():
                unwrap(self.document(form))
        except ProfileError as error:
            return error
        return None


def _is_pattern(text: str) -> str:
    _matcher(text)
    return text


class Feed(Device):
    """Which messages match, and how their items become readings."""

    transport: Literal["feed"]
    format: DocumentFormat = "json"
    topic: Annotated[str, AfterValidator(_is_pattern)] = ""
    needs: tuple[PathText, ...] = ()
    one_of: tuple[PathText, ...] = ()
    without: tuple[PathText, ...] = ()
    unwrap: UnwrapperName | None = None
    says: dict[PathText, str | int | bool] = Field(default_factory=dict)
    readings: Annotated[tuple[AnyRows, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _asks(self) -> Feed:
        fixed = any(level[:1] not in ("", "+", "#", "{") for level in self.topic.split("/"))
        if not self.needs and not self.says and not self.one_of and not fixed and self.format != "value":
            raise ValueError("needs: without a path in `needs`, a value in `says` or a level in `topic` it would take every message")
        return self

    def specificity(self, message: FeedMessage) -> int:
        """Return 1 for each path, value and topic level required, if all are there; else 0. `one_of` counts as one path."""
        levels = _levels(self.topic, message.topic)
        if levels is None or message.payload.lstrip(_BLANKS)[:1] not in _first_bytes(self.format):
            return 0
        try:
            scope = PathScope(message.unwrapped(self.format, self.unwrap), levels)
        except ProfileError:
            return 0
        if not all(_leads_somewhere(scope, path) for path in self.needs):
            return 0
        if self.one_of and not any(_leads_somewhere(scope, path) for path in self.one_of):
            return 0
        if any(_leads_somewhere(scope, path) for path in self.without):
            return 0
        if not all(_somewhere(scope, path, wanted) for path, wanted in self.says.items()):
            return 0
        return self._asked_for()

    def _asked_for(self) -> int:
        """Return how much it asks for: of a bare value, which may ask for nothing else, its format too."""
        levels = sum(level not in ("+", "#") for level in self.topic.split("/") if level)
        return len(self.needs) + len(self.says) + bool(self.one_of) + levels + (self.format == "value")

    def decode(self, message: FeedMessage) -> Sequence[Reading]:
        """Return a reading per item; Unread for an item that cannot be read, if others can. Raise ProfileError `feed.other`."""
        scope = PathScope(message.unwrapped(self.format, self.unwrap), _levels(self.topic, message.topic) or {})
        if not self.specificity(message):
            raise ProfileError("feed.other", "not a message of this device: a topic, path or value that it needs is not there")
        readings = [reading for rows in self.readings for reading in rows.read(scope)]
        unread = [reading for reading in readings if isinstance(reading, Unread)]
        if unread and len(unread) == len(readings):
            raise ProfileError(unread[0].reason, f"none of its {len(unread)} items can be read: {unread[0].fault}")
        return readings

    def message(self, values: Mapping[str, Any]) -> FeedMessage:
        """Return the message in `topic` (default ""), and one of `text`, as it was sent, and `hex`."""
        unknown = values.keys() - {"topic", "text", "hex"}
        if unknown or ("text" in values) == ("hex" in values):
            raise ValueError(f"a message has a `topic`, and one of `text` and `hex`, not {', '.join(sorted(values)) or 'nothing'}")
        payload = bytes.fromhex(values["hex"]) if "hex" in values else str(values["text"]).encode()
        return FeedMessage(str(values.get("topic", "")), payload)


@lru_cache
def _first_bytes(form: DocumentFormat) -> frozenset[bytes]:
    return frozenset(bytes([byte]) for byte in _FIRST_BYTES[form])


def _leads_somewhere(scope: PathScope, path: str) -> bool:
    return any(paths.each(paths.parse(path), scope))


def _somewhere(scope: PathScope, path: str, wanted: str | int | bool) -> bool:
    """Return whether the message, or an element of its list, has that value."""
    *_, last = path.rsplit(".", 1)
    outer = path[: -len(last)].rstrip(".")
    return any(says(item, last, wanted) for item in paths.each(paths.parse(outer), scope))


def _levels(pattern: str, topic: str) -> Mapping[str, str] | None:
    found = _matcher(pattern).fullmatch(topic)
    return None if found is None else {"topic": topic, **found.groupdict("")}


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> re.Pattern[str]:
    """Return the topic's pattern. Raise ValueError for a `#` in the middle, or a malformed `{name}`."""
    if not pattern:
        return re.compile(".*", re.DOTALL)
    levels = pattern.split("/")
    before, after = levels[0] == "#", len(levels) > 1 and levels[-1] == "#"
    middle = levels[before : len(levels) - after]
    text = "/".join(_level(level, pattern) for level in middle)
    return re.compile(("(?:.*/)?" if before else "") + text + ("(?:/(?P<rest>.*))?" if after else ""), re.DOTALL)


def _level(level: str, pattern: str) -> str:
    if level == "+":
        return "[^/]*"
    if named := re.fullmatch(r"\{([a-z_]+)\}", level):
        return f"(?P<{named[1]}>[^/]+)"
    if re.search(r"[#+{}]", level):
        raise ValueError(f"{pattern!r}: {level!r} is neither a level of a topic nor + nor {{name}}")
    return re.escape(level)
