"""A carrier is spliced of tags that lie still: it goes from zone to neighbouring zone, with what each tag sent in that time."""

from __future__ import annotations

from benchmarks.accuracy.splicing import MOVING, SEGMENT_S, SEGMENTS, folds, spliced
from edge_agent.sources.replay_settings import Run
from edge_agent.sources.source import Sighting
from simulators.accuracy.carried import Carried
from simulators.accuracy.recorded import TrueRecording

S = 10**9
ZONES = {"a": "outside", "b": "outside", "c": "vestibule", "d": "inside", "e": "inside"}


def recording() -> TrueRecording:
    """Each tag is heard every second, with a level of its own."""
    times = range(SEGMENT_S * SEGMENTS)
    heard = [Sighting(0, "r", "ble-tag", tag, -60 - number, t * S) for t in times for number, tag in enumerate(ZONES)]
    carried = [Carried("file", tag, [(t * S, zone) for t in times]) for tag, zone in ZONES.items()]
    return TrueRecording([Run("file", list(heard), [], [])], {"r": "inside"}, "ble-tag", frozenset(), carried)


def test_every_choice_of_one_tag_a_zone_is_a_fold() -> None:
    found = list(folds(recording()))
    assert len(found) == 2 * 1 * 2
    assert found[0] == {"outside": "a", "vestibule": "c", "inside": "d"}


def test_each_segment_is_what_its_tag_sent_then() -> None:
    found = spliced(recording(), {"outside": "b", "vestibule": "c", "inside": "d"}, "fold")
    (carried,) = found.carried
    assert carried.identifier == MOVING
    changes = [(t_ns // S, zone) for (t_ns, zone), (_, before) in zip(carried.rows[1:], carried.rows, strict=False) if zone != before]
    assert len(changes) == SEGMENTS - 1
    assert changes[:3] == [(95, "vestibule"), (190, "inside"), (285, "vestibule")]
    heard = [one for one in found.heard if isinstance(one, Sighting)]
    assert {one.identifier for one in heard} == {MOVING}
    assert [one.rssi_dbm for one in heard[94:96]] == [-61, -62], "from tag b to tag c"
    assert len(heard) == SEGMENT_S * SEGMENTS


def test_what_is_fitted_on_has_none_of_the_scored_tags() -> None:
    others = recording().of({"b", "e"})
    assert {one.identifier for one in others.heard if isinstance(one, Sighting)} == {"b", "e"}
    assert [carried.identifier for carried in others.carried] == ["b", "e"]
