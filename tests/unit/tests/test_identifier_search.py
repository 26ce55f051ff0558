"""The search finds what it is to find, in every form, and nothing else."""

from __future__ import annotations

import base64
import json
import os

import msgpack
import pytest

from tests.support.identifier_search import Known

NUMBER, MAC = "8613877001234", "a1b2c3d4e5f6"
KNOWN = Known([NUMBER, "4006381333931"], [MAC, "0c1d2e3f4a5b"])


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"identifiers": [f"phone:{NUMBER}"]}).encode(),
        base64.b64encode(f"x phone:{NUMBER}!".encode()),
        base64.b64encode(f"xy phone:{NUMBER}!".encode()),
        base64.urlsafe_b64encode(f"xyz phone:{NUMBER}!".encode()),
        f"phone:{NUMBER}".encode().hex().encode(),
        f"phone:{NUMBER}".encode("utf-16"),
        NUMBER[::-1].encode(),
        msgpack.packb(int(NUMBER)),
        int(NUMBER).to_bytes(8, "little"),
        bytes.fromhex(f"0{NUMBER}"),
        MAC.upper().encode(),
        b"A1:B2:C3:D4:E5:F6",
        b"a1-b2-c3-d4-e5-f6",
        bytes.fromhex(MAC),
        bytes.fromhex(MAC)[::-1],
        b"f6:e5:d4:c3:b2:a1",
        base64.b64encode(b"__" + MAC.encode()),
    ],
)
def test_every_form_is_found_wherever_it_stands(data: bytes) -> None:
    assert KNOWN.found({"a": b"", "b": os.urandom(100) + data + os.urandom(100)})[0].startswith("b: ")


def test_what_is_not_there_is_not_found() -> None:
    assert KNOWN.found({"a": os.urandom(1 << 20), "b": b"8613877001235 a1b2c3d4e5f7"}) == []
