from __future__ import annotations

from footfall.backoff import Backoff


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 5.0)
    assert [backoff.next_s() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_after_a_success_it_begins_with_the_shortest_wait_again() -> None:
    backoff = Backoff(1.0, 1.0)
    assert not backoff.has_failed
    backoff.next_s()
    assert backoff.has_failed
    backoff.reset()
    assert not backoff.has_failed
    assert backoff.next_s() == 1.0


def test_the_coming_wait_can_be_read_without_taking_it() -> None:
    backoff = Backoff(1.0, 5.0)
    assert [backoff.coming_s, backoff.coming_s, backoff.next_s(), backoff.coming_s] == [1.0, 1.0, 1.0, 2.0]
