"""A frame's fields, unpacked together by struct instead of one by one."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

from device_profiles.devices.ble_frames import ByteField, Convert


class Layout:
    """Where each field is in a payload of at least `size` bytes."""

    def __init__(self, fields: Sequence[ByteField]) -> None:
        self.size: Final = max((field.end for field in fields), default=0)
        self._structs: Final[list[Struct]] = []
        self._tails: Final[list[int]] = []
        self._slots: Final[dict[tuple[int, str], int]] = {}
        for order in "<>":
            self._place([field for field in fields if field.code and field.code.lstrip("<>") and _order(field) == order], order)
        for field in fields:
            if not field.code and (field.offset, "") not in self._slots:
                self._slots[field.offset, ""] = len(self._slots)
                self._tails.append(field.offset)

    def unpack(self, payload: bytes) -> tuple[Any, ...]:
        """Return the raw value of every slot."""
        if len(self._structs) == 1 and not self._tails:
            return self._structs[0].unpack_from(payload)
        raws = [raw for struct in self._structs for raw in struct.unpack_from(payload)]
        return (*raws, *(payload[start:] for start in self._tails))

    def slot(self, field: ByteField) -> tuple[int, Convert | None]:
        """Return the slot of the field's raw value, and the function that converts it."""
        return self._slots[field.offset, field.code], field.converter()

    def _place(self, fields: list[ByteField], order: str) -> None:
        """Structs one after another, each of fields that do not overlap; two fields of the same bytes and code share a slot."""
        left = {(field.offset, field.code): field for field in fields}
        while left:
            text, at = order, 0
            for key, field in sorted(left.items()):
                if field.offset >= at:
                    text += f"{field.offset - at}x{field.code.lstrip('<>')}"
                    at = field.end
                    self._slots[key] = len(self._slots)
                    del left[key]
            self._structs.append(Struct(text))


def _order(field: ByteField) -> str:
    """Bytes without one go with the others."""
    return field.code[0] if field.code[0] in "<>" else ">"
