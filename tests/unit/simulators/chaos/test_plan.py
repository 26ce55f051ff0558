"""Who is killed when: a function of the seed, and even between the kinds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.chaos.plan import KINDS, by_kind, strikes

AGENTS = ["agent-0", "agent-1"]


@given(seed=st.integers(0, 10**9), kills=st.integers(0, 80))
def test_every_kill_is_planned_once(seed: int, kills: int) -> None:
    planned = strikes(seed, kills, 60.0, AGENTS)
    assert by_kind(planned).total() == kills
    assert all(0.0 <= strike.at_s <= 60.0 for strike in planned)
    assert [strike.at_s for strike in planned] == sorted(strike.at_s for strike in planned)
    assert planned == strikes(seed, kills, 60.0, AGENTS)


@given(seed=st.integers(0, 10**9))
def test_no_kind_is_spared(seed: int) -> None:
    planned = strikes(seed, 40, 60.0, AGENTS)
    counts = by_kind(planned)
    assert min(counts[kind] for kind in KINDS) >= 5
    assert {strike.victim for strike in planned} <= {*KINDS, *AGENTS} - {"agent"}


def test_some_die_together_and_some_while_they_start() -> None:
    planned = strikes(1, 200, 60.0, AGENTS)
    moments = [strike.at_s for strike in planned]
    assert len(set(moments)) < len(moments)
    assert any(strike.again_s is not None for strike in planned)
