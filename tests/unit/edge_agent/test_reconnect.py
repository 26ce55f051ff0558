"""Waits between connections, and who takes them away."""

from __future__ import annotations

from edge_agent.reconnect import LONGEST_BACKOFF_S, LONGEST_TRUCE_S, REMEMBERED_NS, Reconnect
from footfall.lost_connections import TAKEN_OVER
from footfall.units import NS_PER_S as S


def test_waits_double_until_a_receipt_came_not_until_a_broker_took_the_connection() -> None:
    reconnect = Reconnect("a1")
    waits = []
    for n in range(9):
        reconnect.connected(n * 60 * S)
        waits.append(reconnect.lost(0, True, n * 60 * S + S))
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, LONGEST_BACKOFF_S]
    reconnect.connected(600 * S)
    reconnect.answered()
    assert reconnect.lost(0, True, 700 * S) == 0.5
    assert reconnect.problems(700 * S) == {}


def test_two_agents_of_one_name_make_peace_and_report_it() -> None:
    reconnect, waits = Reconnect("a1"), []
    for n in range(6):
        now_ns = n * 100 * S
        reconnect.connected(now_ns)
        reconnect.answered()
        waits.append(reconnect.lost(TAKEN_OVER, True, now_ns + S))
        assert "another process connects as a1" in reconnect.problems(now_ns + S)["two_agents"]
    assert waits == [5, 10, 20, 40, 60, LONGEST_TRUCE_S]
    assert reconnect.problems(501 * S + REMEMBERED_NS) == {}


def test_connections_that_are_taken_away_without_a_word_are_distinguished_from_those_lost_over_a_large_packet() -> None:
    small, large = Reconnect("a1"), Reconnect("a1")
    for n in range(3):
        for reconnect in (small, large):
            reconnect.connected(n * 10 * S)
            reconnect.answered()
            reconnect.lost(0, reconnect is small, n * 10 * S + 5 * S)
    assert "two_agents" in small.problems(30 * S)
    assert large.problems(30 * S) == {}
