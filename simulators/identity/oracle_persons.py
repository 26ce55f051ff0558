"""Which fan ids are one person, and by which id that person stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from simulators.identity.oracle_facts import Event, FactSet, ms_of
from simulators.identity.oracle_types import EVER_MS


class Persons:
    """`conflicts`: pairs of fans that merges joined although they are stated to be two."""

    def __init__(self, facts: FactSet) -> None:
        merges = {fact["id"]: frozenset(fact["fans"]) for fact in facts.of("merge")}
        apart = {frozenset(fact["fans"]) for fact in facts.of("distinct")}
        group_of, self.conflicts = _merged(merges, apart)
        first = _first_registrations(facts)
        self._standing: Final = {
            fan: min(group, key=lambda each: (first.get(each, (EVER_MS + 1, "")), each)) for fan, group in group_of.items()
        }
        self._withdrawn: Final = _withdrawn(facts.of("consent"), group_of)

    def of(self, fan: str) -> str:
        """Return the standing id of a fan."""
        return self._standing.get(fan, fan)

    def may_be_named(self, fan: str, time_ms: int) -> bool:
        return not any(from_ms <= time_ms < to_ms for from_ms, to_ms in self._withdrawn.get(fan, ()))

    def is_withdrawn_within(self, fan: str, first_ms: int, last_ms: int) -> bool:
        """Return whether consent is withdrawn at any moment of a visit."""
        return any(from_ms <= last_ms and first_ms < to_ms for from_ms, to_ms in self._withdrawn.get(fan, ()))


def _merged(
    merges: Mapping[str, frozenset[str]], apart: Iterable[frozenset[str]]
) -> tuple[dict[str, frozenset[str]], list[frozenset[str]]]:
    joined = _groups(merges.values())
    broken = [pair for pair in apart if any(pair <= group for group in joined.values())]
    kept = {key: fans for key, fans in merges.items() if not any(pair <= fans for pair in broken)}
    joined = _groups(kept.values())
    still = [group for pair in broken for group in joined.values() if pair <= group]
    kept = {key: fans for key, fans in kept.items() if not any(fans <= group for group in still)}
    return _groups(kept.values()), broken


def _groups(sets: Iterable[frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return by member the union of all sets that hang together."""
    group_of: dict[str, frozenset[str]] = {}
    for some in sets:
        whole = some.union(*(group_of[each] for each in some if each in group_of))
        group_of.update(dict.fromkeys(whole, whole))
    return group_of


def _first_registrations(facts: FactSet) -> dict[str, tuple[int, str]]:
    """Return by fan (valid time, fact id) of its first link or touch."""
    first: dict[str, tuple[int, str]] = {}
    links = [(fact["fan"], -EVER_MS if fact.get("from") is None else ms_of(fact["from"]), fact["id"]) for fact in facts.of("link")]
    for fan, time_ms, fact_id in [*links, *((touch.fan, touch.time_ms, touch.id) for touch in facts.touches.values() if touch.fan)]:
        first[fan] = min(first.get(fan, (EVER_MS, "")), (time_ms, fact_id))
    return first


def _withdrawn(consents: Iterable[Event], group_of: Mapping[str, frozenset[str]]) -> dict[str, list[tuple[int, int]]]:
    """Return by fan the spans in which somebody of its group had withdrawn and not granted again; of two at once the withdrawal counts."""
    by_fan: dict[str, list[tuple[int, int, bool]]] = {}
    for fact in consents:
        if fact["purpose"] == "identify":
            from_ms = ms_of(fact["from"] if fact.get("from") is not None else fact["learned"])
            by_fan.setdefault(fact["fan"], []).append((from_ms, ms_of(fact["learned"]), not fact["granted"]))
    spans: dict[str, list[tuple[int, int]]] = {}
    for fan, some in by_fan.items():
        some.sort()
        ends = [time_ms for time_ms, *_ in some[1:]] + [EVER_MS]
        own = [(time_ms, end) for (time_ms, _, is_withdrawal), end in zip(some, ends, strict=True) if is_withdrawal]
        for each in group_of.get(fan, frozenset([fan])):
            spans.setdefault(each, []).extend(own)
    return spans
