"""Which minutes of an hour an agent observed wholly: frames of one epoch bound it, gaps take minutes away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.frames import COLUMNS, Body, Kind, encode_body
from gateway.fold.coverage import NO_TASK
from gateway.fold.fold import Fold
from gateway.fold.hour_masks import MINUTES
from gateway.points.rows import CoveragePoint
from gateway.records import Record, RecordKind
from tests.support.journal_stories import MINUTE, S, new_fold, of, pairs, site_of, store
from tests.support.memory_fold_store import MemoryStore

HOUR = 60 * MINUTE
BEGIN = 500_000 * HOUR
"""A whole hour; times of the stories are seconds after it."""
UP_S = 10_000_000
"""So long boots were up then."""


class Agents:
    """Agents of a store, their frames, and the coverage that is stored of them."""

    def __init__(self, kept: MemoryStore | None = None) -> None:
        self.kept = kept or MemoryStore()
        self.fold: Fold = new_fold(self.kept)
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._pos = 0
        self._now_ns = BEGIN - S
        self._take(RecordKind.SITE, site_of().model_dump_json().encode())

    def frame(
        self, made_s: float, *kinds: Kind, epoch: int = 1, boot: str = "b", late_s: float = 0.1, gaps: Sequence[dict[str, Any]] = (),
        agent: str = "x",
    ) -> Agents:  # fmt: skip
        """A frame that its agent made at `made_s`, with a row of each kind at that time; `gaps` have from_s, to_s and more."""
        up_ns = [round((UP_S + made_s) * S)] * len(kinds) + [round((UP_S + gap["from_s"]) * S) for gap in gaps]
        n = len(up_ns)
        zeros: dict[str, Any] = {name: np.zeros(n, COLUMNS[name]) for name in ("subject", "zone", "profile", "rssi_dbm", "count", "value")}
        zeros["subject"][:] = 5
        extra = {
            len(kinds) + i: {"to_boot_ns": round((UP_S + gap["to_s"]) * S), "rows": 0, "reason": "r"} | gap.get("more", {})
            for i, gap in enumerate(gaps)
        }
        body = Body(
            boot, round((UP_S + made_s) * S), 0, True, 0, 1, ("a",), ("ibeacon",), extra=extra,
            kind=np.array([*kinds, *[Kind.GAP] * len(gaps)], COLUMNS["kind"]), t_boot_ns=np.array(up_ns, COLUMNS["t_boot_ns"]), **zeros,
        )  # fmt: skip
        self._go_to(made_s + late_s)
        return self._take(RecordKind.FRAME, encode_body(body), agent, epoch)

    def alive(self, from_s: float, to_s: float, every_s: float = 20, **frame: Any) -> Agents:
        """Signs of life from one time to another, both included."""
        at_s = from_s
        while at_s < to_s:
            self.frame(at_s, **frame)
            at_s += every_s
        return self.frame(to_s, **frame)

    def gap(self, from_s: float, to_s: float) -> Agents:
        """A gap that accept found."""
        values = {"from_ns": BEGIN + round(from_s * S), "to_ns": BEGIN + round(to_s * S), "rows": 3, "reason": "spool_full"}
        return self._take(RecordKind.GAP, json.dumps(values).encode(), "x")

    def history(self, until_s: float) -> Agents:
        return self._take(RecordKind.HISTORY, json.dumps({"until_ns": BEGIN + round(until_s * S)}).encode())

    def tick(self, at_s: float) -> Agents:
        self._go_to(at_s)
        return self._take(RecordKind.TICK, b"", store_name="")

    def counted(self, from_s: float, seconds: int | None, came_s: float | None = None, agent: str = "x") -> Agents:
        """A plain event of a count."""
        values: dict[str, Any] = {
            "kind": "count",
            "door": "d",
            "in": 1,
            "out": 0,
            "id": f"{from_s}",
            "time_ns": BEGIN + round(from_s * S),
            "key": 1,
        }
        self._go_to(from_s + (seconds or 0) if came_s is None else came_s)
        return self._take(RecordKind.EVENT, json.dumps(values | ({"seconds": seconds} if seconds else {})).encode(), agent)

    def recorded(self, from_s: float, *kinds: Kind) -> Agents:
        """A frame of a recording, with rows of each kind."""
        n = len(kinds)
        self._go_to(from_s + 5)
        zeros: dict[str, Any] = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items() if name != "kind"}
        at_ns = BEGIN + round(from_s * S)
        extra = {row: {"event": ""} for row, kind in enumerate(kinds) if kind == Kind.EVENT}
        body = Body("recorded", 0, at_ns, True, 0, 1, ("d",), ("door-counter",), t_wall_ns=np.full(n, at_ns, "<i8"), extra=extra,
                    kind=np.array(kinds, COLUMNS["kind"]), **zeros)  # fmt: skip
        return self._take(RecordKind.FRAME, encode_body(body), "x", 7)

    def settle(self) -> Agents:
        """Let ten minutes pass."""
        now_s = (self._now_ns - BEGIN) / S
        return self.tick(now_s + 1.5).tick(now_s + 330).tick(now_s + 660)

    def restart(self) -> Agents:
        """Go on in another process from a checkpoint."""
        self.fold.checkpoint({})
        self.fold = new_fold(self.kept)
        self.fold.load(self.kept.state())
        return self

    def points(self, agent: str = "x") -> list[CoveragePoint]:
        rows = sorted((row for row in of(self.rows, "coverage") if row["agent"] == agent), key=lambda row: row["time_ns"])
        return [CoveragePoint(**row) for row in rows]

    def minutes(self, column: str = "presence", agent: str = "x") -> set[int]:
        """Return the observed minutes, from BEGIN on."""
        found = set()
        for point in self.points(agent):
            mask, hour = point._asdict()[column], (point.time_ns - BEGIN) // HOUR
            found |= {hour * MINUTES + bit for bit in range(MINUTES) if mask != NO_TASK and mask >> bit & 1}
        return found

    def _go_to(self, at_s: float) -> None:
        self._now_ns = max(self._now_ns, BEGIN + round(at_s * S))

    def _take(self, kind: RecordKind, body: bytes, agent: str = "", key_base: int = -1, store_name: str = "s1") -> Agents:
        self._pos += 1
        offset_ns = BEGIN - UP_S * S if kind == RecordKind.FRAME else 0
        record = Record(self._pos, self._now_ns, kind, store_name, agent, self._pos, offset_ns, 0, 10**6, body, key_base)
        store(self.fold.apply(pairs([record])), self.rows)
        return self


def test_between_two_frames_of_an_epoch_the_minutes_that_they_bound_were_observed() -> None:
    shop = Agents().frame(10, Kind.ENTER).alive(30, 310).settle()
    assert shop.minutes() == {1, 2, 3, 4}


def test_an_agent_that_hears_nobody_observes_all_the_same() -> None:
    shop = Agents().frame(0, Kind.ENTER).frame(0.5, Kind.EXIT).alive(5, 3600, 5).settle()
    assert shop.minutes() == set(range(60))
    (point,) = shop.points()
    assert (point.time_ns, point.minutes) == (BEGIN, 60)


def test_a_dead_agent_s_minutes_are_not_observed_though_it_left_no_gap() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(5, 605).frame(1805, epoch=2).alive(1810, 2400, epoch=2).settle()
    assert shop.minutes() == {*range(10), *range(31, 40)}


def test_a_new_boot_after_a_loss_of_power_begins_anew() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(5, 605).frame(1205, boot="c").alive(1210, 1800, boot="c").settle()
    assert shop.minutes() == {*range(10), *range(21, 30)}


def test_the_minutes_of_a_gap_are_not_observed_whenever_it_is_reported() -> None:
    early = Agents().frame(0, Kind.ENTER).frame(181, gaps=[{"from_s": 100, "to_s": 181}]).alive(200, 600).settle()
    late = Agents().frame(0, Kind.ENTER).alive(20, 600).frame(610, gaps=[{"from_s": 100, "to_s": 181}]).settle()
    assert early.minutes() == late.minutes() == {0, *range(4, 10)}


def test_a_gap_without_length_takes_its_minute_and_one_that_ends_with_a_minute_not_the_next() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(20, 600)
    shop.frame(601, gaps=[{"from_s": 90, "to_s": 90}, {"from_s": 180, "to_s": 240}]).settle()
    assert shop.minutes() == {0, 2, *range(4, 10)}


def test_the_gap_of_a_restart_takes_nothing_away_that_an_earlier_run_observed() -> None:
    """It begins with the boot: another box, that stood in for this one meanwhile, observed."""
    shop = Agents().frame(0, Kind.ENTER).alive(20, 600)
    shop.frame(700, epoch=2, boot="c", gaps=[{"from_s": 0, "to_s": 700, "more": {"reason": "agent.restart"}}]).alive(
        710, 900, epoch=2, boot="c"
    )
    assert shop.settle().minutes() == {*range(10), 12, 13, 14}


def test_a_gap_of_one_task_leaves_the_other() -> None:
    shop = Agents().frame(0, Kind.ENTER, Kind.IN).alive(20, 600)
    shop.frame(
        610, gaps=[{"from_s": 60, "to_s": 120, "more": {"task": "doors"}}, {"from_s": 180, "to_s": 240, "more": {"task": "presence"}}]
    )
    shop.frame(620, gaps=[{"from_s": 300, "to_s": 360, "more": {"task": ["doors"]}}]).settle()
    assert shop.minutes("doors") == {0, 2, 3, 4, *range(6, 10)}
    assert shop.minutes("presence") == {0, 1, 2, 4, *range(6, 10)}
    assert shop.points()[0].minutes == 7


def test_a_gap_that_accept_found_is_taken_away() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(20, 600).gap(60, 180).settle()
    assert shop.minutes() == {0, *range(3, 10)}


def test_counts_that_state_over_how_long_they_were_made_show_that_doors_were_observed() -> None:
    shop = Agents().counted(600, 600).counted(0, 90).counted(7200, None).counted(86_400, 3600).settle()
    assert shop.minutes("doors") == {0, *range(10, 20), *range(1440, 1500)}, "whole minutes; what was not counted is not known"
    assert shop.minutes("presence") == set()
    late = Agents().counted(86_400, 3600).counted(600, 600, 90_000).counted(0, 90, 90_001).restart().settle()
    assert late.minutes("doors") == shop.minutes("doors"), "whatever their order, and after a restart"


def test_frames_that_relay_a_recorded_history_show_nothing_themselves() -> None:
    shop = Agents().recorded(0, Kind.EVENT, Kind.REFUSED).counted(0, 600, 10).recorded(36_000, Kind.EVENT).counted(36_000, 600).settle()
    assert shop.minutes("doors") == {*range(10), *range(600, 610)}
    assert Agents().recorded(0, Kind.IN).recorded(3600, Kind.IN).settle().minutes("doors") == set(range(60)), "crossings do, as ever"


def test_a_recorded_history_takes_no_store_back_to_its_time() -> None:
    """Its store goes on being complete up to now; before, one frame of last year held its live counters back for ten minutes."""
    shop = Agents().frame(0, Kind.ENTER, agent="y").alive(20, 120, agent="y")
    shop.recorded(-40 * 86_400, Kind.EVENT).counted(-40 * 86_400, 600).alive(130, 300, agent="y").tick(303)
    (as_of_ns,) = (each.as_of_ns for each in shop.fold.counters.take() if each.store == "s1")
    assert as_of_ns == BEGIN + 300 * S


def test_of_an_agent_that_sends_frames_these_show_what_it_observed() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(20, 120).counted(600, 600).settle()
    assert (shop.minutes("doors"), shop.minutes("presence")) == (set(), {0, 1})


def test_an_agent_without_a_task_has_no_mask_of_it() -> None:
    shop = Agents().frame(0, Kind.IN).alive(20, 600).alive(0, 600, agent="y").settle()
    (door,), (till,) = shop.points("x"), shop.points("y")
    assert (door.presence, door.doors.bit_count(), door.minutes) == (NO_TASK, 10, 10)
    assert (till.presence, till.doors, till.minutes) == (NO_TASK, NO_TASK, 10)


def test_hours_before_the_first_row_of_a_task_are_written_again() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(20, 7200).settle()
    assert {point.doors for point in shop.points()} == {NO_TASK}
    shop.frame(7210, Kind.OUT).settle()
    assert shop.minutes("doors") == set(range(120))


def test_a_late_backlog_fills_the_hour_that_was_written() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(20, 600)
    shop.frame(5000, agent="y").settle()
    assert shop.minutes() == set(range(10))
    shop.alive(620, 3600).settle()
    assert shop.minutes() == set(range(60))


def test_frames_hours_apart_of_one_epoch_do_not_bound_what_is_between() -> None:
    shop = Agents().frame(0, Kind.ENTER).frame(3600).frame(3600 + 7201).frame(3600 + 7321).settle()
    assert shop.minutes() == {*range(60), 181}


def test_a_frame_of_an_earlier_epoch_that_is_replayed_interrupts_nothing() -> None:
    shop = Agents().frame(0, Kind.ENTER, epoch=1).frame(60, epoch=1).frame(120, epoch=2).frame(180, epoch=2)
    shop.frame(30, epoch=1, late_s=200).frame(300, epoch=2).settle()
    assert shop.minutes() == {0, 2, 3, 4}


def test_an_hour_that_goes_on_is_written_every_few_minutes_at_most() -> None:
    shop = Agents().frame(0, Kind.ENTER)
    written = []
    for at_s in range(5, 3605, 5):
        before = shop.points()
        shop.frame(at_s)
        if shop.points() != before:
            written.append(at_s)
    assert 11 <= len(written) <= 13
    assert max(np.diff(written)) <= 310


def test_what_a_dead_agent_observed_last_is_written_after_a_while() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(5, 420).settle()
    assert shop.minutes() == set(range(7))


def test_of_the_history_of_another_gateway_only_the_hour_in_which_it_ends_is_written() -> None:
    shop = Agents().frame(5000, agent="y").history(3700).frame(0, Kind.ENTER).alive(20, 7200).settle()
    assert [point.time_ns for point in shop.points()] == [BEGIN + HOUR]


def test_a_recording_was_observed_from_its_first_row_on() -> None:
    shop = Agents()
    rows = {name: np.zeros(2, COLUMNS[name]) for name in ("subject", "zone", "profile", "rssi_dbm", "count", "value", "t_boot_ns")}
    times = np.array([BEGIN + 10 * S, BEGIN + 3000 * S])
    body = Body("b", 0, BEGIN + 3600 * S, True, 0, 1, ("a",), ("ibeacon",), t_wall_ns=times, kind=np.array([1, 3], "u1"), **rows)
    shop.tick(4000)._take(RecordKind.FRAME, encode_body(body), "x", 7)
    assert shop.settle().minutes() == set(range(1, 60))


def test_a_point_that_the_database_refused_is_written_as_it_is_now() -> None:
    shop = Agents().frame(0, Kind.ENTER).alive(20, 600).settle()
    shop.rows = {}
    line = f"coverage,agent=x,store=s1 presence=0i,doors=0i,minutes=0i {BEGIN}".encode()
    shop._take(RecordKind.POINTS, line, store_name="").settle()
    assert shop.minutes() == set(range(10))


frames_at = st.lists(st.tuples(st.sampled_from([1, 7, 20, 61, 400, 3600, 7300]), st.sampled_from([1, 1, 1, 2]), st.booleans()), max_size=25)
gap_spans = st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 400)), max_size=3)


@pytest.mark.parametrize("restarts", [False, True])
@given(steps=frames_at, gaps=gap_spans)
def test_coverage_is_what_a_reckoning_minute_by_minute_gives(
    steps: list[tuple[int, int, bool]], gaps: list[tuple[int, int]], restarts: bool
) -> None:
    """Minute by minute: it lies in a run of frames of one epoch without a longer pause, and no gap touches it."""
    shop, at_s, runs = Agents().frame(0, Kind.ENTER), 0, [[0, 0]]
    epoch = 1
    for wait_s, new_epoch, restart in steps:
        at_s += wait_s
        epoch += new_epoch - 1
        if new_epoch > 1 or wait_s > 7200:
            runs.append([at_s, at_s])
        runs[-1][1] = at_s
        shop.frame(at_s, epoch=epoch)
        if restart and restarts:
            shop.restart()
    shop.frame(
        at_s, epoch=epoch, gaps=[{"from_s": begin, "to_s": begin + length} for begin, length in gaps if begin + length <= at_s]
    ).settle()
    spans = [(begin, begin + length) for begin, length in gaps if begin + length <= at_s]
    expected = {
        minute
        for minute in range(at_s // 60 + 1)
        if any(begin <= minute * 60 and minute * 60 + 60 <= end for begin, end in runs)
        and not any(begin < minute * 60 + 60 and minute * 60 < max(end, begin + 1) for begin, end in spans)
    }
    assert shop.minutes() == expected
