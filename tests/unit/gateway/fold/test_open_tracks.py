"""Who is where as a checkpoint has it: of a visit and a dwell that were cut, the last part of each, and when nobody heard the subject."""

from __future__ import annotations

from pathlib import Path

from gateway.fold.open_tracks import OpenTracks, open_tracks
from gateway.state.ledger import Ledger
from gateway.state.ledger_reader import ledger_reader
from tests.support.journal_stories import T0, S, of
from tests.support.shop_stories import IDLE_S, PEOPLE, Shop, seen

EVER_S = 10.0**8
BEN = f"{PEOPLE['ben']:016x}"


def test_a_dwell_and_a_visit_that_go_on_after_a_handover_have_the_keys_of_their_last_parts(tmp_path: Path) -> None:
    shop = Shop(Ledger(tmp_path / "ledger.db")).stands("ben", (90, 300, "fan-1"), (300, EVER_S, "fan-2"), lent=[90, 300])
    shop.hear(*[seen("ben", "a", at_s) for at_s in range(100, 401, 30)]).checkpoint()
    with ledger_reader(tmp_path / "ledger.db") as ledger:
        (track,) = open_tracks(ledger.part, ledger.fold, [BEN])
        (first,) = [row for row in ledger.dwells_of(BEN) if not row.open]
    (dwell,) = [row for row in of(shop.rows, "dwell") if row["open"]]
    (visit,) = [row for row in of(shop.rows, "visit") if row["open"]]
    assert (track.zone, track.dwell_key_ns, track.dwell_part_of_ns) == ("a", dwell["time_ns"], first.key_ns)
    assert (track.key_ns, track.part_of_ns, track.absences) == (visit["time_ns"], first.key_ns, ())
    assert (track.zone_since_ns, track.start_ns) == (first.last_ns, first.last_ns)


def test_a_silence_in_a_visit_that_goes_on_is_there(tmp_path: Path) -> None:
    Shop(Ledger(tmp_path / "ledger.db")).hear(*[seen("ben", "a", at_s) for at_s in (100, 130, 330, 360)]).checkpoint()
    with ledger_reader(tmp_path / "ledger.db") as ledger:
        (track,) = open_tracks(ledger.part, ledger.fold, [BEN])
    ((from_ns, to_ns),) = track.absences
    assert (from_ns, to_ns) == (track.start_ns + 30 * S, track.last_ns - 30 * S)


def test_who_left_a_moment_ago_still_has_what_began_before_a_time_and_who_left_long_ago_has_nothing(tmp_path: Path) -> None:
    shop = Shop(Ledger(tmp_path / "ledger.db")).hear(*[seen("ben", "a", at_s) for at_s in (100, 130, 160)])
    live = []
    for wait_s in (0, IDLE_S + 100, 10 * IDLE_S):
        shop.wait(wait_s).hear(seen("ann", "b", shop.now_s)).checkpoint()
        with ledger_reader(tmp_path / "ledger.db") as ledger:
            tracks = OpenTracks(ledger.part, ledger.fold)
            found = [BEN in tracks.live_in("s1", T0 + round(until_s * S)) for until_s in (0, 10_000)]
            live.append((*found, bool(tracks.of([BEN])), BEN in tracks.live_in("s2", T0 + 10_000 * S)))
    assert live == [(False, True, True, False), (False, True, False, False), (False, False, False, False)]
