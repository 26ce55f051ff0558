"""A small month through the real gateway in other orders and across crashes: the same rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.chain.gateway import InProcessGateway
from simulators.identity import gateway_orders
from simulators.identity.gateway_orders import TINY, arriving_at_random, crash_at_every_event, random_arrival, stored
from simulators.identity.oracle import Oracle
from simulators.identity.score import Names, differences
from simulators.identity.world import Sizes, World
from simulators.identity.world_made import make_world


@pytest.fixture(scope="module")
def month() -> World:
    return make_world(3, Sizes(fans=8, stores=2, days=10))


@pytest.fixture(scope="module")
def right(month: World) -> tuple[Names, Names]:
    return stored(month)


def test_boxes_that_send_nothing_while_they_hear_nobody_change_no_name(month: World, right: tuple[Names, Names]) -> None:
    oracle = Oracle(month.events(), month.visits())
    assert differences(oracle.names(), right[0]) == []
    assert differences(oracle.visit_names(), right[1]) == []


def test_events_that_arrive_in_a_random_order_come_to_the_same_rows(month: World, right: tuple[Names, Names]) -> None:
    assert [each.event["id"] for each in arriving_at_random(month, 1).sent] != [each.event["id"] for each in month.sent]
    assert random_arrival(month, right, 1) == (1, 0)


def test_a_correction_that_arrives_at_the_end_of_the_month_is_taken() -> None:
    world = make_world(5, TINY)
    last_ms = max(each.arrives_ms for each in world.sent)
    corrections = [each for each in world.sent if each.event["kind"] in ("void", "amend")]
    sent = [each._replace(arrives_ms=last_ms) if each in corrections else each for each in world.sent]
    assert len(corrections) == 1
    assert stored(replace(world, sent=sorted(sent, key=lambda each: each.arrives_ms))) == stored(world)


def test_a_crash_at_every_event_comes_to_the_same_rows(month: World, right: tuple[Names, Names], monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    whole = InProcessGateway.take
    monkeypatch.setattr(InProcessGateway, "take", lambda self, *given: taken.append(1) or whole(self, *given))
    assert crash_at_every_event(month, right) == (1, 0)
    assert len(taken) >= 2 * len(month.sent)


def test_rows_that_differ_are_counted(month: World, right: tuple[Names, Names], monkeypatch: pytest.MonkeyPatch) -> None:
    other = {key: "somebody else" if name else name for key, name in right[0].items()}
    monkeypatch.setattr(gateway_orders, "stored", lambda world, crashing=False: (other, right[1]))
    assert random_arrival(month, right, 1).differences == sum(map(bool, right[0].values())) > 0
