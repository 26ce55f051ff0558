from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.state.quarantine.decoding import describe, hex_dump
from tests.golden.wire.golden import FOLDER


@given(st.sampled_from(["footfall/1/s/a/frames", "footfall/1/s/a/events", "strange"]), st.binary(max_size=300) | st.text().map(str.encode))
def test_any_bytes_can_be_shown(topic: str, payload: bytes) -> None:
    assert describe(topic, payload).isprintable() or "\n" in describe(topic, payload)
    assert hex_dump(payload).count("\n") == max(len(payload) - 1, 0) // 16


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.bin")), ids=lambda path: path.stem)
def test_every_golden_message_can_be_shown(path: object) -> None:
    payload = path.read_bytes()  # type: ignore[attr-defined] # a Path
    assert describe("footfall/1/s/a/frames", payload)


def test_a_frame_shows_its_rows() -> None:
    shown = describe("footfall/1/s/a/frames", (FOLDER / "v1/presence.bin").read_bytes())
    assert "agent: sanya-01-a" in shown
    assert "kind exit" in shown
    assert "zone fitting" in shown
    assert "subject 1122334455667788" in shown


def test_a_broken_frame_shows_what_can_be_read() -> None:
    shown = describe("footfall/1/s/a/frames", (FOLDER / "refused/crc.bin").read_bytes())
    assert "not a frame: crc32" in shown
    assert "'store': 'sanya-01'" in shown


def test_a_broken_body_shows_the_header() -> None:
    shown = describe("footfall/1/s/a/frames", (FOLDER / "refused/value-nan.bin").read_bytes())
    assert "agent: sanya-01-a" in shown
    assert "the body cannot be read: body.value must be finite" in shown


def test_json_is_set_out_and_text_is_harmless() -> None:
    assert describe("footfall/1/s/a/events", b'{"a":1}') == '{\n  "a": 1\n}'
    assert describe("x", b"\x1b[2Jboo\n") == "\\x1b[2Jboo\n"
    assert describe("x", '{"a":"\\ud800 \\u001b \u009b"}'.encode()) == '{\n  "a": "\\xd800 \\u001b \\x9b"\n}'


def test_a_hex_dump_is_cut() -> None:
    assert hex_dump(b"AB\x00" + bytes(600)).splitlines()[0].endswith("AB..............")
    assert hex_dump(bytes(600)).endswith("… 88 bytes more")
