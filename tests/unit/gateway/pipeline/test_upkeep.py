"""What keeps state_dir within its limits, and what it may never remove."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.accept.outcome import Entry
from gateway.config import JournalLimits
from gateway.pipeline.condition import Condition
from gateway.pipeline.notices import Notices
from gateway.pipeline.upkeep import Upkeep
from gateway.records import RecordKind
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.store import Quarantine
from tests.support.accept_inputs import NOW, SITE, S

MIB = 1 << 20
DAY = 86_400 * S


class State:
    """A state_dir with a journal of at most 1 MiB; `folded` is up to where the fold no longer needs it."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "journal.db")
        self.quarantine = Quarantine(folder / "quarantine.db", keep_hours=1, max_bytes=50_000)
        self.day_keys = DayKeys(folder / "keys.db", SITE)
        self.notices, self.condition = Notices(), Condition(started_boot_ns=0)
        self.folded = 0
        self.upkeep = Upkeep(
            limits=JournalLimits(keep_days=2, max_bytes=MIB), journal=self.journal, quarantine=self.quarantine, day_keys=self.day_keys,
            notices=self.notices, condition=self.condition, needed_after=lambda: self.folded,
        )  # fmt: skip

    def fill(self, records: int = 1, size_bytes: int = 10, at_ns: int = NOW) -> None:
        entry = Entry(RecordKind.EVENT, "s1", "till", 1, b"x" * size_bytes)
        self.journal.commit([(at_ns, entry)] * records, {})

    def first_pos(self) -> int:
        return self.journal.read(0, 1)[0].pos

    def refuse(self, topic: str, size_bytes: int, received_ns: int = NOW) -> None:
        self.quarantine.add([Refusal("frame.body", "no frame", topic, received_ns, b"x" * size_bytes, "accept")])

    def close(self) -> None:
        for each in (self.journal, self.quarantine, self.day_keys):
            each.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path)
    yield made
    made.close()


def test_below_the_quota_nothing_is_removed_and_nobody_pauses(state: State) -> None:
    state.fill(5)
    state.folded = 5
    assert not state.upkeep.keep_quota(NOW)
    assert state.first_pos() == 1
    assert state.condition.journal_bytes == state.journal.size_bytes()
    assert not state.condition.is_full


def test_at_the_quota_folded_records_give_way(state: State) -> None:
    state.fill(12, 100_000)
    state.folded = 10
    assert not state.upkeep.keep_quota(NOW + 1)
    assert state.first_pos() == 11


def test_what_is_still_needed_stays_and_agents_pause(state: State) -> None:
    state.fill(12, 90_000)
    assert state.upkeep.keep_quota(NOW + 1), "agents are to pause"
    assert state.first_pos() == 1
    assert not state.condition.is_full, "up to a tenth above the quota messages are still taken"


def test_a_tenth_above_the_quota_nothing_is_taken(state: State) -> None:
    state.fill(14, 100_000)
    assert state.upkeep.keep_quota(NOW + 1)
    assert state.condition.is_full


def test_records_expire_by_age_but_only_when_folded(state: State) -> None:
    state.fill(2, at_ns=NOW)
    state.fill(1, at_ns=NOW + 3 * DAY)
    state.upkeep.expire(NOW + 3 * DAY)
    assert state.first_pos() == 1
    state.folded = 3
    state.upkeep.expire(NOW + 3 * DAY)
    assert state.first_pos() == 3


def test_refusals_that_may_hold_identifiers_expire_by_age(state: State) -> None:
    state.refuse("footfall/1/s1/till/events", 10, NOW)
    state.upkeep.expire(NOW + 1800 * S)
    assert state.quarantine.counts() == {"frame.body": 1}
    state.upkeep.expire(NOW + 2 * 3600 * S)
    assert state.quarantine.counts() == {}


def test_what_a_full_quarantine_dropped_is_named_once(state: State) -> None:
    for _ in range(3):
        state.refuse("footfall/1/s1/x/frames", 30_000)
    state.upkeep.report_crowded_out()
    shown = state.notices.shown()["quarantine_dropped"]
    assert shown.startswith("2 rows gave way in quarantine")
    assert shown.endswith("most are of x (2)")
    state.notices.withdraw("quarantine_dropped")
    state.upkeep.report_crowded_out()
    assert state.notices.shown() == {}


def test_a_disk_that_takes_nothing_is_waited_for(state: State, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(state.journal, "prune", full)
    state.upkeep.expire(NOW)
    assert "old records cannot be removed: database or disk is full" in caplog.text
