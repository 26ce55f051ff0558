"""Frames of the load generator are valid, and agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from footfall.frames import Body, Header, Kind, decode_body, decode_frame
from footfall.topics import parse_topic
from gateway.site import Site
from simulators import mqtt
from simulators.load_frames import CYCLE, FrameFactory, Load, Sending

ORIGIN_NS = 10**15


def sending(load: Load) -> Sending:
    zeros = np.zeros(load.total_agents, "i8")
    return Sending(ORIGIN_NS + 10**12, 1_795_000_000 * 10**9, ORIGIN_NS, zeros + 5, zeros + 6)


def frames(load: Load, agent: int, seqs: range) -> Iterator[tuple[str, Header, Body]]:
    factory = FrameFactory(load)
    numbers = np.array(seqs, "i8")
    for topic, payload in factory.payloads(np.full(len(numbers), agent), numbers, sending(load)):
        header, body = decode_frame(payload)
        yield topic, header, decode_body(body)


@pytest.mark.parametrize("rows", [4, 30, 500, 10_000])
@pytest.mark.parametrize("seed", [0, 10, 9_999_999_999])
def test_every_frame_keeps_the_contract(rows: int, seed: int) -> None:
    load = Load(stores=3, agents=4, rows=rows, seed=seed)
    for seq, (topic, header, body) in enumerate(frames(load, 7, range(1, 4)), 1):
        assert (header.store, header.agent, header.epoch) == (load.store(7), load.agent(7), load.epoch(7))
        assert (parse_topic(topic).store, parse_topic(topic).agent) == (header.store, header.agent)
        assert (header.seq, header.oldest, header.gateway_ns, header.heard_boot_ns) == (seq, 1, 5, 6)
        assert (len(body), body.first_row) == (rows, (seq - 1) * rows)
        assert body.made_boot_ns == ORIGIN_NS + seq * load.frame_ns
        assert body.t_boot_ns[0] == ORIGIN_NS + (seq - 1) * load.frame_ns
        assert (np.diff(body.t_boot_ns) >= 0).all()
        assert body.t_boot_ns[-1] < body.made_boot_ns <= header.sent_boot_ns
        assert body.made_wall_ns - body.made_boot_ns == header.sent_wall_ns - header.sent_boot_ns


def test_the_site_knows_every_place_of_the_frames() -> None:
    load = Load(stores=3, agents=2)
    site = Site.model_validate(load.site().model_dump(by_alias=True))
    for agent in range(load.total_agents):
        _, header, body = next(frames(load, agent, range(1, 2)))
        store = site.by_name[header.store]
        assert header.agent in {found.name for found in store.agents}
        assert set(body.zones) == {zone.name for zone in store.zones} | set(store.doors)


def test_presences_open_and_close_in_turn_with_sixty_stays_between() -> None:
    load = Load(rows=30)
    open_at: dict[int, list[object]] = {}
    whole = 0
    kinds = dict.fromkeys(Kind, 0)
    for _, _, body in frames(load, 2, range(1, 6 * CYCLE)):
        for kind, subject, zone, t_ns, dwell_s in zip(body.kind, body.subject, body.zone, body.t_boot_ns, body.value, strict=True):
            kinds[Kind(kind)] += 1
            if kind in (Kind.IN, Kind.OUT):
                assert body.zones[zone] == "main"
                continue
            assert subject < 1 << 63
            if kind == Kind.ENTER:
                assert subject not in open_at, "a subject is in one zone at a time"
                open_at[subject] = [zone, 0, t_ns]
            elif subject in open_at:
                entered_zone, stays, entered_ns = open_at[subject]
                assert zone == entered_zone
                assert dwell_s == pytest.approx((t_ns - entered_ns) / 1e9, abs=0.01)
                open_at[subject][1] = stays + 1  # type: ignore[operator] # a list of mixed values
                if kind == Kind.EXIT:
                    assert stays == 60
                    whole += 1
                    del open_at[subject]
    assert whole > 30
    assert kinds[Kind.IN] == kinds[Kind.OUT] > 0


def test_a_visit_is_two_or_three_zones_and_subjects_never_come_back() -> None:
    load = Load(rows=30)
    zones: dict[int, list[int]] = {}
    for _, _, body in frames(load, 0, range(1, 12 * CYCLE)):
        for kind, subject, zone in zip(body.kind, body.subject, body.zone, strict=True):
            if kind == Kind.ENTER:
                zones.setdefault(subject, []).append(zone)
    complete = list(zones.values())[load.places : -load.places]
    assert {len(found) for found in complete} <= {1, 2, 3}
    assert sum(len(found) >= 2 for found in complete) > len(complete) / 2
    assert all(a != b for found in zones.values() for a, b in pairwise(found))


def test_agents_share_no_subject() -> None:
    load = Load(stores=2, agents=2)
    found = [set(next(frames(load, agent, range(1, 2)))[2].subject.tolist()) - {0} for agent in range(4)]
    assert sum(map(len, found)) == len(set.union(*found)) == 4 * load.places


def test_a_frame_can_be_made_again_and_packets_are_the_payloads() -> None:
    load = Load(stores=2)
    factory, when = FrameFactory(load), sending(load)
    agent, seq = np.array([1, 5, 1]), np.array([3, 9, 4])
    payloads = list(factory.payloads(agent, seq, when))
    assert list(factory.payloads(agent[::-1], seq[::-1], when)) == payloads[::-1]
    packets = list(mqtt.Incoming().feed(bytes(factory.packets(agent, seq, np.array([7, 8, 9]), np.ones(3, "i8"), when))))
    assert [packet.message() for packet in packets] == payloads
    assert {(packet.kind, packet.flags) for packet in packets} == {(mqtt.PUBLISH, 2)}


@pytest.mark.parametrize("rows", [2, 31])
def test_odd_frames_are_refused(rows: int) -> None:
    with pytest.raises(ValueError, match="even number"):
        FrameFactory(Load(rows=rows))
