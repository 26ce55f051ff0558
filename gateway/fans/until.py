"""A fan's rows as of an earlier time, by what is known now: nothing of later is in them, and who was in a store then is there. Pure.

history_of(until(rows, at_ns), roster, at_ns)
"""

from __future__ import annotations

from gateway.fans.history import FanRows
from gateway.fold.open_tracks import OpenTrack
from gateway.fold.store import DwellRow, VisitRow, is_visit


def until(rows: FanRows, at_ns: int) -> FanRows:
    """Return the rows up to a time. A visit that went on after it is open, and ends there as far as is shown."""
    visits = [row for row in rows.visits if row.start_ns <= at_ns]
    dwells = [row for row in rows.dwells if row.start_ns <= at_ns]
    there = {(row.subject, row.store): row for row in dwells if row.last_ns > at_ns}
    going = [_track(row, at_ns) for row in visits if row.last_ns > at_ns and is_visit(row)]
    tracks = [*going, *(_cut(track, at_ns) for track in rows.open if track.start_ns <= at_ns)]
    return FanRows(
        visits=[row for row in visits if row.last_ns <= at_ns],
        dwells=[row for row in dwells if row.last_ns <= at_ns],
        touches=[row for row in rows.touches if row.time_ns <= at_ns],
        open=[_placed(track, there.get((track.subject, track.store))) for track in tracks],
        timeout_ns=rows.timeout_ns,
    )


def _track(row: VisitRow, at_ns: int) -> OpenTrack:
    """Return a visit that is over now as it was while it went on."""
    return OpenTrack(row.subject, row.store, row.agent, row.key_ns, row.start_ns, at_ns, row.fan, bool(row.staff), "", 0)


def _cut(track: OpenTrack, at_ns: int) -> OpenTrack:
    """Return a visit that is not over now as it was; the zone of later is none of then."""
    last_ns = min(track.last_ns, at_ns)
    return track._replace(last_ns=last_ns) if track.zone_since_ns <= at_ns else track._replace(last_ns=last_ns, zone="", zone_since_ns=0)


def _placed(track: OpenTrack, dwell: DwellRow | None) -> OpenTrack:
    return track._replace(zone=dwell.zone, zone_since_ns=dwell.start_ns) if dwell and not track.zone else track
