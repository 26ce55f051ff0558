"""`footfall rebuild`: a store's past, folded again from the journal with today's site.toml."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from footfall.errors import ConfigError
from footfall.units import NS_PER_DAY, NS_PER_S
from footfall.users import user_name
from footfall.wording import counted
from gateway.accept.outcome import Entry
from gateway.cli.fan_access import ActorOption, DryRunOption, checked
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import load_gateway
from gateway.fold.history import History
from gateway.fold.rebuilt import RebuiltPart, encode
from gateway.rebuild.before import before_of
from gateway.rebuild.differences import Before, DayDifference, difference, with_subjects_of
from gateway.rebuild.other_gateway import Known, Takeover, Touch, missing, stored_day
from gateway.rebuild.records import as_of_now
from gateway.rebuild.shadow import Shadow, Stamp
from gateway.rebuild.staffed_days import StaffedDays
from gateway.records import RecordKind
from gateway.sinks.settings import SinkSettings
from gateway.state.files import JOURNAL, LEDGER
from gateway.state.journal import append
from gateway.state.ledger_reader import LedgerReader, ledger_reader
from gateway.state.store_journal import StoreJournal, store_journal

WARM_UP_NS: Final = NS_PER_DAY
"""So much of the journal is folded before the first day that counts, unless the journal has all that ever came."""


@dataclass(frozen=True, slots=True)
class _Past:
    """A shadow, and the journal that it reads."""

    shadow: Shadow
    journal: StoreJournal
    site: bytes
    staffed: StaffedDays

    def catch_up(self, on_pos: Callable[[int], None] = lambda pos: None) -> None:
        """Fold what the journal has and the shadow has not."""
        records = self.staffed.seen(self.journal.read(self.shadow.pos, self.journal.last_pos, on_pos))
        self.shadow.take(as_of_now(records, self.shadow.store, self.site))

    def is_outdated(self, part: RebuiltPart) -> bool:
        """Return whether a day was worked out with other staff, or other rules of contributions."""
        return part.ours_from_ns == 0 and self.staffed.is_outdated(part.day, part.from_ns)


def rebuild(
    store: Annotated[str, typer.Argument(help="The store, by its name in site.toml.")],
    from_day: Annotated[str, typer.Argument(metavar="FROM", help="The first day of the store, such as 2026-11-03.")],
    to_day: Annotated[str, typer.Argument(metavar="TO", help="The last day; it is folded again as well.")],
    config: ConfigOption = DEFAULT_CONFIG,
    actor: ActorOption = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept, and footfall audit lists it.")] = "",
    dry_run: DryRunOption = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Also days that another gateway made, and of which this journal has not all.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Fold past days of a store again, beside the gateway, after a correction of site.toml that holds for them too.

    All days get what site.toml, as the gateway has it now, says of zones, doors, timeouts, staff, neighbours, hours and calibrations.
    Visits, dwells and the minutes of store and zones follow; what was stored as it was heard, and other stores, stay as they are.
    Days that another gateway made, whose state is lost (history_not_ours in status), become this one's, as far as agents sent them again.

    [bold]Example:[/] footfall rebuild flagship 2026-11-03 2026-11-09 --reason "the back door is an inner one" --dry-run
    """
    settings, days = load_gateway(config), _days(from_day, to_day)
    stamp = Stamp(checked("--actor", actor or user_name()), checked("--reason", reason), time.time_ns())
    path = settings.state_dir / JOURNAL
    with store_journal(path, store) as journal, Shadow(store, settings.profiles.registry()) as shadow:
        site = journal.site()
        past = _Past(shadow, journal, site, StaffedDays(site))
        with _progress(journal.last_pos, quiet) as on_pos:
            past.catch_up(on_pos)
        _check(past, days)
        with ledger_reader(settings.state_dir / LEDGER) as ledger:
            before = {day: before_of(ledger, shadow.store, *shadow.span(day)) for day in days}
            takeover, lacking = _takeover(past, ledger, settings.sink, days)
        if lacking and not (dry_run or incomplete):
            raise ConfigError("\n".join([*lacking, "--incomplete takes these days over all the same: what is missing here is then gone"]))
        parts = _parts(past, before, stamp, takeover)
        changes = [difference(before[day], part) for day, part in zip(days, parts, strict=True)]
        outdated = [part for part, each in zip(parts, changes, strict=True) if each.is_none and past.is_outdated(part)]
        if not dry_run:
            changed = [part for part, each in zip(parts, changes, strict=True) if part.ours_from_ns or not each.is_none]
            if outdated:
                append(path, [Entry(RecordKind.REBUILT, store, "", 0, encode(part.without_rows())) for part in outdated])
            _write(path, past, changed, lambda: _parts(past, before, stamp, takeover))
    if not quiet:
        theirs = [day for day in days if day in takeover.stored]
        for line in [*lacking, *_lines(changes, dry_run, theirs, [part.day for part in outdated])]:
            typer.echo(line)


def _parts(past: _Past, before: dict[date, Before], stamp: Stamp, takeover: Takeover) -> list[RebuiltPart]:
    return [takeover.of(with_subjects_of(past.shadow.day(day, stamp), each)) for day, each in before.items()]


def _write(path: Path, past: _Past, parts: Sequence[RebuiltPart], parts_now: Callable[[], Sequence[RebuiltPart]]) -> None:
    """Journal the days that change. What came meanwhile may be of them: then they are journaled once more."""
    while parts:
        append(path, [Entry(RecordKind.REBUILT, past.shadow.store, "", 0, encode(one)) for part in parts for one in part.in_parts()])
        past.catch_up()
        written = {part.day: part for part in parts}
        parts = [part for part in parts_now() if part.day in written and part != written[part.day]]


def _days(from_day: str, to_day: str) -> list[date]:
    try:
        first, last = date.fromisoformat(from_day), date.fromisoformat(to_day)
    except ValueError as error:
        raise ConfigError(f"FROM and TO are days of the store, such as 2026-11-03: {error}") from None
    if last < first:
        raise ConfigError(f"TO ({last}) is before FROM ({first})")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _check(past: _Past, days: Sequence[date]) -> None:
    """Raise ConfigError for days that the journal lacks, or that are not over."""
    shadow, begins_ns = past.shadow, past.journal.begins_ns()
    from_ns, to_ns = shadow.span(days[0])[0], shadow.span(days[-1])[1]
    if begins_ns and from_ns < begins_ns + WARM_UP_NS:
        raise ConfigError(
            f"the journal begins at {_when(begins_ns)}, and needs a day before FROM: FROM can be {_day_after(begins_ns + WARM_UP_NS)}"
            " at the earliest. journal.keep_days in gateway.toml keeps more from now on"
        )
    if to_ns > shadow.known_ns():
        raise ConfigError(
            f"{shadow.store}: days are over up to {_when(shadow.known_ns())}: {days[-1]} ends at {_when(to_ns)}. TO must be earlier"
        )


def _takeover(past: _Past, ledger: LedgerReader, sink: SinkSettings, days: Sequence[date]) -> tuple[Takeover, list[str]]:
    """Return how days that another gateway made become ours, and a line for each thing that this journal has not of them.

    Raise ConfigError if later days of that gateway would be left: what is ours has no hole.
    """
    shadow, history = past.shadow, History()
    history.load(ledger.fold["state"].get("history", {}))
    until_ns, spans = history.of(shadow.store), {day: shadow.span(day) for day in days}
    theirs = [day for day, (from_ns, _) in spans.items() if from_ns <= until_ns]
    if not theirs:
        return Takeover(0, False, {}), []
    if spans[days[-1]][1] <= until_ns:
        raise ConfigError(
            f"{shadow.store}: another gateway, whose state is lost, made what is stored up to {_when(until_ns)}. Its days become this one's"
            f" from the last one back: TO must be {shadow.day_of(until_ns)} at least"
        )
    with closing(sink.reader()) as reader:
        stored = {day: stored_day(reader, shadow.store, *spans[day]) for day in theirs}
    lacking = [line for day, each in stored.items() for line in missing(day, each.known, _known(past, ledger, *spans[day]))]
    from_ns, began_ns = spans[theirs[0]][0], past.journal.away_since_ns(until_ns)
    is_all = from_ns <= began_ns or not any(shadow.observed(0, from_ns).values())
    return Takeover(from_ns, is_all, stored), lacking


def _known(past: _Past, ledger: LedgerReader, from_ns: int, to_ns: int) -> Known:
    """Return what this journal has of a day."""
    part = past.shadow.day(past.shadow.day_of(from_ns), Stamp("", "", 0))
    touches = {Touch(row.agent, row.key_ns) for row in ledger.touches_between(past.shadow.store, from_ns, to_ns)}
    return Known(past.shadow.observed(from_ns, to_ns), touches, {each.minute: (each.entered, each.left) for each in part.doors})


def _lines(changes: Sequence[DayDifference], dry_run: bool, theirs: Sequence[date], outdated: Sequence[str]) -> Iterator[str]:
    for day in theirs:
        yield f"{day}: made by another gateway: all of it is {'to be ' if dry_run else ''}written again"
    for each in changes:
        if not each.is_none:
            (in_before, in_after), (out_before, out_after) = each.entered, each.left
            yield (
                f"{each.day}: visits {each.visits}; dwells {each.dwells};"
                f" in {in_before:,} -> {in_after:,}, out {out_before:,} -> {out_after:,} in {counted(each.minutes, 'minute')}"
            )
        elif each.day in outdated:
            yield f"{each.day}: other staff, or other rules of contributions: the outcome, and the departments and squads of touches"
    changed = sum(not each.is_none or each.day in outdated or date.fromisoformat(each.day) in theirs for each in changes)
    if not changed:
        yield f"nothing changes in {counted(len(changes), 'day')}"
    elif dry_run:
        yield f"{changed:,} of {counted(len(changes), 'day')} would change; nothing was written"
    else:
        journaled = "is journaled; the gateway takes it" if changed == 1 else "are journaled; the gateway takes them"
        yield f"{changed:,} of {counted(len(changes), 'day')} {journaled} within seconds, or when it runs again"


def _when(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns / NS_PER_S, UTC):%Y-%m-%d %H:%M} UTC"


def _day_after(time_ns: int) -> date:
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).date() + timedelta(days=1)


@contextmanager
def _progress(last_pos: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar on the terminal, of the journal's records."""
    columns = TextColumn("folding again"), BarColumn(), TextColumn("{task.completed:,} of {task.total:,} records"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        bar = progress.add_task("", total=last_pos)
        yield lambda pos: progress.update(bar, completed=pos)
