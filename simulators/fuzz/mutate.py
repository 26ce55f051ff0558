"""Inputs nobody would send: valid ones with something wrong in them, and bytes at random.

mutated(rng, seeds, rare) -> bytes     # the same `rng`, the same bytes
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

LONGEST: Final = 4096
MOST_CHANGES: Final = 6
RANDOM_SHARE: Final = 0.1
RARE_SHARE: Final = 0.3
_TOKEN: Final = re.compile(rb'"[^"]{0,80}"|-?\d+(?:\.\d+)?|true|false|null|[A-Za-z_]{2,}')
_BYTES: Final = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_NUMBERS: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS: Final[tuple[bytes, ...]] = (
    b"", b"0", b"-0", b"-1", b"1e999", b"-1e-999", b"NaN", b"Infinity", b"1.5", b"null", b"true", b"[]", b"{}", b'""', b'"0"', b'"\\u0000"',
    b'"\\ud800"', b'"\xff"', b"9" * 25, b"9" * 400, b'"' + b"9" * 400 + b'"', b"65536", b"9223372036854775808", b"[" * 200, b'{"a":' * 200,
    b'"2026-02-30T25:61:61Z"', b'"0000-00-00"', b'"9999-12-31T23:59:59.999999999+23:59"', b"\x00", b"\xef\xbb\xbf",
    b"&#0;", b"<!DOCTYPE a>", b"\xc1", b"\xdf\xff\xff\xff\xff", b'"__class__"', "\u0660\u00b2\u2028".encode(),
    b'"' + b"A" * 300 + b'"', b'"zz:zz:zz:zz:zz:zz"',
)  # fmt: skip
"""What texts and documents are spoilt with."""


def mutated(rng: Random, seeds: Sequence[bytes], rare: Callable[[Random, Sequence[bytes]], bytes] | None = None) -> bytes:
    """At most `LONGEST` bytes; one in ten has nothing of the seeds, and three in ten are valid where `rare` can make such."""
    if rare is not None and seeds and rng.random() < RARE_SHARE:
        return rare(rng, seeds)[:LONGEST]
    if not seeds or rng.random() < RANDOM_SHARE:
        return rng.randbytes(rng.choice((0, 1, 4, 16, 31, 64, 255, 1024)))
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, MOST_CHANGES)):
        rng.choice(_CHANGES)(rng, data, seeds)
    return bytes(data[:LONGEST])


def _flip(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice(_BYTES)


def _number(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    size = rng.choice((1, 2, 4))
    at = rng.randint(0, len(data))
    data[at : at + size] = (rng.choice(_NUMBERS) & (1 << 8 * size) - 1).to_bytes(size, rng.choice(("little", "big")))


def _cut(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = rng.randint(0, len(data))
    del data[at : at + rng.choice((1, 2, 8, LONGEST))]


def _insert(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = rng.randbytes(rng.choice((1, 2, 8, 32)))


def _repeat(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at, size = rng.randint(0, len(data)), rng.choice((1, 4, 16, 64))
    data[at:at] = data[at : at + size] * rng.choice((1, 2, 8))


def _splice(rng: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = rng.choice(seeds)
    data[rng.randint(0, len(data)) :] = other[rng.randint(0, len(other)) :]


def _word(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    """A number, text or name of a document becomes another one."""
    found = list(_TOKEN.finditer(data))
    if found:
        start, end = rng.choice(found).span()
        data[start:end] = rng.choice(_WORDS)


_CHANGES: Final[tuple[Callable[[Random, bytearray, Sequence[bytes]], None], ...]] = (
    _flip, _byte, _number, _cut, _insert, _repeat, _splice, _word, _word,
)  # fmt: skip
