from __future__ import annotations

from dataclasses import dataclass

from gateway.mqtt.own_rival import STAYS_S, OwnRival


@dataclass
class Seen:
    connected_s: float = float("-inf")
    lost_s: float = float("-inf")


def test_two_connections_of_one_name_push_each_other_out_again_and_again() -> None:
    rival, frames, events = OwnRival("broker:8883"), Seen(), Seen()
    frames.connected_s, events.connected_s, frames.lost_s = 0.0, 0.1, 0.2
    rival.look(frames, events, 1.0)
    rival.look(frames, events, 2.0)
    assert not rival.text, "once may be anything, also if it is looked at again"
    frames.connected_s, events.lost_s = 10.2, 10.3
    rival.look(frames, events, 11.0)
    assert rival.text.startswith("broker:8883 is the agents' port")
    assert "[broker] port" in rival.text


def test_a_second_gateway_that_takes_both_at_any_time_is_none() -> None:
    rival, frames, events = OwnRival("broker:8884"), Seen(0.0), Seen(0.1)
    for second in range(30, 300, 30):
        frames.lost_s, events.lost_s = float(second), second + 0.1
        rival.look(frames, events, second + 1.0)
        frames.connected_s, events.connected_s = second + 10.0, second + 10.1
        rival.look(frames, events, second + 11.0)
    assert not rival.text


def test_it_is_forgotten_once_both_stay() -> None:
    rival, frames, events = OwnRival("broker:8883"), Seen(0.0, 0.2), Seen(0.1)
    rival.look(frames, events, 1.0)
    frames.connected_s, events.lost_s = 10.2, 10.3
    rival.look(frames, events, 11.0)
    assert rival.text
    events.connected_s, frames.connected_s = 20.0, 20.0
    rival.look(frames, events, 10.3 + STAYS_S + 1.0)
    assert not rival.text
