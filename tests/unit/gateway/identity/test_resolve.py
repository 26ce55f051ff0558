"""What a set of facts comes to, and how many steps that takes."""

from __future__ import annotations

from typing import Any

from gateway.identity.facts import Link
from gateway.identity.resolve import resolve
from tests.support.identity_facts import KEY, TYPES, at, link, name


class Counted(int):
    """A time that counts how often any of its kind is compared."""

    compared = 0

    def __lt__(self, other: Any) -> bool:
        Counted.compared += 1
        return int(self) < int(other)

    def __le__(self, other: Any) -> bool:
        Counted.compared += 1
        return int(self) <= int(other)


def in_turn(times: int) -> list[Link]:
    """An account that two fans have in turn."""
    return [
        link("alipay.app:1", "AB"[nth % 2], from_ns=Counted(at(10 * nth)), to_ns=Counted(at(10 * nth + 9)), source="desk")
        for nth in range(times)
    ]


def label(links: list[Link]) -> str:
    return resolve(links, TYPES, KEY).standings[name("alipay.app:1")].label


def test_what_a_household_shares_is_called_so_only_while_two_hold_it_at_once() -> None:
    links = in_turn(4)
    assert label(links) == ""
    assert label([*links, link("alipay.app:1", "B", 5, 12, source="desk")]) == "household"


def test_what_passed_to_and_fro_twice_as_often_takes_about_twice_the_steps() -> None:
    steps = []
    for times in (200, 400):
        Counted.compared = 0
        assert label(in_turn(times)) == ""
        steps.append(Counted.compared)
    assert steps[1] < 2.5 * steps[0]
