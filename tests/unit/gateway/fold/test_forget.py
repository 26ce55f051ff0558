"""The ledger forgets after 400 days, but not what stores are at now: one may be playing recordings of years ago."""

from __future__ import annotations

import numpy as np
import pytest

from device_profiles.registry import shipped
from footfall.frames import COLUMNS, Body
from gateway.fold.fold import Fold
from gateway.fold.store import VisitRow
from gateway.records import Record, RecordKind
from gateway.site import Agent, Site, Store, Zone
from gateway.state.ledger import Ledger

S = 10**9
DAY = 86_400 * S
NOW = 1_790_000_000 * S
SITE = Site(
    brand="b", stores=tuple(Store(name=name, zones=(Zone(name="z"),), agents=(Agent(name=f"{name}-agent"),)) for name in ("live", "played"))
)


def empty_frame(pos: int, store: str, made_ns: int, received_ns: int = NOW) -> tuple[Record, Body]:
    columns = {name: np.zeros(0, dtype) for name, dtype in COLUMNS.items()}
    body = Body("boot", made_ns - NOW + DAY if store == "live" else 0, made_ns, True, 0, 1, ("z",), ("ibeacon",), **columns)
    return Record(pos, received_ns + pos * S, RecordKind.FRAME, store, f"{store}-agent", pos, NOW - DAY, 0, 1, b""), body


def live_for(fold: Fold, days: range, *more: tuple[Record, Body]) -> Fold:
    """A frame and a checkpoint a day; the fold."""
    for day in days:
        at_ns = NOW + day * DAY
        fold.apply([empty_frame(2 + day, "live", at_ns, at_ns), *more])
        fold.checkpoint({})
    return fold


def old_visits(fold: Fold) -> int:
    return len(fold.state.ledger.visits_of("00000000000000aa"))


@pytest.fixture
def fold() -> Fold:
    made = Fold(shipped(), Ledger(":memory:"), lambda site: (set(), set()), stay_points=False)
    made.apply([(Record(1, NOW, RecordKind.SITE, "", "", 0, 0, 0, 0, SITE.model_dump_json().encode()), None)])
    long_ago = NOW - 500 * DAY
    made.state.ledger.save_visits(
        [VisitRow("00000000000000aa", "live", long_ago, "live-agent", long_ago, long_ago + S, 1, 0, 0, "", 0, "")]
    )
    return made


def test_what_ended_long_ago_is_forgotten_after_a_week_of_days(fold: Fold) -> None:
    assert old_visits(live_for(fold, range(7))) == 1
    assert old_visits(live_for(fold, range(7, 8))) == 0


def test_a_restart_every_day_changes_nothing(fold: Fold) -> None:
    for day in range(8):
        live_for(fold, range(day, day + 1))
        state = fold.state.ledger.state()
        ledger, fold = fold.state.ledger, Fold(shipped(), fold.state.ledger, lambda site: (set(), set()), stay_points=False)
        fold.load(state)
        assert fold.state.ledger is ledger
    assert old_visits(fold) == 0


def test_a_clock_that_is_years_ahead_for_days_makes_nothing_old(fold: Fold) -> None:
    recent = NOW - 3 * DAY
    fold.state.ledger.save_visits([VisitRow("00000000000000aa", "live", recent, "live-agent", recent, recent + S, 1, 0, 0, "", 0, "")])
    live_for(fold, range(3))
    assert old_visits(live_for(fold, range(800, 806))) == 2


def test_while_a_recording_of_years_ago_is_played_nothing_is_forgotten(fold: Fold) -> None:
    for day in range(9):
        at_ns = NOW + day * DAY
        fold.apply([empty_frame(10 + 2 * day, "live", at_ns, at_ns), empty_frame(11 + 2 * day, "played", NOW - 900 * DAY, at_ns)])
        fold.checkpoint({})
    assert old_visits(fold) == 1
