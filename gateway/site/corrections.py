"""`[[may_correct]]` and `[correction_windows]` of `site.toml`: who may correct whose events, and for how long. Pure.

    rules = CorrectionRules(site.may_correct, site.correction_windows)
    rules.stage_of("area-north", "till-1", "flagship")     # "area"; None: it may not

Every publisher may correct its own events at the stage `store`. Names are those of now; `*` at the end of a pattern stands for any rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StringConstraints

from footfall.config import Section
from footfall.event_base import Name
from footfall.mistakes import did_you_mean
from footfall.units import NS_PER_DAY, NS_PER_HOUR

Stage = Literal["store", "area", "headquarters"]
"""From the nearest to the last: each corrects for longer than the one before."""
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
LAST: Final[Stage] = "headquarters"
Pattern = Annotated[str, StringConstraints(pattern=r"^([a-z0-9._-]{1,64}|[a-z0-9._-]{0,63}\*)\z")]


class MayCorrect(Section):
    """One publisher that may correct events of others, or its own for longer."""

    publisher: Name
    of: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    """Whose events: names of publishers."""
    stores: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    """In which stores."""
    stage: Stage = "store"


class CorrectionWindows(Section):
    """How long after an event was taken in each stage may correct it."""

    store_hours: Annotated[float, Field(gt=0, le=9600)] = 72.0
    area_days: Annotated[float, Field(gt=0, le=400)] = 40.0
    headquarters_days: Annotated[float, Field(gt=0, le=400)] = 400.0

    @property
    def by_stage_ns(self) -> Mapping[Stage, int]:
        """Return each stage's window, ns."""
        return {
            "store": round(self.store_hours * NS_PER_HOUR),
            "area": round(self.area_days * NS_PER_DAY),
            "headquarters": round(self.headquarters_days * NS_PER_DAY),
        }


def check_corrections(rules: Sequence[MayCorrect], windows: CorrectionWindows, publishers: Iterable[str], stores: Iterable[str]) -> None:
    """Raise ValueError for a rule about somebody, or somewhere, that the estate does not have, and for windows that shrink."""
    known, places = sorted(set(publishers)), sorted(set(stores))
    for n, rule in enumerate(rules):
        if rule.publisher not in known:
            hint = did_you_mean(rule.publisher, known)
            raise ValueError(f"may_correct.{n}: publisher {rule.publisher!r} is no agent of the estate{hint}")
        for what, patterns, names in (("of", rule.of, known), ("stores", rule.stores, places)):
            if unmet := [each for each in patterns if not any(_fits(each, name) for name in names)]:
                raise ValueError(f"may_correct.{n}: `{what}` has {unmet[0]!r}, which fits nobody{did_you_mean(unmet[0], names)}")
    lengths = list(windows.by_stage_ns.values())
    if lengths != sorted(lengths):
        raise ValueError("correction_windows: each stage corrects for at least as long as the one before: store, area, headquarters")


class CorrectionRules:
    """Of one estate."""

    def __init__(self, rules: Sequence[MayCorrect] = (), windows: CorrectionWindows = CorrectionWindows()) -> None:  # noqa: B008 # frozen
        self._rules: Final = tuple(rules)
        self.windows_ns: Final = windows.by_stage_ns

    def stage_of(self, sender: str, whose: str, store: str) -> Stage | None:
        """Return at which stage a publisher corrects another's events, or its own, in a store; None: it may not. By present names."""
        found: set[Stage] = {"store"} if sender == whose else set()
        found |= {rule.stage for rule in self._rules if rule.publisher == sender and _any(rule.of, whose) and _any(rule.stores, store)}
        return max(found, key=STAGES.index) if found else None


def _any(patterns: Iterable[str], name: str) -> bool:
    return any(_fits(pattern, name) for pattern in patterns)


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
