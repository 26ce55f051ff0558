"""Records for the fold, in order and without a hole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from gateway.accept.outcome import Entry
from gateway.pipeline.journal_source import JournalSource
from gateway.pipeline.notices import Notices
from gateway.records import RecordKind
from gateway.state.journal import Journal
from gateway.state.quarantine.entries import Refusal
from tests.support.accept_inputs import NOW, S


class Source:
    """A journal of a site and events, and what reading it put into quarantine."""

    def __init__(self, folder: Path) -> None:
        self.journal, self.notices, self.kept = Journal(folder / "journal.db"), Notices(), list[Refusal]()
        self.source = JournalSource(self.journal, self.keep, self.notices)

    def keep(self, refusals: Sequence[Refusal]) -> None:
        self.kept += refusals

    def fill(self, events: int, site: bool = False) -> None:
        entries = [Entry(RecordKind.SITE, "", "", 0, b"{}")] if site else []
        entries += [Entry(RecordKind.EVENT, "s1", "till", n, b"{}", rows=1) for n in range(events)]
        self.journal.commit([(NOW + n * S, entry) for n, entry in enumerate(entries)], {"in": events})

    def damage(self, pos: int) -> None:
        self.journal._db.execute("UPDATE records SET offset_ns = offset_ns + 4096 WHERE pos = ?", (pos,))


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    made = Source(tmp_path)
    yield made
    made.journal.close()


def test_records_come_in_order_and_at_most_as_many_as_asked_for(source: Source) -> None:
    source.fill(5)
    assert [record.pos for record in source.source.read(0, 3)] == [1, 2, 3]
    assert [record.pos for record in source.source.read(3)] == [4, 5]
    assert source.source.read(5) == []


def test_a_damaged_record_goes_into_quarantine_and_an_aside_stands_in_its_place(source: Source) -> None:
    source.fill(5)
    source.damage(3)
    assert [record.pos for record in source.source.read(0)] == [1, 2], "what is whole comes first"
    records = source.source.read(2)
    assert [(record.pos, record.kind) for record in records if record.kind != RecordKind.EVENT] == [(3, RecordKind.ASIDE)]
    assert [(refusal.reason, refusal.rows) for refusal in source.kept] == [("journal.damaged", 1)]
    assert source.source.read(2) == records, "it is set aside once"
    assert len(source.kept) == 1


def test_the_record_at_which_the_fold_fails_is_kept_with_its_error(source: Source) -> None:
    source.fill(3)
    source.source.set_aside_unfoldable(2, KeyError("zone"))
    assert [record.kind for record in source.source.read(0)] == [RecordKind.EVENT, RecordKind.ASIDE, RecordKind.EVENT]
    assert "KeyError: 'zone'" in source.kept[0].message
    assert source.kept[0].payload == b"{}"


def test_what_cannot_be_kept_is_not_set_aside(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk of the quarantine: nothing is lost, and the next read tries again."""
    source.fill(3)
    source.damage(2)
    monkeypatch.setattr(source.source, "_keep", lambda refusals: (_ for _ in ()).throw(sqlite3.OperationalError("full")))
    with pytest.raises(sqlite3.OperationalError):
        source.source.read(1)
    assert source.journal.asides() == []


def test_a_hole_behind_a_checkpoint_ends_the_fold(source: Source) -> None:
    source.fill(5)
    source.journal.prune(3, NOW + 100 * S)
    source.source.start_at(1)
    with pytest.raises(ConfigError, match="the journal goes on at 4, but the ledger stands at 1"):
        source.source.read(1)


def test_a_new_ledger_begins_where_the_journal_does(source: Source) -> None:
    source.fill(4, site=True)
    source.journal.prune(3, NOW + 100 * S)
    source.source.start_at(0)
    assert [record.pos for record in source.source.read(0)] == [1, 4, 5], "a site outlives pruning"


def test_status_names_what_was_set_aside_also_after_a_start(source: Source) -> None:
    source.fill(3)
    source.source.set_aside_unfoldable(2, KeyError("zone"))
    assert "1 place in journal.db with 1 row, the last up to record 2" in source.notices.shown()["records_set_aside"]
    again = Notices()
    JournalSource(source.journal, source.keep, again)
    assert again.shown() == source.notices.shown()
