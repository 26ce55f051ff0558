"""Uplinks as LoRaWAN network servers publish them: The Things Stack, ChirpStack 3 and 4, Actility and Loriot. Pure.

    uplink(document) -> Uplink | None      None: no uplink of any of them
    flat(document) -> Uplink | None        values that a gateway has decoded, beside the EUI, as Milesight's UG65 forwards them
    subject(document) -> str | None        the EUI of the device that another event of a server is about: that it joined, its state

Each wraps the device's bytes, in base64 or hex, and where a decoder is installed there also its object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from device_profiles.decoders import scalars
from footfall.errors import ProfileError

EUI_BYTES: Final = 8
_EUI_NAMES: Final = ("devEUI", "devEui", "dev_eui")


@dataclass(frozen=True, slots=True)
class Uplink:
    """`dev_eui`: 16 hex digits. `values`: the decoded object, empty where no decoder is installed. `time`: as the server wrote it."""

    dev_eui: str
    payload: bytes
    values: Mapping[str, Any]
    time: Any


def uplink(document: Any) -> Uplink | None:
    """Return the uplink. Raise ProfileError where it is one with an EUI or bytes that cannot be read."""
    if not isinstance(document, dict):
        return None
    return next((read(document) for key, read in _SERVERS.items() if key in document), None)


def flat(document: Any) -> Uplink | None:
    """Return the values beside `devEUI`, or in an object beside it, as an uplink without bytes. Raise ProfileError for no EUI."""
    if not isinstance(document, dict) or uplink(document) is not None or _CHIRPSTACK3_EVENTS & document.keys():
        return None
    name = next((name for name in _EUI_NAMES if name in document), None)
    if name is None:
        return None
    objects = [value for value in document.values() if isinstance(value, dict)]
    values = {key: value for found in (document, *objects) for key, value in found.items()}
    return Uplink(_eui(document[name]), b"", values, document.get("time") or document.get("timestamp"))


def subject(document: Any) -> str | None:
    """Return the EUI in a message that is no uplink; None if it is of no server. Raise ProfileError for an EUI that cannot be read."""
    if not isinstance(document, dict):
        return None
    if isinstance(names := document.get("end_device_ids"), dict) and "dev_eui" in names and "uplink_message" not in document:
        return _eui(names["dev_eui"])
    if isinstance(device := document.get("deviceInfo"), dict) and "devEui" in device:
        return _eui(device["devEui"])
    return _eui(document["devEUI"]) if "devEUI" in document and _CHIRPSTACK3_EVENTS & document.keys() else None


def _things(message: dict[str, Any]) -> Uplink | None:
    up = message.get("uplink_message")
    names = message["end_device_ids"]
    if not isinstance(up, dict) or not isinstance(names, dict):
        return None
    payload = scalars.base64_bytes(up.get("frm_payload") or "")
    return Uplink(
        _eui(names.get("dev_eui")), payload, _object(up.get("decoded_payload")), up.get("received_at") or message.get("received_at")
    )


def _chirpstack4(message: dict[str, Any]) -> Uplink | None:
    device = message["deviceInfo"]
    if not isinstance(device, dict) or ("data" not in message and "object" not in message):
        return None
    payload = scalars.base64_bytes(message.get("data") or "")
    return Uplink(_eui(device.get("devEui")), payload, _object(message.get("object")), message.get("time"))


def _chirpstack3(message: dict[str, Any]) -> Uplink | None:
    if not {"data", "object", "objectJSON"} & message.keys() or isinstance(message.get("data"), dict):
        return None
    found = message.get("object")
    if found is None and isinstance(message.get("objectJSON"), str):
        try:
            found = json.loads(message["objectJSON"] or "{}")
        except (ValueError, RecursionError):
            raise ProfileError("feed.lorawan", "`objectJSON` is no JSON") from None
    gateways = message.get("rxInfo")
    heard = gateways[0] if isinstance(gateways, list) and gateways and isinstance(gateways[0], dict) else {}
    payload = scalars.base64_bytes(message.get("data") or "")
    return Uplink(_eui(message["devEUI"]), payload, _object(found), message.get("time") or heard.get("time"))


def _actility(message: dict[str, Any]) -> Uplink | None:
    up = message["DevEUI_uplink"]
    if not isinstance(up, dict):
        return None
    return Uplink(_eui(up.get("DevEUI")), scalars.hex_bytes(up.get("payload_hex") or ""), {}, up.get("Time"))


def _loriot(message: dict[str, Any]) -> Uplink | None:
    if message.get("cmd") not in ("rx", "gw") or "data" not in message:
        return None
    return Uplink(_eui(message["EUI"]), scalars.hex_bytes(message.get("data") or ""), {}, message.get("ts"))


_SERVERS: Final[Mapping[str, Callable[[dict[str, Any]], Uplink | None]]] = {
    "end_device_ids": _things,
    "deviceInfo": _chirpstack4,
    "devEUI": _chirpstack3,
    "DevEUI_uplink": _actility,
    "EUI": _loriot,
}
"""By the key that only its messages have."""


_CHIRPSTACK3_EVENTS: Final = frozenset({"devAddr", "margin", "acknowledged", "error", "location"})
"""Keys that its other events have. The rest of what has a `devEUI` may be counts that a gateway has decoded."""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _eui(value: Any) -> str:
    """Return an EUI of hex, with or without separators, or of base64, as ChirpStack 3 may write it."""
    text = scalars.text(value)
    digits = text.replace("-", "").replace(":", "").lower()
    try:
        eui = bytes.fromhex(digits) if len(digits) == 2 * EUI_BYTES else scalars.base64_bytes(text)
    except ValueError:
        eui = b""
    if len(eui) != EUI_BYTES:
        raise ProfileError("feed.lorawan", "no EUI of eight bytes")
    return eui.hex()
