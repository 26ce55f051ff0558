"""A search of files for identifiers in clear, in any of the forms in which programs write them down.

known = Known(phones=[…], macs=[…])
known.found({"journal.db": data})          # ["journal.db: 8613800000000 as base64"]
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

_LEAST_BYTES: Final = 6
"""Shorter patterns occur by chance."""


def files_of(*folders: Path) -> dict[str, bytes]:
    """Return the contents of every file below these folders, by its path."""
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {str(path): path.read_bytes() for path in found}


def forms_of_number(digits: str) -> Iterator[tuple[str, bytes]]:
    """Yield the forms of a phone number or card in decimal digits."""
    yield from _forms_of_text(digits)
    number = int(digits)
    yield "integer", number.to_bytes(8, "big")
    yield "integer, little-endian", number.to_bytes(8, "little")
    for name, padded in (("packed", "0" * (len(digits) % 2) + digits), ("packed, filled", digits + "f" * (len(digits) % 2))):
        yield name, bytes.fromhex(padded)
        yield f"{name}, swapped", bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


def forms_of_mac(digits: str) -> Iterator[tuple[str, bytes]]:
    """Yield the forms of an address, 12 hex digits in lower case."""
    raw = bytes.fromhex(digits)
    yield "bytes", raw
    yield "bytes, reversed", raw[::-1]
    for name, octets in (("", raw), (", octets reversed", raw[::-1])):
        for separator in ("", ":", "-"):
            for text in (octets.hex(separator) if separator else octets.hex(),):
                yield from ((f"{form}{name}", pattern) for form, pattern in _forms_of_text(text))
                yield f"upper case{name}", text.upper().encode()


def _forms_of_text(text: str) -> Iterator[tuple[str, bytes]]:
    data = text.encode()
    yield "text", data
    yield "reversed", data[::-1]
    yield "UTF-16", text.encode("utf-16-le")
    yield "UTF-16, big-endian", text.encode("utf-16-be")
    yield "hex", data.hex().encode()
    yield "hex, upper case", data.hex().upper().encode()
    yield from (("base64", pattern) for pattern in _in_base64(data))


def _in_base64(data: bytes) -> Iterator[bytes]:
    """Yield what base64 of anything with these bytes in it holds, wherever they begin: the characters that depend on them alone."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data)
        first = (before * 8 + 5) // 6
        yield encoded[first : (before + len(data)) * 8 // 6]


class Known:
    """Identifiers that must be nowhere."""

    def __init__(self, numbers: Iterable[str], macs: Iterable[str]) -> None:
        self._by_head: Final[dict[bytes, dict[bytes, str]]] = {}
        """Patterns by their first bytes: these are looked for at every place of a file."""
        for identifier, forms in (*((one, forms_of_number(one)) for one in numbers), *((one, forms_of_mac(one)) for one in macs)):
            for form, pattern in forms:
                assert len(pattern) >= _LEAST_BYTES, (identifier, form)
                self._by_head.setdefault(pattern[:_LEAST_BYTES], {}).setdefault(pattern, f"{identifier} as {form}")

    def found(self, files: Mapping[str, bytes]) -> list[str]:
        """Return which identifier stands where, and in which form."""
        return [f"{name}: {what}" for name, data in files.items() for what in dict.fromkeys(self._in(data))]

    def _in(self, data: bytes) -> Iterator[str]:
        by_head = self._by_head
        for at in range(len(data) - _LEAST_BYTES + 1):
            if (head := data[at : at + _LEAST_BYTES]) in by_head:
                yield from (what for pattern, what in by_head[head].items() if data.startswith(pattern, at))
