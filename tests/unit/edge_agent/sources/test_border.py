"""Whatever a decoder raises about one message, the message is refused and counted, and its neighbours are heard."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from device_profiles.decoders import epc as epc_decoder
from device_profiles.devices.epc import Epc, TagRead
from device_profiles.devices.feed import Feed, FeedMessage
from device_profiles.reading import Reading, RelayedTag
from device_profiles.registry import shipped
from edge_agent.sources.border import BUG, refusal
from edge_agent.sources.feeds import FeedReader
from edge_agent.sources.http_push import HttpPush
from edge_agent.sources.llrp import whose
from edge_agent.sources.source import Sighting, Unexplained
from footfall.errors import ProfileError

SLASH_IN_SERIAL = bytes.fromhex("3674257bf6b7a657b260c9a3162c000000000000000000000000")


class Broken(RecursionError):
    """Of no kind that anybody would think of."""


def _refused() -> None:
    try:
        raise Broken("c3:00:00:01:02:03")
    except Broken as error:
        raise refusal(error) from error


def test_a_planned_error_stays_what_it_is() -> None:
    planned = ProfileError("epc.length", "too long")
    assert refusal(planned) is planned


def test_a_bug_is_logged_once_with_its_place_and_never_with_the_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    for _ in range(3):
        with pytest.raises(ProfileError) as refused:
            _refused()
        assert refused.value.reason == BUG
    assert len(caplog.messages) == 1
    assert Path(__file__).name in caplog.text
    assert "c3:00" not in caplog.text


def test_a_tag_whose_decoder_raises_is_refused_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Epc, message: TagRead) -> int:
        if message.epc == SLASH_IN_SERIAL:
            raise Broken
        return 1

    monkeypatch.setattr(Epc, "specificity", broken)
    assert whose(shipped(), SLASH_IN_SERIAL, None) == ("", BUG)
    assert whose(shipped(), b"\xe2\x00", None)[1] == "e200"


def test_a_push_with_a_tag_whose_decoder_raises_is_heard_but_for_that_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    real = epc_decoder.explain

    def broken(epc: bytes, pc: int | None = None) -> epc_decoder.EpcMeaning:
        if epc == SLASH_IN_SERIAL:
            raise Broken
        return real(epc, pc)

    monkeypatch.setattr("device_profiles.devices.epc.explain", broken)
    monkeypatch.setattr(Feed, "specificity", lambda self, message: int(self.format == "json" and message.topic == "tags"))
    tags: Sequence[Reading] = (RelayedTag(SLASH_IN_SERIAL, "a.1", -50), RelayedTag(b"\xe2\x00", "a.1", -50))
    monkeypatch.setattr(Feed, "decode", lambda self, message: tags)
    reader = FeedReader(HttpPush(kind="http_push", name="push", receivers={"a.1": "shelf"}), shipped())
    heard = reader.read(FeedMessage("tags", b"{}"), 5)
    assert [(type(each), getattr(each, "identifier", None) or getattr(each, "reason", None)) for each in heard] == [
        (Sighting, "e200"),
        (Unexplained, BUG),
    ]


def test_a_push_whose_decoder_raises_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Feed, message: FeedMessage) -> int:
        raise Broken

    monkeypatch.setattr(Feed, "specificity", broken)
    reader = FeedReader(HttpPush(kind="http_push", name="push", receivers={}), shipped())
    assert [each for each in reader.read(FeedMessage("tags", b"{}"), 5) if isinstance(each, Unexplained)] == [Unexplained(5, BUG, 1)]
