"""Which arrivals were sent: known after a crash at any moment, and of this journal alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.fold.arrivals import Place
from gateway.state.sent_arrivals import SentArrivals

PLACES = [Place(3, 0), Place(3, 1), Place(7, 0)]


@pytest.mark.parametrize("sent", range(len(PLACES) + 1))
def test_after_a_crash_only_what_was_not_sent_is(tmp_path: Path, sent: int) -> None:
    before = SentArrivals(tmp_path / "sent", "j1", 9)
    assert all(before.take(place) for place in PLACES[:sent])
    after = SentArrivals(tmp_path / "sent", "j1", 9)
    assert [after.take(place) for place in PLACES] == [n >= sent for n in range(len(PLACES))]


def test_within_a_run_what_is_folded_again_is_not_sent_again(tmp_path: Path) -> None:
    sent = SentArrivals(tmp_path / "sent", "j1", 9)
    assert [sent.take(place) for place in (*PLACES, *PLACES)] == [True] * 3 + [False] * 3


@pytest.mark.parametrize(("journal_id", "last_pos"), [("j2", 9), ("j1", 6)], ids=["of another journal", "of before a copy was put back"])
def test_a_note_of_another_history_is_of_no_use(tmp_path: Path, journal_id: str, last_pos: int) -> None:
    SentArrivals(tmp_path / "sent", "j1", 9).take(Place(7, 0))
    assert SentArrivals(tmp_path / "sent", journal_id, last_pos).take(Place(2, 0))


def test_a_file_that_cannot_be_read_or_written_costs_no_arrival(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(b"\xff\x00 seven")
    assert SentArrivals(tmp_path / "sent", "j1", 9).take(Place(2, 0))
    assert SentArrivals(tmp_path / "no-folder" / "sent", "j1", 9).take(Place(2, 0))
