"""A message that the gateway does not take ends the simulation: an agent that is simulated wrongly must not go unnoticed."""

from __future__ import annotations

import pytest

from gateway.accept.messages import Message
from simulators.chain.chain import Chain
from simulators.chain.gateway import InProcessGateway, Refused
from simulators.chain.identity import Identity


def test_what_is_refused_is_named() -> None:
    chain = Chain(1, 1)
    gateway = InProcessGateway(chain.site(), Identity(chain).pseudonyms, ())
    gateway.start(10**18, ())
    with pytest.raises(Refused, match=r"footfall/1/berlin-mitte/berlin-mitte-till/events: event\.json"):
        gateway.take([Message("footfall/1/berlin-mitte/berlin-mitte-till/events", b"{")], 10**18)
