"""Truth files and links are the same after writing and reading."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from footfall.events import parse_event
from footfall.moments import to_ns
from simulators.links_file import LINK_COLUMNS, write_links
from simulators.paths import LEAST_STAY_NS
from simulators.troubles import TROUBLES, with_troubles
from simulators.truth import collect, read_truth, truth_of, write_truth
from simulators.world import World

WORLD = World(3, hours=1)


def test_a_truth_file_reads_back(tmp_path: Path) -> None:
    truth = collect(truth_of(WORLD))
    assert write_truth(tmp_path / "truth.jsonl", truth_of(WORLD)) == len(truth.visits) > 0
    assert read_truth(tmp_path / "truth.jsonl") == truth


def test_a_truth_with_all_troubles_reads_back(tmp_path: Path) -> None:
    world = with_troubles(WORLD, {name: trouble.usual for name, trouble in TROUBLES.items()})
    truth = collect(truth_of(world))
    write_truth(tmp_path / "truth.jsonl", truth_of(world))
    assert read_truth(tmp_path / "truth.jsonl") == truth
    assert len(truth.failures) == len(world.outages) == 2
    assert truth.others


def test_a_truth_of_before_passes_and_entries_reads_as_before(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    write_truth(path, truth_of(WORLD))
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    later = ("entry", "passes", "extra", "least_stay_ns")
    old = [{key: value for key, value in record.items() if key not in later} for record in records]
    path.write_text("".join(json.dumps(record) + "\n" for record in old), encoding="utf-8")
    before = collect(truth_of(WORLD))
    before.stores = [replace(store, least_stay_ns=0) for store in before.stores]
    before.visits = [replace(visit, passes=()) for visit in before.visits]
    assert read_truth(path) == before


def test_the_truth_has_each_span_in_a_zone_though_the_crowd_has_no_gait() -> None:
    """Nobody plans to walk through the entrance on the way out, and everybody does."""
    assert WORLD.crowd.gait is None
    truth = collect(truth_of(WORLD))
    walks = [visit for visit in truth.visits if not visit.staff_id]
    assert len(walks) > 5
    for visit in walks:
        first, last = (order((*visit.stays, *visit.passes), key=lambda span: span.from_ns) for order in (min, max))
        assert (first.zone, first.from_ns) == ("entrance", visit.enter_ns)
        assert (last.zone, last.to_ns) == ("entrance", visit.leave_ns)
    assert all(stay.to_ns - stay.from_ns >= truth.stores[0].least_stay_ns for visit in walks for stay in visit.stays)
    assert all(span.to_ns - span.from_ns < truth.stores[0].least_stay_ns for visit in walks for span in visit.passes)
    assert truth.stores[0].least_stay_ns == LEAST_STAY_NS


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"kind":"nothing"}', '{"kind":"store","seed":1}', '{"kind":"visit","stays":1}'])
def test_another_file_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "truth.jsonl"
    write_truth(path, truth_of(WORLD))
    lines = path.read_text(encoding="utf-8").count("\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(ConfigError, match=f"{path}:{lines + 1}"):
        read_truth(path)


def test_no_truth_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_truth(tmp_path / "nothing")


def test_links_are_csv_with_iso_times(tmp_path: Path) -> None:
    links = collect(truth_of(WORLD)).links
    assert write_links(tmp_path / "links.csv", links) == len(links)
    with (tmp_path / "links.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == LINK_COLUMNS
    for row, link in zip(rows, links, strict=True):
        assert (row["identifier_type"], row["identifier"], row["fan"]) == (link.id_type, link.identifier, link.fan)
        assert abs(to_ns(datetime.fromisoformat(row["from"])) - link.from_ns) < 1000
        assert (row["to"] == "") == (link.to_ns is None)


def test_purchases_are_valid_plain_events_of_linked_members() -> None:
    members = {link.identifier: link.fan for link in collect(truth_of(WORLD)).links if link.id_type == "member"}
    world = World(3, hours=4)
    purchases = list(world.purchases())
    assert len({purchase.id for purchase in purchases}) == len(purchases) > 10
    for purchase in purchases:
        event = parse_event(purchase.event(world.start_ns + purchase.t_ns))
        assert event.time_ns == (world.start_ns + purchase.t_ns) // 1000 * 1000
        assert not purchase.member or members[purchase.member] == purchase.fan
