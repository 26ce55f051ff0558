"""What `footfall calibrate` shows of a proposal, and how it changes `site.toml`."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from gateway.calibration.proposal import Proposal
from gateway.calibration.scoring import Confusion
from gateway.calibration.site_text import with_areas_text, with_calibration_text
from gateway.config import load_site

WIDTH: Final = 80


@dataclass(frozen=True, slots=True)
class SiteFile:
    """`path` is changed for `store`, at `made`. `may_write` asks a person, who sees the change first; with `dry_run` it is only shown."""

    path: Path
    store: str
    made: datetime
    may_write: Callable[[], bool]
    shows_change: bool = False
    dry_run: bool = False

    def change(self, proposal: Proposal, console: Console) -> None:
        """Write what is proposed, or print why nothing is."""
        if proposal.reason:
            console.print(f"{self.path} stays as it is: {proposal.reason}.", soft_wrap=True)
            return
        text = self.path.read_text(encoding="utf-8-sig")
        changed = _changed(text, self.store, proposal)
        if self.dry_run or self.shows_change:
            names = str(self.path), f"{self.path}, calibrated"
            lines = difflib.unified_diff(text.splitlines(), changed.splitlines(), *names, lineterm="")
            console.print("\n".join(lines), soft_wrap=True, markup=False)
        if self.dry_run:
            return
        if self.may_write():
            self._write(text, changed, console)
        else:
            console.print(f"{self.path} stays as it is.", soft_wrap=True)

    def _write(self, text: str, changed: str, console: Console) -> None:
        kept = self.path.with_name(f"{self.path.name}.before-{self.made:%Y%m%dT%H%M%SZ}")
        kept.write_text(text, encoding="utf-8")
        new = self.path.with_name(f".{self.path.name}.new")
        new.write_text(changed, encoding="utf-8")
        load_site(new, {})
        new.replace(self.path)
        after = "A running gateway takes it with its next restart."
        console.print(f"{self.path} is calibrated; as it was it lies in {kept}. {after}", soft_wrap=True)


def _changed(text: str, store: str, proposal: Proposal) -> str:
    if proposal.drops_areas_of:
        text = with_areas_text(text, store, proposal.drops_areas_of, ())
    if proposal.calibration is not None:
        return with_calibration_text(text, store, proposal.calibration)
    return with_areas_text(text, store, proposal.areas[0].profile, proposal.areas) if proposal.areas else text


def figures(proposal: Proposal, profile: str) -> Table:
    """Return the table of walks: how much of the time is in the right zone, in the end and live."""
    table = Table("walk", title=f"zones right, calibrated for {profile} on the other walks", width=WIDTH)
    for heading in ("before", "after", "live before", "live after"):
        table.add_column(heading, justify="right")
    for name, after in proposal.after.scores.items():
        both = proposal.before.scores[name], after
        right = [each.stored / each.moments for each in both] + [each.live / each.moments for each in both]
        table.add_row(name, *(f"{value:.3f}" for value in right))
    judged = proposal.before, proposal.after
    table.add_row("[bold]all[/]", *(f"{value:.3f}" for value in [*(each.right for each in judged), *(each.live for each in judged)]))
    return table


def confusion_table(confusion: Confusion) -> Table:
    """Return which zone is stored as which."""
    zones = list(dict.fromkeys(true for true, _ in confusion))
    stored = list(dict.fromkeys([*zones, *(found for _, found in confusion)]))
    table = Table("truly in", title="stored as, % of the time", width=WIDTH)
    for zone in stored:
        table.add_column(zone or "none", justify="right")
    for true in zones:
        total = sum(moments for (zone, _), moments in confusion.items() if zone == true)
        table.add_row(true, *(f"{100 * confusion.get((true, zone), 0) / total:.1f}" for zone in stored))
    return table
