"""The simulated month: the same for the same seed, and with all that it is meant to have."""

from __future__ import annotations

from collections import Counter

import pytest

from simulators.identity.oracle import Oracle
from simulators.identity.oracle_facts import ms_of
from simulators.identity.oracle_types import type_of
from simulators.identity.score import anonymous, differences, score, truly_anonymous
from simulators.identity.truth import Class, Truth, count_by_class
from simulators.identity.world import START_MS, Sizes, World
from simulators.identity.world_made import make_world

SMALL = Sizes(fans=300, stores=3)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(1, SMALL)


def test_a_seed_gives_the_same_month_and_another_gives_another(world: World) -> None:
    again, other = make_world(1, SMALL), make_world(2, SMALL)
    assert (world.sent, world.presences) == (again.sent, again.presences)
    assert world.sent != other.sent


def test_the_month_has_all_that_goes_wrong() -> None:
    large = make_world(6, Sizes(fans=1000, stores=4))
    kinds = Counter(each.event.get("fact", each.event["kind"]) for each in large.sent)
    assert all(kinds[kind] for kind in ("touch", "link", "revoke", "merge", "split", "distinct", "same", "consent", "void", "amend"))
    assert {key for each in large.sent if each.event["kind"] == "amend" for key in each.event["set"]} == {"identifiers", "ref", "fan"}
    assert large.false
    assert large.wrongly_one
    assert {passing.way for passing in large.population.passings} == {"stated", "revoked", "quiet", "untold"}
    late = [each for each in large.sent if "time" in each.event and each.arrives_ms - ms_of(each.event["time"]) > 24 * 3600 * 1000]
    assert len(late) > 0.03 * len(large.sent)
    assert all(count_by_class(Truth(large).rows).values())


def test_a_tag_is_heard_with_one_person_at_a_time_and_rests_longer_than_a_silence(world: World) -> None:
    last: dict[tuple[str, str], int] = {}
    handed_out = 0
    for presence in world.presences:
        if type_of(presence.identifier).klass == "lent":
            handed_out += 1
            assert presence.from_ms - last.get((presence.store, presence.identifier), 0) >= 30 * 60 * 1000
            last[presence.store, presence.identifier] = presence.to_ms
    assert handed_out > 0.08 * SMALL.fans * SMALL.days


def test_the_oracle_names_nearly_all_who_can_be_known_and_hardly_anybody_wrongly(world: World) -> None:
    truth = Truth(world)
    oracle = Oracle(world.events(), world.visits())
    names = oracle.names()
    found = score(truth, names)
    assert found.precision >= 0.998
    assert found.recall >= 0.97
    assert abs(anonymous(truth, names) - truly_anonymous(truth)) <= 0.03
    before = Oracle([each.event for each in world.known_at_start()])
    assert 0.86 <= anonymous(truth, oracle.names_by(before)) <= 0.94


def test_names_differ_by_registered_fan_and_by_which_rows_a_provisional_one_has() -> None:
    assert differences({"a": "", "b": "F1"}, {"b": "F1", "c": ""}) == ["a", "c"], "a row that was lost differs"
    assert differences({"a": "anon-1", "b": "anon-1", "c": "F1"}, {"a": "anon-9", "b": "anon-9", "c": "F1"}) == []
    assert differences({"a": "anon-1", "b": "anon-1"}, {"a": "anon-9", "b": "anon-8"}) == ["b"]
    assert differences({"a": "F1", "b": ""}, {"a": "", "b": "anon-1"}) == ["a", "b"]


def test_every_row_has_its_truth_and_times_lie_in_the_month(world: World) -> None:
    rows = Truth(world).rows
    voided = sum(each.event["kind"] == "void" for each in world.sent)
    assert len(rows) == sum(each.event["kind"] == "touch" for each in world.sent) - voided + len(world.presences)
    assert all(START_MS <= row.time_ms < SMALL.end_ms + 24 * 3600 * 1000 for row in rows)
    assert not any(row.reached for row in rows if row.klass is Class.NOBODY)
