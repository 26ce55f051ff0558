"""Frames of a world: the same bytes for the same seed, and nothing of it lost on the way through the core."""

from __future__ import annotations

import hashlib
from functools import cache
from itertools import tee

from footfall.frames import Kind, encode_body
from footfall.pseudonyms import is_day_subject
from footfall.receipts import DayKey
from simulators.feed import Feed, day_key_of, till_of
from simulators.people import Crowd
from simulators.world import World

SECRET = b"secret"


def world(seed: int = 5, hours: float = 0.5) -> World:
    return World(seed, hours=hours, crowd=Crowd(busy=1.5))


@cache
def digest(seed: int) -> str:
    return digest_again(seed)


def digest_again(seed: int) -> str:
    found = hashlib.sha256()
    for agent in world().plan.agents:
        for _, body in Feed(world(seed, hours=0.2), agent, SECRET).bodies():
            found.update(encode_body(body))
    return found.hexdigest()


def test_same_seed_same_frames() -> None:
    assert digest(5) == digest_again(5)
    assert digest(5) != digest(6)


def test_agents_that_share_the_windows_of_a_world_send_what_each_of_them_sends_alone() -> None:
    short, found = world(hours=0.2), hashlib.sha256()
    for agent, windows in zip(short.plan.agents, tee(short.windows(), len(short.plan.agents)), strict=True):
        for _, body in Feed(short, agent, SECRET, windows=windows).bodies():
            found.update(encode_body(body))
    assert found.hexdigest() == digest(5)


def test_counts_and_sales_arrive_whole_and_rows_are_numbered_without_gaps() -> None:
    kinds = dict.fromkeys(Kind, 0)
    people = {Kind.IN: 0, Kind.OUT: 0}
    for agent in world().plan.agents:
        feed, rows = Feed(world(), agent, SECRET), 0
        for t_ns, body in feed.bodies():
            assert body.first_row == rows
            rows += len(body)
            assert body.made_wall_ns <= world().start_ns + t_ns
            for kind, count in zip(body.kind.tolist(), body.count.tolist(), strict=True):
                kinds[Kind(kind)] += 1
                if kind in people:
                    people[Kind(kind)] += count
        assert not feed.core.dropped_total
    everybody = list(world().people())
    assert people[Kind.IN] == sum(p.counted_in for p in everybody)
    assert people[Kind.OUT] == sum(p.counted_out and p.path.to_ns < world().length_ns for p in everybody)
    assert kinds[Kind.EVENT] == sum(1 for _ in world().purchases()) > 0
    assert kinds[Kind.ENTER] == kinds[Kind.EXIT] > 0
    assert till_of(world()) == "store-0-back"


def test_a_feed_can_begin_where_another_ended() -> None:
    half_ns = world().length_ns // 2
    first = [body for _, body in Feed(world(), "store-0-front", SECRET, until_ns=half_ns).bodies()]
    second = [body for _, body in Feed(world(), "store-0-front", SECRET, from_ns=half_ns).bodies()]
    whole = [body for _, body in Feed(world(), "store-0-front", SECRET).bodies()]

    def crossings(bodies: list) -> int:  # type: ignore[type-arg] # of bodies
        return sum(int(body.count[(body.kind == Kind.IN) | (body.kind == Kind.OUT)].sum()) for body in bodies)

    assert crossings(first) + crossings(second) == crossings(whole) > 0


def test_with_a_key_of_the_day_every_agent_has_the_same_subject_for_an_address() -> None:
    def phones(agent: str, key: DayKey | None) -> set[int]:
        bodies = [body for _, body in Feed(world(), agent, SECRET, day_key=key).bodies()]
        return {subject for body in bodies for subject in body.subject.tolist() if is_day_subject(subject)}

    front, back = (phones(agent, day_key_of(world())) for agent in ("store-0-front", "store-0-back"))
    assert len(front & back) > 3
    assert not phones("store-0-front", None) & phones("store-0-back", None)
