"""Whoever sent plain events gets an answer once they are durable, and an error once they are lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.durability import PendingRequests
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import Crossing
from edge_agent.spool import Spool
from footfall.frames import Body


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.db", "e1", "b1")
    yield spool
    spool.close()


def bodies() -> list[Body]:
    core = Core("b1", {}, shipped(), SubjectKeys())
    core.hear(Crossing(10**9, "main", 1, 0))
    return core.finish(Moment(10**9, 0, False))


def test_a_request_is_answered_once_its_frame_is_on_the_disk(spool: Spool) -> None:
    pending, kept = PendingRequests(), Future[None]()
    assert spool.hold(bodies())
    pending.add("e1", 1, kept)
    pending.resolve(spool)
    assert not kept.done()
    spool.append([])
    pending.resolve(spool)
    assert kept.result(0) is None


def test_a_receipt_answers_it_also_while_the_disk_takes_nothing(spool: Spool) -> None:
    pending, kept = PendingRequests(), Future[None]()
    assert spool.hold(bodies())
    pending.add("e1", 1, kept)
    spool.mark("e1", 1, 5)
    pending.resolve(spool)
    assert kept.done()


def test_events_that_were_dropped_are_an_error_so_that_they_are_sent_again(spool: Spool) -> None:
    pending, kept = PendingRequests(), Future[None]()
    pending.add("e1", None, kept)
    pending.resolve(spool)
    with pytest.raises(TimeoutError):
        kept.result(0)


def test_each_request_is_answered_once(spool: Spool) -> None:
    pending, kept = PendingRequests(), Future[None]()
    pending.add("e1", None, kept)
    pending.resolve(spool)
    pending.resolve(spool)
    assert kept.done()
