"""Recordings that are CSV files, as their mapping describes them: what was heard, in the order of time, and where that truly was.

    read_csv(mapping, paths, settings) -> list[Run]     # a run is one file

Times may go back from one row to the next, as clocks that were set do: then rows are put in order, and each jump is stated.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.sources.csv_counts import CountReader
from edge_agent.sources.csv_mapping import CsvMapping, IdentifierOf, TruthColumns, name_of
from edge_agent.sources.csv_profiles import FREQUENT, with_profile
from edge_agent.sources.csv_reported import reported_row
from edge_agent.sources.csv_text import CsvColumn, Misread, cells_of, delimiter_of, is_text, key_of, text_lines, text_of, why_of
from edge_agent.sources.csv_time import TimeReader
from edge_agent.sources.csv_truth import true_zone, truth_path
from edge_agent.sources.replay_settings import BETWEEN_FILES_NS, ClockJump, ReplaySettings, Run, TrueZone
from edge_agent.sources.source import AliveUntil, Gap, Recorded, RefusedReading, Sighting
from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.moments import to_ns
from footfall.units import NS_PER_S

JUMP_NS: Final = 2 * NS_PER_S
"""Steps back that are longer are a clock's; shorter ones are radios that report late."""
NO_VISIT_NS: Final = 1800 * NS_PER_S
"""After so long without evidence a visit is over, by default."""
SILENCE_NS: Final = 600 * NS_PER_S
"""Steps forward that are longer are stated too: nobody knows whether it was silence or a clock."""
_Changes = dict[str, tuple[list[int], list[str]]]
_MISREAD: Final = (ValueError, IndexError, OverflowError)
_UTC: Final = ZoneInfo("UTC")


def read_csv(mapping: CsvMapping, paths: Sequence[Path], settings: ReplaySettings) -> list[Run]:
    """Return the files as runs, in the order of `paths`. Raise ConfigError for files that the mapping does not fit, or without rows."""
    start_ns = to_ns(settings.start)
    zone = settings.zone_info() if settings.is_zone_stated or mapping.counts is None else None
    truths = {truth_path(mapping.truth, path) for path in paths}
    files = [path for path in dict.fromkeys(paths) if path not in truths]
    found: list[Run] = []
    for path, name in zip(files, run_names(files), strict=True):
        found.append(_CsvFile(mapping, path, start_ns, zone).run(name, settings.on_read))
        start_ns = _next_start(start_ns, found[-1])
    return with_profile(found, mapping.profile)


def run_names(files: Sequence[Path]) -> list[str]:
    """Return a name for each file: what stands before the first dot of its own, with more of it or its folders where others have that."""
    names = [path.name.split(".")[0] for path in files]
    wholes = [path.absolute().parts for path in files]
    for count in range(1, max(map(len, wholes), default=0) + 1):
        again = {name for name, times in Counter(names).items() if times > 1}
        if not again:
            break
        names = ["/".join(whole[-count:]) if name in again else name for name, whole in zip(names, wholes, strict=True)]
    return names


def _next_start(start_ns: int, run: Run) -> int:
    """When a file after this one begins, where times count from a start: an hour later, or so many that no visit spans both."""
    last_ns = max((one.to_boot_ns if isinstance(one, Gap) else one.t_wall_ns for one in run.heard), default=start_ns)
    hours = max(-(-(last_ns + NO_VISIT_NS - start_ns) // BETWEEN_FILES_NS), 1)
    return start_ns + hours * BETWEEN_FILES_NS


def receivers_of(mapping: CsvMapping, paths: Sequence[Path]) -> dict[str, str]:
    """Return the zone of each receiver: of all that are named in full, and of the columns that patterns fit."""
    named = {name_of(name): zone for name, zone in mapping.receivers.items() if not set("*?[") & set(name)}
    if mapping.receiver is None:
        wide = [_CsvFile(mapping, path, 0, _UTC) for path in paths if path != truth_path(mapping.truth, path)]
        return named | {name_of(name): zone for file in wide for _, name, zone in file.wide}
    runs = read_csv(mapping, paths, ReplaySettings()) if len(named) < len(mapping.receivers) else []
    heard = {one.receiver for run in runs for one in run.heard if isinstance(one, Sighting)}
    return {name: zone for name in sorted(heard) if (zone := mapping.zone_of(name))} | named


def headings_of(mapping: CsvMapping, paths: Sequence[Path]) -> set[str]:
    """Return the headings of all columns of the files."""
    wide = [_CsvFile(mapping, path, 0, _UTC) for path in paths if path != truth_path(mapping.truth, path)]
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
        self._time: Final = TimeReader(mapping.time, self._place, start_ns, zone, self._numbers)
        who = mapping.identifier
        self._who_at: Final = None if who.column is None else self._place(who.column)
        self._who: Final = "" if who.column is not None else who.of_file(path)
        self.wide: Final = self._wide_columns() if mapping.receiver is None and mapping.receivers else []
        self._levels: Final = self._levels_of()
        self._counts: Final = self._counts_of()
        self._true_zone: Final = true_zone(mapping.truth, self._place)

    def run(self, name: str, on_read: Callable[[int], None] = lambda size_bytes: None) -> Run:
        """Return the whole file. Raise ConfigError if it has no row that can be read. `on_read` is called with each line's bytes."""
        run = Run(name, [], [], [])
        latest: dict[str, int] = {}
        last_of: dict[str, int] = {}
        """By series of counts: the time of the row before."""
        rows: list[tuple[int, list[Recorded]]] = []
        t_ns = self._start_ns
        for number, line in self._data_lines():
            on_read(len(line) + 1)
            where = f"{self._path.name}:{number}"
            try:
                cells = self._cells(line)
                t_ns = self._time_of(cells, number, last_of)
                who = self._who if self._who_at is None else cells[self._who_at]
                heard, true_zone = [*self._levels(cells, who, t_ns), *self._crossings(cells, t_ns)], self._true_zone(cells)
            except _MISREAD as error:
                run.why_refused = run.why_refused or f"{where}: {text_of(line)}: {why_of(error)}"
                why = f"{key_of(error)}: {text_of(line)}: {why_of(error)}"
                rows.append((t_ns, [RefusedReading(0, "csv.line", where, line, t_ns, why)]))
                continue
            rows.append((t_ns, heard))
            run.truth += [TrueZone(t_ns, run.name, who, true_zone)] if true_zone else []
            before_ns = latest.get(who, t_ns)
            if not -JUMP_NS <= t_ns - before_ns <= SILENCE_NS:
                run.jumps.append(ClockJump(where, before_ns, t_ns))
            latest[who] = t_ns
        if not latest:
            mistake = f": {len(rows)} lines cannot be read, the first is {run.why_refused}" if rows else ""
            raise ConfigError(f"{self._path}: no rows here{mistake}")
        rows.sort(key=lambda row: row[0])
        run.heard += [one for _, heard in rows for one in heard]
        run.truth += self._truth_beside(rows, run.name)
        run.truth.sort(key=lambda true: true.t_ns)
        return run

    def _time_of(self, cells: Sequence[str], number: int, last_of: dict[str, int]) -> int:
        if self._counts is None:
            return self._time.read(cells, self._path, number)
        series = self._counts.series(cells)
        t_ns = last_of[series] = self._time.read(cells, self._path, number, last_of.get(series, 0))
        return t_ns

    def _cells(self, line: bytes) -> list[str]:
        cells = cells_of(line, self._delimiter)
        if cells is None:
            code = self._mapping.encoding or "UTF-8"
            raise Misread("delimiter" if is_text(line) else "encoding", "no CSV" if is_text(line) else f"not {code}: state `encoding`")
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
        if name in self.headings:
            return self.headings.index(name)
        if isinstance(column, int) and column <= len(self.headings):
            return column - 1
        there = f"it has {', '.join(self.headings[:20])}; without headings state `header = false`"
        raise ConfigError(unknown(f"{self._path}: there is no column {name!r}", name, self.headings, there))

    def _wide_columns(self) -> list[tuple[int, str, str]]:
        found = [(at, name, zone) for at, name in enumerate(self.headings) if (zone := self._mapping.zone_of(name))]
        if not found:
            wanted = ", ".join(self._mapping.receivers)
            raise ConfigError(f"{self._path}: no column is a receiver's ({wanted}); it has {', '.join(self.headings[:20])}")
        return found

    def _levels_of(self) -> Callable[[Sequence[str], str, int], Iterator[Recorded]]:
        mapping = self._mapping
        if mapping.receiver is None or mapping.level is None:
            return self._wide_levels if self.wide else lambda cells, who, t_ns: iter(())
        receiver_at, level_at = self._place(mapping.receiver), self._place(mapping.level)
        made = reported_row(mapping.reported, self._place) if mapping.reported else None

        def long(cells: Sequence[str], who: str, t_ns: int) -> Iterator[Recorded]:
            rssi_dbm = self._level(cells[level_at])
            if rssi_dbm is not None:
                found = Sighting(0, name_of(cells[receiver_at]), FREQUENT, who, rssi_dbm, t_ns)
                yield made(cells, found) if made else found

        return long

    def _wide_levels(self, cells: Sequence[str], who: str, t_ns: int) -> Iterator[Recorded]:
        for at, name, _ in self.wide:
            rssi_dbm = self._level(cells[at])
            if rssi_dbm is not None:
                yield Sighting(0, name_of(name), FREQUENT, who, rssi_dbm, t_ns)
        yield AliveUntil(0, t_ns)

    def _level(self, cell: str) -> int | None:
        """Return a level, dBm; None where nothing was heard. Raise ValueError for what no radio reports."""
        text = cell.strip()
        if not text or text.lower() == "nan":
            return None
        try:
            rssi_dbm = round(self._numbers.number(text))
        except ValueError:
            see = "; see `decimal`" if any(map(str.isdigit, text)) else ""
            raise Misread("level", f"the level {text!r} is no number{see}") from None
        if rssi_dbm in self._mapping.not_heard:
            return None
        if not -128 <= rssi_dbm <= 127:
            raise Misread("level", f"the level {text!r} is no radio's: -128 to 127 dBm")
        return rssi_dbm

    def _counts_of(self) -> CountReader | None:
        counts, time = self._mapping.counts, self._mapping.time
        return None if counts is None else CountReader(counts, self._place, self._numbers, time.relative, time.marks)

    def _crossings(self, cells: Sequence[str], t_ns: int) -> Iterator[Recorded]:
        return iter(()) if self._counts is None else self._counts.crossings(cells, t_ns)

    def _truth_beside(self, rows: Sequence[tuple[int, list[Recorded]]], run: str) -> Iterator[TrueZone]:
        """Yield where each sighting truly was, by the file of the truth: its rows hold from their times on."""
        path = truth_path(self._mapping.truth, self._path)
        if path is None or self._mapping.truth is None:
            return
        known = _changes(self._mapping, self._mapping.truth, path, self._start_ns, self._zone)
        for t_ns, heard in rows:
            for who in dict.fromkeys(one.identifier for one in heard if isinstance(one, Sighting)):
                times, zones = known.get(who) or known.get("", ([], []))
                if at := bisect_right(times, t_ns):
                    yield TrueZone(t_ns, run, who, zones[at - 1])


def _changes(mapping: CsvMapping, truth: TruthColumns, path: Path, start_ns: int, zone: ZoneInfo | None) -> _Changes:
    """Return times and true zones of a file of the truth, by identifier, in the order of time; "" for all where it has no identifiers."""
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file: the mapping's `truth.file` names it")
    who = IdentifierOf(value="") if truth.identifier is None else IdentifierOf(column=truth.identifier)
    columns = truth.model_copy(update={"file": None, "identifier": None})
    alone = {"identifier": who, "truth": columns, "time": truth.time_like(mapping.time), "receivers": {}, "receiver": None, "counts": None}
    found: _Changes = {}
    for true in _CsvFile(mapping.model_copy(update=alone), path, start_ns, zone).run("").truth:
        times, zones = found.setdefault(true.identifier, ([], []))
        times.append(true.t_ns)
        zones.append(true.zone)
    return found
