"""The benchmark of fans imports, folds and reads what it states."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fans import histories, import_links


def test_every_link_is_imported_and_stands_for_somebody(tmp_path: Path) -> None:
    imported = import_links(tmp_path, 30)
    assert imported.command_us > 0
    assert imported.fold_us > 0


def test_histories_of_whole_fans_are_timed(tmp_path: Path) -> None:
    p50_ms, p99_ms = histories(tmp_path / "ledger.db", 300)
    assert 0 < p50_ms <= p99_ms
