"""The table of stores follows the SITE records."""

from __future__ import annotations

from typing import Any

from gateway.records import Record, RecordKind
from gateway.site import Site
from gateway.site.recorded import record_site
from tests.support.journal_stories import T0, Rows, S, new_fold, of, store
from tests.support.memory_fold_store import MemoryStore

OPEN = {"name": "open"}
NORTH = {"name": "moved", "path": "north", "before": [{"until": "2026-03-31", "path": "south"}]}


def record(pos: int, *stores: dict[str, Any]) -> Record:
    site = Site.model_validate({"brand": "b", "stores": list(stores)})
    return Record(pos, T0 + pos * S, RecordKind.SITE, "", "", 0, 0, 0, 0, record_site(site))


def shown(rows: Rows) -> set[tuple[str, str, bool]]:
    return {(row["store"], row["path"], row["void"]) for row in of(rows, "store")}


def folded(*records: Record) -> Rows:
    return store(new_fold().apply((each, None) for each in records), {})


def test_each_version_of_each_store_has_a_point_at_its_begin() -> None:
    rows = folded(record(1, OPEN, NORTH))
    assert shown(rows) == {("open", "", False), ("moved", "south", False), ("moved", "north", False)}
    assert sorted(row["time_ns"] for row in of(rows, "store") if row["store"] == "moved") == [0, 1_775_001_600 * S]


def test_a_version_that_the_estate_states_no_more_is_void_until_it_is_back() -> None:
    without = record(1, OPEN, NORTH), record(2, OPEN, {"name": "moved", "path": "north"})
    assert shown(folded(*without)) == {("open", "", False), ("moved", "north", False), ("moved", "north", True)}
    assert shown(folded(*without, record(3, OPEN))) == {("open", "", False), ("moved", "north", True)}
    assert shown(folded(*without, record(3, OPEN, NORTH))) == shown(folded(record(1, OPEN, NORTH)))


def test_a_fold_that_goes_on_from_its_checkpoint_voids_what_the_one_before_emitted() -> None:
    kept = MemoryStore()
    fold = new_fold(kept)
    rows = store(fold.apply([(record(1, OPEN, NORTH), None)]), {})
    fold.checkpoint({})
    again = new_fold(kept)
    again.load(kept.state())
    store(again.apply([(record(2, OPEN), None)]), rows)
    assert shown(rows) == {("open", "", False), ("moved", "south", True), ("moved", "north", True)}
