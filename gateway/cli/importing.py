"""One import on its way: what a file adds is stated, tried on the preview of a dry run, or held until a whole snapshot is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from footfall.errors import ConfigError
from footfall.wording import counted
from gateway.cli.fan_access import Desk
from gateway.cli.import_report import Plan, Refused
from gateway.fans.fact_lines import StatedFacts
from gateway.fans.import_plan import ImportPlan
from gateway.fans.known_links import latest_of
from gateway.fans.link_lines import StatedLink
from gateway.fans.preview import Preview
from gateway.fans.sheet import Unread
from gateway.identity.facts import Fact

AT_ONCE: Final = 1000
WRITTEN_AT_ONCE: Final = 10_000
MANY: Final = 0.1
"""A snapshot that would end a larger part of its source's links is asked about: a file that was cut off looks so."""


@dataclass(slots=True)
class Importing:
    """`preview` is that of a dry run; `held` is a list while a snapshot is read."""

    files: Desk
    plan: Plan
    preview: Preview | None = None
    held: list[Fact] | None = None
    refused: Refused = field(default_factory=Refused)
    _waiting: list[Fact] = field(default_factory=list)

    def take(self, stated: Iterable[StatedLink | StatedFacts | Unread], on_line: Callable[[int], None]) -> None:
        """Take what all lines of a file state."""
        part: list[StatedLink | StatedFacts] = []
        for each in stated:
            if isinstance(each, Unread):
                self.refused.add(each)
                continue
            part.append(each)
            if len(part) == AT_ONCE:
                on_line(each.line)
                self._add(self.plan.take(part))
                part = []
        self._add(self.plan.take(part))
        self._write()
        for unread in self.plan.unread:
            self.refused.add(unread)

    def _add(self, facts: Sequence[Fact]) -> None:
        if self.held is not None:
            self.held += facts
        elif self.preview is not None:
            self.preview.take(facts)
        else:
            self._waiting += facts
            if len(self._waiting) >= WRITTEN_AT_ONCE:
                self._write()

    def _write(self) -> None:
        """State what waits: opening the journal costs as much as some hundred facts."""
        self.files.state(self._waiting)
        self._waiting = []

    def end_others(self, plan: ImportPlan, at_ns: int, path: Path, yes: bool) -> None:
        """End what a snapshot no longer names. Raise ConfigError if lines of it were refused, or it would end too much."""
        if self.refused.total:
            self.refused.print_to_stderr(path)
            raise ConfigError(
                f"{path}: nothing was imported: a snapshot ends the links that it does not name, and {counted(self.refused.total, 'line')}"
                " cannot be read: mend them, or import without --snapshot"
            )
        ledger = self.files.ledger
        links = (link for source in sorted(plan.sources) for link in ledger.links_of_source(source))
        known = latest_of([*links, *self.files.tail_links()], [*ledger.revokes(), *self.files.tail_revokes()])
        held = [*(self.held or ()), *plan.close(known, at_ns)]
        going = sum(key.source in plan.sources and each.taken_back is None and each.link.to_ns > at_ns for key, each in known.items())
        if plan.ended_total > MANY * going and not yes and self.preview is None:
            _ask(plan.ended_total, going, path)
        self.held = None
        for at in range(0, len(held), AT_ONCE):
            self._add(held[at : at + AT_ONCE])
        self._write()


def _ask(ends: int, going: int, path: Path) -> None:
    text = f"{path}: it does not name {ends:,} of the {counted(going, 'link')} of its sources, which would end"
    if not Console(stderr=True).is_terminal:
        raise ConfigError(f"{text}: is it whole? --yes ends them; nothing was imported")
    typer.confirm(f"{text}. Is the file whole?", abort=True)
