"""Which connections an HTTP server holds: bounded in all and by address, and one that waits gives way to one that comes. Pure.

    places = Places(most=64, most_of_one=32)
    place = places.take(connection, address, now_s, until_s)    # place.is_given; place.ended: those that gave way
    places.answers(connection)                                   # it has asked: it keeps its place until it is answered
    places.waits(connection, until_s)                            # it is to send or to read, until then
    places.leave(connection)
    places.expired(now_s)                                        # those whose time is over

Silent, dripping and unread connections all wait. However many there are, one that asks at once is answered.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Final, NamedTuple, TypeVar

_NETWORK_BITS: Final = 64
"""What one subscriber has of IPv6: limits count its addresses as one."""


_Connection = TypeVar("_Connection")


class Place(NamedTuple):
    """Whether there is a place, and which connections lost theirs for it."""

    is_given: bool
    ended: tuple[Hashable, ...] = ()


class Places:
    """`most` connections in all, and `most_of_one` of one address."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most: Final = most
        self._most_of_one: Final = most_of_one
        self._address: Final[dict[Hashable, str]] = {}
        self._waiting: Final[dict[Hashable, float]] = {}
        """Until when each may wait; who has waited longest comes first."""

    def __len__(self) -> int:
        return len(self._address)

    def take(self, connection: Hashable, address: str, until_s: float) -> Place:
        """Give a place to a connection that waits until `until_s`, or none: all those that could give way have asked something."""
        of_one = Counter(self._address.values())
        if of_one[address] >= self._most_of_one:
            victim = self._longest_waiting({address})
        elif len(self._address) >= self._most:
            victim = first_to_go({each: self._address[each] for each in self._waiting})
        else:
            self._seat(connection, address, until_s)
            return Place(True)
        if victim is None:
            return Place(False)
        self.leave(victim)
        self._seat(connection, address, until_s)
        return Place(True, (victim,))

    def answers(self, connection: Hashable) -> None:
        """Note that the server works at an answer for it."""
        self._waiting.pop(connection, None)

    def waits(self, connection: Hashable, until_s: float) -> None:
        """Note that the server waits for it, since now; of one that has no place nothing is noted."""
        if connection in self._address:
            self._waiting.pop(connection, None)
            self._waiting[connection] = until_s

    def extend(self, connection: Hashable, until_s: float) -> None:
        """Let it wait until another time; it has waited as long as before."""
        if connection in self._waiting:
            self._waiting[connection] = until_s

    def leave(self, connection: Hashable) -> None:
        self._address.pop(connection, None)
        self._waiting.pop(connection, None)

    def expired(self, now_s: float) -> list[Hashable]:
        """Return the connections that waited too long."""
        return [connection for connection, until_s in self._waiting.items() if until_s < now_s]

    def all(self) -> list[Hashable]:
        return list(self._address)

    def _seat(self, connection: Hashable, address: str, until_s: float) -> None:
        self._address[connection], self._waiting[connection] = address, until_s

    def _longest_waiting(self, addresses: set[str]) -> Hashable | None:
        return next((each for each in self._waiting if self._address[each] in addresses), None)


def first_to_go(waiting: Mapping[_Connection, str]) -> _Connection | None:
    """Return which connection gives way: of the address with most of them, who has waited longest. `waiting`: addresses, in that order."""
    numbers = Counter(waiting.values())
    most = max(numbers.values(), default=0)
    return next((each for each, address in waiting.items() if numbers[address] == most), None)


def counted_as(host: str) -> str:
    """Return what an address counts as: itself, or the network of 64 bits in which one subscriber has all addresses of IPv6."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False))
    return str(address)
