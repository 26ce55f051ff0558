"""Ids of fans are the brand's own and stand in clear: one that is written as an identifier of a person is refused. Pure.

check_fan("f-1042") -> "f-1042"
check_fan("phone:8613…")      # ValueError, without the text
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from pydantic import AfterValidator

TYPES: Final = (
    "phone", "tel", "mobile", "sms", "whatsapp", "email", "mail", "mailto", "member", "card", "nfc", "rfid", "epc", "unionid", "openid",
    "mac", "ble", "bluetooth", "wifi", "irk", "ibeacon", "altbeacon", "eddystone", "imei", "imsi", "iccid", "idfa", "gaid", "passport",
)  # fmt: skip
"""Types of identifiers that the documents name, and their like."""
_OF_BEACONS: Final = "an identifier, type:value"
_UUID: Final = r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
_DEVICE: Final = r"(?:mac|ble|bt|bluetooth|wifi|wlan|bssid|addr(?:ess)?|device)"
_WRITTEN_AS: Final = {
    _OF_BEACONS: (
        rf"^({'|'.join(TYPES)})\s*[:=/|].+"
        r"|^urn:(epc|epcglobal|gsma|imei)\b"
        rf"|^{_UUID}[:/_.-][0-9]+[:/_.-][0-9]+$"  # a beacon: uuid, major, minor
    ),
    "an e-mail address": r"[^@\s]@[^@\s]",
    "an address of a device": (
        r"(?<![0-9a-z])(?:([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4})(?![0-9a-z])"
        rf"|^(?:{_DEVICE}[^0-9a-z]*)?(?=[0-9]*[a-f])[0-9a-f]{{12}}$"
        r"|^0x[0-9a-f]{8,}$"
    ),
    "a phone number": (
        r"^\+[ (]*[0-9](?:[ ()./-]*[0-9]){6,14}$"  # international
        r"|\+[1-9][0-9]{9,14}(?![0-9])"
        r"|(?<![0-9])(?:(?:00)?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9])"  # a mobile number of China
        r"|^(?:(?:00)?86[ -]?)?1[3-9](?:[ -]?[0-9]){9}$"
        r"|^\([0-9]{2,5}\)[ ]?[0-9](?:[ ./-]?[0-9]){4,9}$"  # an area code in brackets
        r"|^[2-9][0-9]{2}(?P<apart>[ .-])[0-9]{3}(?P=apart)[0-9]{4}$"  # North America
    ),
}
"""What a fan's id must not be written as, nor, where a pattern has no ends, have in it."""
_PATTERNS: Final = {what: re.compile(pattern, re.IGNORECASE) for what, pattern in _WRITTEN_AS.items()}
_RANDOM: Final = re.compile(rf"(?<![0-9a-z]){_UUID}(?![0-9a-z])|(?<![0-9a-z])(?=[0-9]*[a-f])[0-9a-f]{{20,}}(?![0-9a-z])", re.IGNORECASE)
"""UUIDs and long hex numbers: eleven digits in a row within them are chance."""


_PROVISIONAL: Final = "anon-"
VOIDS: Final = "void:"
"""What the ids of facts begin with that take back what a touch states: those are Footfall's own."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Categories of letters that nobody sees."""


def check_fan(text: str) -> str:
    """Return the id of a fan. Raise ValueError if it is none; the message does not have it.

    It is none that is written as an identifier, has letters that nobody sees or blanks around it, or begins as provisional fans do.
    """
    check_name(text)
    if text.lower().startswith(_PROVISIONAL):
        raise ValueError(f"begins with {_PROVISIONAL!r} as the ids of fans whom nobody knows yet: those are Footfall's own")
    return text


def check_name(text: str) -> str:
    """Return a text that stands in clear, such as the id of a fact. Raise ValueError as `check_fan` does."""
    plain = unicodedata.normalize("NFKC", text).strip()
    shown = plain if _PATTERNS[_OF_BEACONS].search(plain) else _RANDOM.sub("*", plain)
    for what, pattern in _PATTERNS.items():
        if pattern.search(shown):
            raise ValueError(f"is written as {what}: it stands in clear, and identifiers belong in `identifiers`")
    if any(unicodedata.category(letter) in _UNSEEN for letter in text):
        raise ValueError("must not have control characters or others that nobody sees")
    if text != text.strip():
        raise ValueError("must not have blanks around it: another one would look the same")
    return text


def check_fact(text: str) -> str:
    """Return the id of a fact. Raise ValueError as `check_name` does, and for one that only Footfall gives."""
    if text.startswith(VOIDS):
        raise ValueError(f"begins with {VOIDS!r} as what takes back a touch: those ids are Footfall's own")
    return check_name(text)


BRANDS_OWN: Final = AfterValidator(check_fan)
"""In an annotation: the brand's own id of a fan, no identifier, for it stands in clear."""
