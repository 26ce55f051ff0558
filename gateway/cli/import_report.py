"""What an import of links came to, for people: how many were new, replaced, closed, unchanged, contradictory and refused, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import typer

from footfall.wording import counted, with_article
from gateway.fans.import_plan import Outcome
from gateway.fans.rivals import Contradiction
from gateway.fans.sheet import Unread
from gateway.fans.takings import Taking, fans_of
from gateway.identity.facts import Fact, Revoke

SHOWN: Final = 20
"""So many lines of a kind are printed."""
_ALWAYS: Final = (Outcome.NEW, Outcome.REPLACED, Outcome.CLOSED, Outcome.UNCHANGED)
_SOMETIMES: Final = {
    Outcome.REPEATED: Outcome.REPEATED,
    Outcome.TAKEN_BACK: "taken back before, and not brought again",
    Outcome.BLOCKED: "without an identifier",
}


class Plan(Protocol):
    """What compares a file with what is known (`ImportPlan`, `FactPlan`)."""

    counts: Counter[Outcome]
    fans: set[str]
    id_types: set[str]
    unread: list[Unread]

    @property
    def blocked(self) -> Mapping[str, int]: ...
    @property
    def taken_back(self) -> Sequence[tuple[int, Revoke]]: ...

    def take(self, stated: Sequence[Any]) -> list[Fact]: ...
    def contradictions(self) -> list[Contradiction]: ...
    def takings(self) -> list[Taking]: ...


@dataclass(slots=True)
class Refused:
    """Lines that were refused: how many, and the first of them."""

    total: int = 0
    first: list[Unread] = field(default_factory=list)

    def add(self, unread: Unread) -> None:
        """Take one more."""
        self.total += 1
        if len(self.first) < SHOWN:
            self.first.append(unread)

    def print_to_stderr(self, file: Path) -> None:
        """Print the first of them, with the reason."""
        for each in self.first:
            lines = f"line {each.line}" if each.line >= each.last_line else f"lines {each.line} to {each.last_line}"
            typer.echo(f"{file}: {lines}: {each.why}", err=True)
        if self.total > len(self.first):
            typer.echo(f"{file}: … and {counted(self.total - len(self.first), 'more line')}", err=True)


@dataclass(slots=True)
class ImportReport:
    """Prints what a plan came to."""

    file: Path
    plan: Plan
    refused: Refused
    notes: Sequence[str] = ()
    what: str = "links"

    def print(self, quiet: bool, dry_run: bool) -> None:
        """Print what was refused and what contradicts to standard error, and the counts to standard output unless `quiet`."""
        self.refused.print_to_stderr(self.file)
        if quiet:
            return
        contradictions = self.plan.contradictions()
        for line in (*self.notes, *self._taken_back(), *self._blocked(), *_contradicting(contradictions), *_taking(self.plan.takings())):
            typer.echo(f"{self.file}: {line}", err=True)
        typer.echo(self._counts(len({each.line for each in contradictions}), dry_run))

    def _counts(self, contradictory: int, dry_run: bool) -> str:
        counts = self.plan.counts
        parts = [f"{counts[each]:,} {each}" for each in _ALWAYS]
        parts += [f"{counts[each]:,} {text}" for each, text in _SOMETIMES.items() if counts[each]]
        parts += [f"{contradictory:,} contradictory", f"{self.refused.total:,} refused"]
        verb = "would be imported" if dry_run else "imported"
        return f"{self.what} of {counted(len(self.plan.fans), 'fan')} {verb}: {', '.join(parts)}"

    def _taken_back(self) -> Iterator[str]:
        for line, back in self.plan.taken_back[:SHOWN]:
            why = f": {back.reason}" if back.reason else ""
            yield f"line {line}: {back.actor or back.source} took this link back{why}; footfall fan link brings it again"

    def _blocked(self) -> Iterator[str]:
        for id_type, lines in sorted(self.plan.blocked.items()):
            what = f"{counted(lines, 'line has', 'lines have')} {with_article(id_type)}"
            yield f"{what} that is no identifier, such as null or a number that everybody gives"


def _contradicting(found: Sequence[Contradiction]) -> Iterator[str]:
    for each in found[:SHOWN]:
        where = f"line {each.other_line}" if each.other_line else each.other_source
        yield f"line {each.line}: this {each.id_type} is {each.fan}'s, and {each.other_fan}'s at the same time by {where}"
    if len(found) > SHOWN:
        yield f"… and {counted(len(found) - SHOWN, 'more contradiction')}"
    if found:
        yield "who an identifier names whose fans contradict each other: footfall fan conflicts, footfall fan why type:value"


def _taking(found: Sequence[Taking]) -> Iterator[str]:
    for each in found[:SHOWN]:
        yield f"line {each.line}: this {each.id_type} is {each.fan}'s; touches name {each.other_fan} with it, and count no longer"
    if len(found) > SHOWN:
        yield f"… and {counted(len(found) - SHOWN, 'more line')}"
    if fans := fans_of(found):
        more = f" and {len(fans) - SHOWN:,} more" if len(fans) > SHOWN else ""
        of = f"{counted(len({each.line for each in found}), 'identifier')} of {'fan' if len(fans) == 1 else 'fans'}"
        yield f"overrides what touches state of {of} {', '.join(fans[:SHOWN])}{more}"
