"""When a checkpoint is written, what is in it, and where the next start goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from footfall.errors import ConfigError
from gateway.pipeline import checkpoints
from gateway.pipeline.checkpoints import Checkpoints, check_same_journal
from gateway.pipeline.outbox import Outbox, SentCounts
from gateway.points import Points, from_rows
from gateway.shard import Shard
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from tests.support.accept_inputs import NOW
from tests.support.journal_stories import new_fold
from tests.support.shards import shard_of


class Start:
    """One start of a gateway on a ledger; `pos` is where its fold stands."""

    def __init__(self, folder: Path) -> None:
        self.ledger, self.outbox = Ledger(folder / "ledger.db"), Outbox(1 << 20)
        self.checkpoints = Checkpoints(self.ledger, self.outbox, "journal-1")
        self.shard = shard_of(new_fold(self.ledger))
        state = self.ledger.state()
        self.shard.resume(state)
        self.checkpoints.restore(state, self.shard.core.pos, lambda points: points)

    def write(self, pos: int) -> bool:
        self.shard.core.pos = pos
        return self.checkpoints.write(self.shard)


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[Any]:
    made: list[Start] = []

    def start() -> Start:
        while made:
            made.pop().ledger.close()
        made.append(Start(tmp_path))
        return made[0]

    yield start
    made[0].ledger.close()


def door(n: int) -> list[Points]:
    return [from_rows("door", [(NOW + n, "x", "d", "s1", 1, 0)])]


def test_where_nothing_changed_nothing_is_written(starts: Any) -> None:
    start = starts()
    assert not start.write(0)
    assert start.write(7)
    assert not start.write(7)


def test_points_that_are_not_sent_come_back_with_the_next_start(starts: Any) -> None:
    start = starts()
    start.outbox.put(door(1), rows=1)
    start.outbox.put(door(2), rows=2)
    start.outbox.peek(0.0)
    start.outbox.done(1, 0)
    assert start.write(3)
    again = starts()
    assert [(batch.id, batch.rows) for batch in again.outbox.peek(0.0)] == [(2, 2)]
    assert again.outbox.peek(0.0)[0].points[0].time_ns.tolist() == [NOW + 2]
    assert again.outbox.sent == SentCounts(1, 1, 0)


def test_the_next_start_goes_on_at_its_position(starts: Any) -> None:
    starts().write(9)
    again = starts()
    assert (again.shard.core.pos, again.checkpoints.pos) == (9, 9)
    assert again.ledger.state()["journal"] == b"journal-1"


def test_rows_in_quarantine_stay_counted_with_their_batch(starts: Any) -> None:
    start = starts()
    start.outbox.put(door(1), rows=3, refused_rows=2)
    start.write(1)
    again = starts()
    assert again.outbox.peek(0.0)[0].refused_rows == 2
    again.outbox.done(1, 0)
    assert again.outbox.sent == SentCounts(1, 1, 2)


def test_a_slow_checkpoint_takes_at_most_its_share_of_the_time(starts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start, clock = starts(), SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock.now_s)
    slow_s = 1.0

    def checkpoint(_: object) -> None:
        clock.now_s += slow_s

    shard = cast(Shard, SimpleNamespace(core=SimpleNamespace(pos=5), checkpoint=checkpoint))
    assert start.checkpoints.write(shard)
    clock.now_s += slow_s / checkpoints.CHECKPOINT_SHARE - 1
    assert not start.checkpoints.is_due()
    clock.now_s += 2
    assert start.checkpoints.is_due()
    shard.core.pos, slow_s = 6, 60.0
    start.checkpoints.write(shard)
    clock.now_s += checkpoints.CHECKPOINT_AT_LEAST_EVERY_S + 1
    assert start.checkpoints.is_due(), "however slow they are, the ledger is never older"


def test_a_ledger_of_another_journal_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    try:
        check_same_journal(0, journal.journal_id, journal)
        check_same_journal(0, "", journal)
        for pos, journal_id in ((0, "another"), (1, journal.journal_id)):
            with pytest.raises(ConfigError, match=f"ledger.db stands at record {pos}"):
                check_same_journal(pos, journal_id, journal)
    finally:
        journal.close()
