"""What becomes of fans is written once, whatever crashes, and published."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from footfall.topics import FANS
from gateway.fans.changes import ObservedStore
from gateway.fold.arrivals import Arrival, Place
from gateway.fold.store_counters import LatestCounters
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Consent, Fact, Merge, Split
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes
from gateway.pipeline.fan_changes import FanChanges
from gateway.pipeline.live_feed import LiveFeed, LiveMessage
from gateway.pipeline.service import _on_folded
from tests.support.fan_brand import link

FACTS = (link(1, "a", learned_ns=1), link(2, "b", learned_ns=2))
MERGE = Merge(id="m1", learned_ns=3, fans=("a", "b"))


class Stage:
    """An identity stage whose changes go to a file; a new one on the same file is a new start after a crash."""

    def __init__(self, folder: Path, max_bytes: int = 1 << 20) -> None:
        self.file = folder / "fan-changes.jsonl"
        self.published: list[LiveMessage] = []
        store = ObservedStore(MemoryFactStore())
        self._identity = Identity(store, IdentifierTypes(), b"key")
        self._changes = FanChanges(self.file, store, self.published.append, max_bytes)

    def take(self, *facts: Fact) -> None:
        self._identity.take(facts)
        self._changes.flush(lambda: 1_795_000_000_000_000_000)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []


def test_a_merge_and_its_split_are_written_and_published(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.take(*FACTS)
    assert not stage.file.exists()
    stage.take(MERGE)
    stage.take(Split(id="s1", learned_ns=4, of="m1"))
    merged, split = stage.lines()
    gone = merged["fan"]
    assert merged == {
        "kind": "fan", "id": merged["id"], "time": "2026-11-18T11:06:40.000Z", "what": "merged", "fan": gone, "old": gone,
        "new": "a" if gone == "b" else "b", "facts": ["m1"],
    }  # fmt: skip
    assert (split["what"], split["old"], split["new"], split["facts"]) == ("split", merged["new"], gone, ["s1"])
    assert [(message.topic, json.loads(message.payload), message.retain) for message in stage.published] == [
        (FANS, merged, False),
        (FANS, split, False),
    ]
    assert stage.file.stat().st_mode & 0o077 == 0


class NoCounters:
    """No store has any."""

    def take(self) -> list[LatestCounters]:
        return []


def test_arrivals_of_a_fan_who_withdraws_before_they_are_sent_never_are(tmp_path: Path) -> None:
    store, feed = ObservedStore(MemoryFactStore()), LiveFeed()
    identity, changes = Identity(store, IdentifierTypes(), b"key"), FanChanges(tmp_path / "changes", store, feed.queue)
    identity.take(FACTS)
    arrivals = [Arrival(f"s1/{number}/x", "s1", "door", fan, number, Place(1, number)) for number, fan in enumerate("aba")]
    _on_folded(feed, changes, arrivals[:2], (), NoCounters())
    identity.take([Consent(id="c1", learned_ns=5, from_ns=5, fan="a", purpose="identify", granted=False)])
    _on_folded(feed, changes, arrivals[2:], (), NoCounters())
    assert [(value["kind"], value["fan"]) for value in (json.loads(each.payload) for each in feed.arrivals)] == [
        ("arrival", "b"),
        ("fan", "a"),
    ]


def test_what_a_crash_makes_anew_is_not_written_twice(tmp_path: Path) -> None:
    first, again = Stage(tmp_path), Stage(tmp_path)
    first.take(*FACTS, MERGE)
    again.take(*FACTS)
    again.take(MERGE)
    assert len(again.lines()) == 1
    assert again.published == []
    again.take(Split(id="s1", learned_ns=4, of="m1"))
    assert [line["what"] for line in again.lines()] == ["merged", "split"]


def test_a_line_that_a_crash_cut_off_is_written_again(tmp_path: Path) -> None:
    Stage(tmp_path).take(*FACTS, MERGE)
    file = tmp_path / "fan-changes.jsonl"
    whole = file.read_text()
    file.write_text(whole[:20])
    Stage(tmp_path).take(*FACTS, MERGE)
    assert file.read_text() == f"{whole[:20]}\n{whole}"


def test_a_file_that_is_large_is_kept_beside_a_new_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path, max_bytes=10)
    stage.take(*FACTS, MERGE)
    stage.take(Split(id="s1", learned_ns=4, of="m1"))
    assert [line["what"] for line in stage.lines()] == ["split"]
    assert json.loads((tmp_path / "fan-changes.jsonl.1").read_text())["what"] == "merged"


def test_lines_are_durable_before_anybody_is_told_or_a_checkpoint_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut right after the checkpoint must not leave a file without the lines that the ledger has."""
    stage, synced = Stage(tmp_path), list[tuple[bytes, int]]()
    real = os.fsync

    def fsync(number: int) -> None:
        real(number)
        synced.append((stage.file.read_bytes(), len(stage.published)))

    monkeypatch.setattr(os, "fsync", fsync)
    stage.take(*FACTS, MERGE)
    assert synced[-1:] == [(stage.file.read_bytes(), 0)], "all lines, and nothing published yet"
    assert len(stage.published) == 1


def test_a_file_that_cannot_be_written_is_as_a_ledger_that_cannot(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.file.mkdir()
    stage.take(*FACTS)
    with pytest.raises(sqlite3.OperationalError, match=r"fan-changes.jsonl: Is a directory"):
        stage.take(MERGE)
