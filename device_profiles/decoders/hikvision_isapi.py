"""Hikvision's ISAPI events, as XML, as JSON without the root, or in the cloud's envelope, as one form. Pure.

    unwrap(document) -> {"EventNotificationAlert": {…, "unread": [name, …]}}

The blocks that a profile reads have one spelling, and the directions of `CountingList` are its `DataList`. `unread`: what looks like counts
in an event without such a block, by name, so that it is no heartbeat: numbers (`peopleNum`), blocks (`countingStatisticsList`), and the
type of an event about counts that has neither. The cloud's envelope has a header, and the event in `body.payload`; an event without an
address gets that of the header, `deviceId`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from device_profiles.decoders.documents import document as read_document
from footfall.errors import ProfileError

ROOT: Final = "EventNotificationAlert"
_BLOCKS: Final = {name.lower(): name for name in ("peopleCounting", "CountingList", "FramesPeopleCounting")}
"""By small letters: firmware differs in the first."""
_MARKS: Final = frozenset({"dateTime", "channelID", "eventState", "activePostCount", "macAddress", "ipAddress"})
"""Of these an event as JSON has two or more beside `eventType`, or `eventState` alone."""
_CLOUD: Final = "ys."
_DECLARATION: Final = re.compile(r"^<\?xml[^>]{0,200}\?>\s*")
"""A document in a text of JSON has the encoding of that text, whatever it declares."""
_ABOUT_COUNTS: Final = re.compile(r"count|queue|density|flow|peoplenum|personnum", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_COUNTS: Final = frozenset({"count", "counts", "counting", "counter", "counters", "enter", "entered", "exit", "exited", "occupancy"})
_PEOPLE: Final = frozenset(
    {"people", "person", "persons", "human", "humans", "head", "target", "customer", "visitor", "passenger", "crowd", "queue"}
)
_NUMBERS: Final = frozenset({"num", "number", "total", "amount", "quantity", "length", "density"})
_ALONE: Final = frozenset({"people", "persons", "humans", "customers", "visitors", "passengers", "queue"})
_OTHERS: Final = frozenset(
    {"post", "retry", "repeat", "picture", "pictures", "pic", "image", "images", "file", "upload", "alarm", "event", "id", "child"}
)
"""Words of what is numbered and nobody's count, such as `activePostCount`."""


def unwrap(document: Any) -> Any:
    """Return the event; the document itself if it is none. Raise ProfileError for an envelope whose event cannot be read."""
    event = _event(document)
    if event is None:
        return document
    plain = {_BLOCKS.get(name.lower(), name): value for name, value in event.items()}
    if "CountingList" in plain:
        plain["CountingList"] = _directions(plain["CountingList"])
    return {ROOT: plain | {"unread": [] if any(plain.get(name) for name in _BLOCKS.values()) else list(_like_counts(plain))}}


def _event(document: Any) -> dict[str, Any] | None:
    if not isinstance(document, dict):
        return None
    if isinstance(event := document.get(ROOT), dict):
        return event
    header, body = document.get("header"), document.get("body")
    if isinstance(header, dict) and isinstance(body, dict) and str(header.get("type", "")).startswith(_CLOUD):
        return _of_cloud(header, body)
    marks = _MARKS & document.keys()
    return document if isinstance(document.get("eventType"), str) and (len(marks) > 1 or "eventState" in marks) else None


def _of_cloud(header: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event of an envelope; of one with another message, such as that a camera is online, what it has."""
    address = {"macAddress": header["deviceId"]} if isinstance(header.get("deviceId"), str) else {}
    payload = body.get("payload", body)
    if isinstance(payload, str):
        text = _DECLARATION.sub("", payload.strip())
        payload = read_document(text.encode(errors="replace"), "xml" if text.startswith("<") else "json")
    event = payload.get(ROOT, payload) if isinstance(payload, dict) else None
    if not isinstance(event, dict) or ("payload" in body and "eventType" not in event):
        raise ProfileError("feed.envelope", "`body.payload` of the cloud's envelope is no event")
    return {"eventType": header["type"], **address, **event}


def _directions(block: Any) -> Any:
    """Return `{"DataList": […]}`, also of a list of directions, or of such tables."""
    if not isinstance(block, list):
        return block
    tables = [item.get("DataList", item) if isinstance(item, dict) else item for item in block]
    return {"DataList": [direction for table in tables for direction in (table if isinstance(table, list) else [table])]}


def _like_counts(event: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of numbers and blocks that look like counts, wherever they are, or else the type of an event about counts."""
    found = False
    open_values: list[Any] = [event]
    while open_values:
        value = open_values.pop()
        if isinstance(value, list):
            open_values += value
        elif isinstance(value, dict):
            open_values += value.values()
            for name, inner in value.items():
                if _is_count(name, inner):
                    found = True
                    yield name
    kind = event.get("eventType")
    if not found and isinstance(kind, str) and event.get("eventState") != "inactive" and _ABOUT_COUNTS.search(kind):
        yield kind


def _is_count(name: str, value: Any) -> bool:
    words = frozenset(word.lower() for word in _WORD.findall(name))
    if words & _OTHERS:
        return False
    if isinstance(value, dict | list):
        return bool(value) and bool(words & _COUNTS or _ABOUT_COUNTS.search(name))
    is_number = type(value) in (int, float) or (isinstance(value, str) and value.strip().isdecimal())
    return is_number and bool(
        words & _COUNTS or (words & _PEOPLE and words & _NUMBERS) or name.lower() in _ALONE | {"peoplenum", "personnum"}
    )
