"""What becomes of the other messages of a BLE device that alternates, in the profile that one of its messages makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console

from device_profiles import drafts
from device_profiles.advertisement import Advertisement
from device_profiles.drafts import DraftValues
from device_profiles.registry import shipped
from footfall.errors import ConfigError

OTHER_MESSAGE: Final = "ble.other-message"
"""Reason: a message of a beacon that another of its messages names."""
_LEAST_PREFIX: Final = 2
THING: Final = "ble-thing"
"""The profile of what has a fixed address and nothing else that is known."""


def other_frames(chosen: str, own: DraftValues, payload: bytes, others: Sequence[Advertisement], console: Console) -> list[DraftValues]:
    """Return the frames of what the device also sends; print what is left to another profile. Raise ConfigError."""
    frames: list[DraftValues] = []
    for other in others:
        best = shipped().best("ble", other)
        if best is not None and best.name != THING:
            console.print(f"[dim]its other message is taken by {best.name}, as before[/]")
            continue
        try:
            frame = _other_frame(chosen, own, payload, other)
        except ValueError as error:
            raise ConfigError(f"--also: {error}") from None
        if frame is not None and frame not in frames:
            frames.append(frame)
        if chosen not in drafts.marks(other):
            console.print(
                f"[yellow]its other message has no {chosen}[/]: as {THING} the beacon is a thing beside this. Give it a frame, too."
            )
    return frames


def _other_frame(chosen: str, frame: DraftValues, payload: bytes, other: Advertisement) -> DraftValues | None:
    """Return the frame of another message of the same device: the same by its address, else counted and nobody beside it.

    `frame`: what takes `payload`, of the mark `chosen`. None: `frame` takes the other as well, or the other has no such mark. Raise
    ValueError if `frame` makes another device of it.
    """
    mark, data = drafts.marks(other).get(chosen, ({}, b""))
    if not data:
        return None
    if data.hex().startswith(frame.get("prefix", "")):
        ids = frame["fields"][:1] if frame["identifier"] == "{id}" else ()
        for start, end in ((field["offset"], field["offset"] + field["size"]) for field in ids):
            if len(data) >= end and data[start:end] != payload[start:end]:
                raise ValueError(
                    f"a message of the same beacon has {data[start:end].hex()} in bytes {start} to {end - 1}, where this one has"
                    f" {payload[start:end].hex()}: other bytes must name it, or --prefix-bytes leave out that message"
                )
        return None
    beginning = {"prefix": data[: max(_LEAST_PREFIX, drafts.shared_bytes(payload, data) + 1)].hex()}
    if frame["identifier"] == "{address}":
        return mark | beginning | {"identifier": "{address}"}
    return mark | beginning | {"ignored": OTHER_MESSAGE}
