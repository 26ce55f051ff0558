"""Who has a place at a server, and who gives way."""

from __future__ import annotations

import pytest

from footfall.http_places import Places, counted_as


def full(most: int, most_of_one: int, *addresses: str) -> Places:
    """Places taken by connections 0, 1, 2 …, which all wait."""
    places = Places(most, most_of_one)
    for connection, address in enumerate(addresses):
        assert places.take(connection, address, 10.0).is_given
    return places


def test_of_one_address_who_waited_longest_gives_way() -> None:
    places = full(10, 3, "a", "b", "a", "a")
    assert places.take("new", "a", 10.0) == (True, (0,))
    assert places.take("newer", "a", 10.0) == (True, (2,))
    assert places.take("other", "b", 10.0) == (True, ())


def test_where_all_places_are_taken_the_address_with_most_that_wait_gives_way() -> None:
    places = full(4, 3, "a", "b", "b", "c")
    assert places.take("new", "d", 10.0) == (True, (1,))
    assert len(places) == 4


def test_who_is_being_answered_keeps_the_place() -> None:
    places = full(2, 2, "a", "a")
    places.answers(0)
    assert places.take("new", "b", 10.0) == (True, (1,))
    places.answers("new")
    assert places.take("newer", "c", 10.0) == (False, ()), "everybody has asked"
    assert places.take("newer", "a", 10.0) == (False, ())


def test_who_waits_again_is_the_last_to_give_way() -> None:
    places = full(3, 3, "a", "a", "a")
    places.answers(0)
    places.waits(0, 20.0)
    assert places.take("new", "a", 10.0).ended == (1,)
    assert places.take("newer", "a", 10.0).ended == (2,)
    assert places.take("newest", "a", 10.0).ended == (0,)


def test_time_runs_for_those_that_wait_alone() -> None:
    places = full(3, 3, "a", "a", "a")
    places.answers(0)
    places.extend(0, 1.0)
    places.extend(1, 30.0)
    assert places.expired(20.0) == [2]
    assert places.expired(40.0) == [1, 2]


def test_who_left_has_no_place() -> None:
    places = full(1, 1, "a")
    places.leave(0)
    places.waits(0, 5.0)
    assert (len(places), places.expired(100.0), places.all()) == (0, [], [])
    assert places.take("new", "a", 1.0) == (True, ())


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_network_of_ipv6_counts_as_one_address(host: str, counted: str) -> None:
    assert counted_as(host) == counted
