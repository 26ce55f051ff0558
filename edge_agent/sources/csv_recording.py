"""Recordings that are CSV files, as their mapping describes them: what was heard, in the order of time, and where that truly was.

    read_csv(mapping, paths, settings) -> list[Run]     # a run is one file

Times may go back from one row to the next, as clocks that were set do: then rows are put in order, and each jump is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.sources.csv_counts import CountReader
from edge_agent.sources.csv_files import next_start, recordings_of, run_names
from edge_agent.sources.csv_labels import EVERYBODY, state_truths
from edge_agent.sources.csv_levels import LevelReader, refuse_without_levels
from edge_agent.sources.csv_mapping import CsvMapping, IdentifierOf, TruthColumns, is_pattern
from edge_agent.sources.csv_order import JUMP_NS, are_in_order, are_newest_first, clock_of, holes, one_part
from edge_agent.sources.csv_profiles import FREQUENT, with_profile
from edge_agent.sources.csv_reported import reported_row
from edge_agent.sources.csv_rows import Row, without_copies
from edge_agent.sources.csv_text import CsvColumn, Misread, cells_of, delimiter_of, is_text, key_of, text_lines, text_of, why_of
from edge_agent.sources.csv_time import TimeReader
from edge_agent.sources.csv_truth import true_zone, truth_path
from edge_agent.sources.replay_settings import Missed, ReplaySettings, Run, TrueZone
from edge_agent.sources.source import AliveUntil, Recorded, RefusedReading, Sighting
from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.moments import to_ns
from footfall.names import name_of

_MISREAD: Final = (ValueError, IndexError, OverflowError)
_UTC: Final = ZoneInfo("UTC")


def read_csv(mapping: CsvMapping, paths: Sequence[Path], settings: ReplaySettings) -> list[Run]:
    """Return the files as runs, in the order of `paths`. Raise ConfigError for files that the mapping does not fit, or without rows."""
    start_ns = to_ns(settings.start)
    zone = settings.zone_info() if settings.is_zone_stated or mapping.counts is None else None
    files = recordings_of(mapping, paths)
    found: list[Run] = []
    read: dict[tuple[Path, int], Run] = {}
    """Files of the truth, which recordings may share."""
    for path, name in zip(files, run_names(files), strict=True):
        found.append(_CsvFile(mapping, path, start_ns, zone).run(name, settings.on_read))
        if mapping.truth is not None and (beside := truth_path(mapping.truth, path)):
            key = beside, start_ns if mapping.truth.time_like(mapping.time).relative else 0
            found[-1].labels = read[key] = read.get(key) or _labels(mapping, mapping.truth, beside, start_ns, zone)
        start_ns = next_start(start_ns, found[-1])
    refuse_without_levels(mapping, found)
    state_truths(found)
    return with_profile(found, mapping.profile)


def receivers_of(mapping: CsvMapping, paths: Sequence[Path]) -> dict[str, str]:
    """Return the zone of each receiver: of all that are named in full, and of the columns that patterns fit."""
    named = {name_of(name): zone for name, zone in mapping.receivers.items() if not is_pattern(name)}
    if mapping.receiver is None:
        wide = [_CsvFile(mapping, path, 0, _UTC) for path in recordings_of(mapping, paths)]
        return named | {name_of(name): zone for file in wide for _, name, zone in file.wide}
    runs = read_csv(mapping, paths, ReplaySettings()) if len(named) < len(mapping.receivers) else []
    heard = {name: text for run in runs for name, text in run.receivers.items()}
    return {name: zone for name, text in sorted(heard.items()) if (zone := mapping.zone_of(text))} | named


def headings_of(mapping: CsvMapping, paths: Sequence[Path]) -> set[str]:
    """Return the headings of all columns of the files."""
    wide = [_CsvFile(mapping, path, 0, _UTC) for path in recordings_of(mapping, paths)]
    return {heading for file in wide for heading in file.headings}


def fits(mapping: CsvMapping, path: Path) -> bool:
    """Return whether a file looks as the mapping describes it: its suffix, and every column that the mapping names."""
    if not path.name.endswith(mapping.suffixes):
        return False
    try:
        _CsvFile(mapping, path, 0, _UTC)
    except ConfigError:
        return False
    return True


class _CsvFile:
    """One file with its columns looked up. `wide` has, of each column that is a receiver's, its place, name and zone."""

    def __init__(self, mapping: CsvMapping, path: Path, start_ns: int, zone: ZoneInfo | None) -> None:
        self._mapping: Final = mapping
        self._path: Final = path
        self._start_ns: Final = start_ns
        self._zone: Final = zone
        self._numbers: Final = mapping.numbers
        self._delimiter = mapping.delimiter or ","
        self._heading_line = 0
        self.headings: Final = self._read_headings()
        self._taken: Final[set[int]] = set()
        """Where columns stand that the mapping names: patterns of receivers do not mean them."""
        self._time: Final = TimeReader(mapping.time, self._place, start_ns, zone, self._numbers)
        who = mapping.identifier
        self._who_at: Final = None if who.column is None else self._place(who.column)
        self._who: Final = "" if who.column is not None else who.of_file(path)
        self._in_no_area: Final = Missed()
        self._true_zone: Final = true_zone(mapping.truth, self._place, self._numbers, self._in_no_area)
        self.wide: Final = self._wide_columns() if mapping.receiver is None and mapping.receivers else []
        self._receivers: Final[dict[str, str]] = {}
        """Of long rows: the texts of receivers that heard something, and their names."""
        self._receiver_at: Final = None if mapping.receiver is None else self._place(mapping.receiver)
        self._level: Final = LevelReader(mapping)
        self._levels: Final = self._levels_of()
        self._counts: Final = self._counts_of()
        self._is_of_labels: Final = not mapping.receivers and mapping.counts is None
        """A label without a zone ends the one before."""

    def run(self, name: str, on_read: Callable[[int], None] = lambda size_bytes: None) -> Run:
        """Return the whole file. Raise ConfigError if it has no row that can be read. `on_read` is called with each line's bytes."""
        is_reversed = are_newest_first(self._times())
        run, rows = self._read(name, reversed(list(self._data_lines())) if is_reversed else self._data_lines(), on_read)
        ordered = sorted(rows, key=lambda row: row.t_ns)
        once = without_copies(ordered) if self._mapping.receivers else ordered
        run.copies = len(rows) - len(once) + (0 if self._counts is None else self._counts.repeated)
        kept = {row.number for row in once if row.is_read}
        run.rows = len(kept)
        run.jumps, run.parts = clock_of((row for row in rows if row.number in kept), self._path.name)
        run.is_in_order = are_in_order(len(kept), run.jumps)
        if not run.is_in_order:
            run.jumps, run.parts = [], one_part(run.parts)
        run.jumps += holes(once, self._path.name, run.jumps) if self._mapping.receivers else ()
        run.heard += [one for row in once for one in row.heard]
        run.truth += [TrueZone(row.t_ns, name, row.who, row.true_zone) for row in once if self._has_truth(row)]
        run.receivers.update((name, text) for text, name in self._receivers.items())
        return run

    def _has_truth(self, row: Row) -> bool:
        return bool(row.true_zone) or (self._is_of_labels and row.is_read)

    def _read(self, name: str, lines: Iterable[tuple[int, bytes]], on_read: Callable[[int], None]) -> tuple[Run, list[Row]]:
        """Return a run with what is stated beside what was heard, and the rows in the order of `lines`."""
        run = Run(name, [], [], [], in_no_area=self._in_no_area)
        last_of: dict[str, int] = {}
        """By series: the time of the row before."""
        rows: list[Row] = []
        t_ns, refused = self._start_ns, 0
        for number, line in lines:
            on_read(len(line) + 1)
            where = f"{self._path.name}:{number}"
            try:
                cells = self._cells(line)
                t_ns = self._time_of(cells, number, last_of)
                who = self._who if self._who_at is None else cells[self._who_at].strip()
                self._level.where = where
                heard, true_zone = [*self._levels(cells, who, t_ns), *self._crossings(cells, t_ns)], self._true_zone(cells)
            except _MISREAD as error:
                refused += 1
                run.why_refused = run.why_refused or f"{where}: {text_of(line)}: {why_of(error)}"
                why = f"{key_of(error)}: {text_of(line)}: {why_of(error)}"
                rows.append(Row(t_ns, number, [RefusedReading(0, "csv.line", where, line, t_ns, why)], is_read=False))
                continue
            rows.append(Row(t_ns, number, heard, who, self._series(cells), true_zone, hash(line)))
        run.not_levels = self._level.refused
        if refused == len(rows):
            mistake = f": {len(rows)} lines cannot be read, the first is {run.why_refused}" if rows else ""
            raise ConfigError(f"{self._path}: no rows here{mistake}")
        return run, rows

    def _series(self, cells: Sequence[str]) -> str:
        """Return whose rows are each later than the one before: a door's or a receiver's."""
        if self._counts is not None:
            return self._counts.series(cells)
        return "" if self._receiver_at is None else cells[self._receiver_at]

    def _time_of(self, cells: Sequence[str], number: int, last_of: dict[str, int]) -> int:
        """Return the row's time. The hour that there is twice follows a door's row before; of what was heard, anybody's."""
        series, late_ns = ("", JUMP_NS) if self._counts is None else (self._counts.series(cells), 0)
        t_ns = last_of[series] = self._time.read(cells, self._path, number, last_of.get(series, 0) - late_ns)
        return t_ns

    def _times(self) -> Iterator[int]:
        """Yield the times of rows in the order of the file, of the hour that there is twice in the first."""
        for number, line in self._data_lines():
            with suppress(*_MISREAD):
                yield self._time.read(self._cells(line), self._path, number, 0)

    def _cells(self, line: bytes) -> list[str]:
        cells = cells_of(line, self._delimiter)
        if cells is None:
            code = self._mapping.encoding or "UTF-8"
            raise Misread("delimiter" if is_text(line) else "encoding", "no CSV" if is_text(line) else f"not {code}: state `encoding`")
        if any(map(str.strip, cells[len(self.headings) :])):
            first = len(self.headings)
            raise Misread("delimiter", f"it has {len(cells)} cells, and the first line {first}: does one hold a {self._delimiter!r}?")
        return cells

    def _data_lines(self) -> Iterator[tuple[int, bytes]]:
        skipped = tuple(text.encode() for text in self._mapping.skip_rows)
        for number, line in text_lines(self._path, self._mapping.encoding):
            if number > self._heading_line and line.strip() and not line.lstrip(b'" ').startswith(skipped):
                yield number, line

    def _read_headings(self) -> list[str]:
        lines = ((number, line) for number, line in text_lines(self._path, self._mapping.encoding) if number > self._mapping.skip_lines)
        number, first = next(((number, line) for number, line in lines if line.strip()), (0, None))
        if first is None:
            raise ConfigError(f"{self._path}: the file is empty")
        self._heading_line = number if self._mapping.header else number - 1
        if self._mapping.delimiter is None:
            self._delimiter = delimiter_of(first)
        cells = cells_of(first, self._delimiter)
        if cells is None and not is_text(first):
            code = self._mapping.encoding or "UTF-8"
            raise ConfigError(f"{self._path}: its first line is not {code}: state `encoding` in the mapping, such as cp1252 or gb18030")
        if cells is None:
            raise ConfigError(
                f"{self._path}: its first line is no CSV with {self._delimiter!r} between the cells; see `encoding`, `skip_lines`"
            )
        return [cell.strip() for cell in cells] if self._mapping.header else [str(at) for at in range(1, len(cells) + 1)]

    def _place(self, column: CsvColumn) -> int:
        """Return where a column stands. Raise ConfigError if there is none."""
        name = str(column)
        if name in self.headings or (isinstance(column, int) and column <= len(self.headings)):
            at = self.headings.index(name) if name in self.headings else int(column) - 1
            self._taken.add(at)
            return at
        there = f"it has {', '.join(self.headings[:20])}; without headings state `header = false`"
        raise ConfigError(unknown(f"{self._path}: there is no column {name!r}", name, self.headings, there))

    def _wide_columns(self) -> list[tuple[int, str, str]]:
        free = [(at, name) for at, name in enumerate(self.headings) if at not in self._taken or name in self._mapping.receivers]
        found = [(at, name, zone) for at, name in free if (zone := self._mapping.zone_of(name))]
        if not found:
            wanted = ", ".join(self._mapping.receivers)
            raise ConfigError(f"{self._path}: no column is a receiver's ({wanted}); it has {', '.join(self.headings[:20])}")
        first: dict[str, str] = {}
        for _, name, _ in found:
            if (other := first.setdefault(name_of(name), name)) != name:
                raise ConfigError(f"{self._path}: columns {other!r} and {name!r} are one receiver's name, {name_of(name)!r}: rename one")
        return found

    def _levels_of(self) -> Callable[[Sequence[str], str, int], Iterator[Recorded]]:
        mapping = self._mapping
        receiver_at = self._receiver_at
        if receiver_at is None or mapping.level is None:
            return self._wide_levels if self.wide else lambda cells, who, t_ns: iter(())
        level_at = self._place(mapping.level)
        made = reported_row(mapping.reported, self._place, self._numbers) if mapping.reported else None

        def long(cells: Sequence[str], who: str, t_ns: int) -> Iterator[Recorded]:
            rssi_dbm = self._level.read(cells[level_at], who, t_ns)
            if rssi_dbm is not None:
                if not who:
                    raise Misread("identifier", "no identifier is stated")
                text = cells[receiver_at].strip()
                name = self._receivers.get(text) or self._receivers.setdefault(text, name_of(text))
                found = Sighting(0, name, FREQUENT, who, rssi_dbm, t_ns)
                yield made(cells, found) if made else found

        return long

    def _wide_levels(self, cells: Sequence[str], who: str, t_ns: int) -> Iterator[Recorded]:
        for at, name, _ in self.wide:
            rssi_dbm = self._level.read(cells[at], who, t_ns)
            if rssi_dbm is not None and not who:
                raise Misread("identifier", "no identifier is stated")
            if rssi_dbm is not None:
                yield Sighting(0, name_of(name), FREQUENT, who, rssi_dbm, t_ns)
        yield AliveUntil(0, t_ns)

    def _counts_of(self) -> CountReader | None:
        counts, time = self._mapping.counts, self._mapping.time
        return None if counts is None else CountReader(counts, self._place, self._numbers, time.relative, time.marks)

    def _crossings(self, cells: Sequence[str], t_ns: int) -> Iterator[Recorded]:
        return iter(()) if self._counts is None else self._counts.crossings(cells, t_ns)


def _labels(mapping: CsvMapping, truth: TruthColumns, path: Path, start_ns: int, zone: ZoneInfo | None) -> Run:
    """Return a file of the truth as a run; its identifiers are "" where it has none. Raise ConfigError if there is no such file."""
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file: the mapping's `truth.file` names it")
    who = IdentifierOf(value=EVERYBODY) if truth.identifier is None else IdentifierOf(column=truth.identifier)
    columns = truth.model_copy(update={"file": None, "identifier": None})
    alone = {"identifier": who, "truth": columns, "time": truth.time_like(mapping.time), "receivers": {}, "receiver": None, "counts": None}
    return _CsvFile(mapping.model_copy(update=alone), path, start_ns, zone).run("")
