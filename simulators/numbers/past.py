"""Weeks of some stores of the chain before it: what a question about a year before, or about a holiday, is compared with.

Nothing fails, and nothing becomes of these stores: the estate is that of the chain, which is recorded last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.truth import Truth

YEAR_BEFORE: Final = (date(2025, 9, 22), 3, ("berlin-mitte", "sanya-bay"))
"""When the weeks begin, how many they are, and of which stores: Golden Week and the days around it."""
SMALL: Final = ((date(2025, 9, 29), 1, ("sanya-bay",)), (date(2026, 9, 28), 1, ("sanya-bay",)))


def past_chains(chain: Chain, *, small: bool) -> tuple[Chain, ...]:
    """Return the earlier weeks, as chains of their own, in order."""
    return tuple(_past(chain, *each) for each in (SMALL if small else (YEAR_BEFORE,)))


def _past(chain: Chain, start: date, weeks: int, names: Iterable[str]) -> Chain:
    stores = tuple(store for store in chain.plan.stores if store.name in names)
    plan = chain.plan.model_copy(update={"stores": stores, "faults": (), "lives": {}, "holidays": ()})
    return replace(chain, count=len(stores), weeks=weeks, plan=plan, start=start)


def with_past(simulated: Simulated, past: Iterable[Simulated]) -> Simulated:
    """Return the chain with the truth of earlier weeks before its own."""
    every = [*(each.truth for each in past), simulated.truth]
    return replace(simulated, truth=Truth(**{kind.name: _joined(every, kind.name) for kind in fields(Truth)}))


def _joined(every: Iterable[Truth], kind: str) -> list[Any]:
    return [row for truth in every for row in getattr(truth, kind)]
