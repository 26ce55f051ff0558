"""A walk is saved as a recording that gives the same rows and the same truth."""

from __future__ import annotations

from pathlib import Path

from edge_agent.sources.replay_settings import ReplaySettings
from footfall.units import NS_PER_S
from gateway.calibration.walks import LevelRow
from simulators.accuracy.recorded import read_recording
from simulators.calibration.live_walk import LiveWalk, Stated
from simulators.calibration.recorded_walks import walks_of
from simulators.calibration.walk_file import write_walk

T0 = 1_700_000_000 * NS_PER_S


class Walked(LiveWalk):
    """A walk whose rows are given."""

    def __init__(self, rows: list[LevelRow], *stated: Stated) -> None:
        super().__init__(5)
        self.given = rows
        self.stated.extend(stated)

    def rows(self):  # type: ignore[no-untyped-def,override] # in place of what agents sent
        return iter(self.given)


def row(at_s: float, zone: str, dbm: float | None, reported_s: float = 0.0, enters: bool = False, sightings: int = 7) -> LevelRow:
    reported_ns = T0 + round(reported_s * NS_PER_S) if reported_s else 0
    return LevelRow(T0 + round(at_s * NS_PER_S), zone, "box", dbm, sightings, enters, reported_ns)


def test_rows_are_read_again_as_agents_reported_them_and_not_filtered_again(tmp_path: Path) -> None:
    rows = [
        row(1.0, "hall", -60, enters=True), row(2.0, "hall", -90), row(2.5, "yard", -50, enters=True), row(3.0, "hall", -60),
        row(3.0, "hall", None, reported_s=6.0),
    ]  # fmt: skip
    walk = Walked(rows, Stated(T0, "hall"), Stated(T0 + 2 * NS_PER_S, ""), Stated(T0 + 4 * NS_PER_S, "yard"))
    files = write_walk(tmp_path / "walk", walk, "ibeacon", ["yard"], T0 + 8 * NS_PER_S)
    found = read_recording("csv", [files.recording], ReplaySettings(mapping=files.mapping))
    (again,) = walks_of(found)
    assert [(one.t_ns, one.zone, one.dbm, one.sightings, one.kind) for one in again.rows] == [
        (one.t_ns, one.zone, one.dbm, one.sightings, one.kind) for one in rows
    ]
    assert again.rows[-1].reported_ns >= T0 + 5 * NS_PER_S
    assert found.profile == "ibeacon"
    assert found.outside == {"yard"}
    assert dict.fromkeys(zone for _, zone in again.truth) == {"hall": None, "yard": None}
    assert not [t_ns for t_ns, _ in again.truth if 2 * NS_PER_S <= t_ns - T0 < 4 * NS_PER_S]
    assert 29 <= len(again.truth) <= 31
