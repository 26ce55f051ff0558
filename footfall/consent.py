"""Identifiers whose owners gave no consent are refused, by their type and by how their value is written. Pure.

consent = ConsentRule(refused=frozenset({"mac"}), given=frozenset({"ble-tag"}))
consent.check(["ble-tag:a4:c1:38:56:6d:01"])     # a type of the brand's own devices
consent.check(["wifi:a4:c1:38:56:6d:01"])        # ContractError `event.identifier`, without the address
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from footfall.errors import ContractError

MAC: Final = "mac"
_OF_DEVICES: Final = frozenset(
    {"mac", "ble", "bt", "btle", "bluetooth", "wifi", "wlan", "bssid", "device", "addr", "address", "probe", "station"}
)
"""Words in the names of types whose values are addresses: of these, one may be written without separators, too."""
_SHORTEST: Final = 12
_COLONS: Final = 5
_POINTS: Final = 2
_APART: Final = re.compile(r"[._-]")
_SEPARATED: Final = re.compile(
    r"(?<![0-9a-z])(?<![0-9a-f][:-])(?:[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![0-9a-z]|[:-][0-9a-f])",
    re.IGNORECASE,
)
_BARE: Final = re.compile(r"\s*(?:0x)?[0-9a-f]{12}\s*", re.IGNORECASE)
_DIGITS_ONLY: Final = re.compile(r"[0-9.-]+")


class ConsentRule(NamedTuple):
    """Which types of identifiers are refused, and which are of devices whose owners agreed."""

    refused: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()

    def check(self, identifiers: Iterable[str]) -> None:
        """Raise ContractError `event.identifier` for the first identifier, `type:value`, that is not consented to; without its value."""
        for identifier in identifiers:
            id_type, _, value = identifier.partition(":")
            self.check_one(id_type, value)

    def check_one(self, id_type: str, value: str) -> None:
        """Raise ContractError `event.identifier` if one identifier is not consented to."""
        if id_type in self.refused:
            raise ContractError("event.identifier", f"identifiers of type {id_type!r} are not consented to and are not taken")
        if MAC in self.refused and id_type not in self.given and is_address(id_type, value):
            raise ContractError(
                "event.identifier",
                f"an identifier of type {id_type!r} is written as the address of a device: those are not consented to and are not taken",
            )


NOTHING_REFUSED: Final = ConsentRule()


def is_address(id_type: str, value: str) -> bool:
    """Return whether a value is written as the address of a device, under any type; pairs of mere digits may be a card's number."""
    if len(value) < _SHORTEST:
        return False
    is_of_device = not _OF_DEVICES.isdisjoint(_APART.split(id_type))
    if is_of_device and _BARE.fullmatch(value):
        return True
    if not (value.count(":") >= _COLONS or value.count("-") >= _COLONS or value.count(".") >= _POINTS):  # nearly all
        return False
    found = _SEPARATED.search(value)
    return found is not None and (is_of_device or _DIGITS_ONLY.fullmatch(found[0]) is None)
