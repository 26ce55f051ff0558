"""What the boards' panels show beside what `footfall query` answers, from the same InfluxDB: query by query, value by value."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import urllib3

from footfall.errors import SinkUnavailable
from footfall.units import NS_PER_HOUR, NS_PER_S
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate
from gateway.query.measures import MEASURES
from gateway.query.questions import ask
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import PointReader
from tools.boards.build import Language
from tools.boards.table import Panel, Value, shipped_boards

Key = tuple[str, ...]
Shown = Mapping[Key, float]
_NOW_NS: Final = 4_000_000_000 * NS_PER_S
FOLDERS: Final[Mapping[Language, str]] = {"influxql": "dashboards", "flux": "dashboards-flux"}
_EXACT: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Database:
    """An InfluxDB and the span that its panels show: whole hours, ns since 1970. On 1.8 `bucket` is
    `database/retention-policy`, and there is no Flux."""

    url: str
    bucket: str
    token: str
    org: str
    from_ns: int
    to_ns: int

    @property
    def languages(self) -> tuple[Language, ...]:
        return ("influxql",) if "/" in self.bucket else ("influxql", "flux")


class Difference(NamedTuple):
    """A value of a panel that is not what `footfall query` gives."""

    panel: str
    key: Key
    shown: float
    answered: float

    def __str__(self) -> str:
        return f"{self.panel} {' '.join(self.key)}: the board shows {self.shown!r}, footfall query answers {self.answered!r}"


def differences(reader: PointReader, database: Database, language: Language, folder: Path) -> Iterator[Difference]:
    """Yield each value of a panel in `folder` (deploy/grafana) that is not what `footfall query` gives.

    Panels of readings, which are no measures, are only asked whether they answer. Raise SinkUnavailable where a query is refused.
    """
    estate = QueryEstate.from_table(reader.rows("store"))
    stores = reader.stores()
    for board in shipped_boards():
        queries = queries_of(folder / FOLDERS[language] / f"{board.file}.json")
        for panel, targets in zip(board.panels, queries, strict=True):
            for value, query in zip(panel.values, targets, strict=True):
                shown, where = shown_of(database, language, query, panel, stores), f"{board.title}, {language}, {value.key} by {panel.by}"
                if not shown and (rows := _rows_of(reader, value, database)):
                    yield Difference(where, ("rows that it shows nothing of",), 0, rows)
                elif value.key in MEASURES:
                    is_sum = not value.how or MEASURES[value.key].kind in ("difference", "total")
                    yield from _unequal(where, shown, asked(reader, estate, value, panel, database), is_sum)


def queries_of(path: Path) -> list[list[str]]:
    panels = json.loads(path.read_text("utf-8"))["panels"]
    return [[target["query"] for target in panel["targets"]] for panel in panels]


def asked(reader: PointReader, estate: QueryEstate, value: Value, panel: Panel, database: Database) -> Shown:
    """Return what `footfall query` gives, by tags and, of a series, by the hour; without what has no value.

    A ratio that leaves out hours is made of its parts, for a panel leaves out none.
    """
    question, measure = value.key.split(".")
    wanted = MEASURES[value.key].parts if MEASURES[value.key].within else (measure,)
    is_series = panel.show == "series"
    span = [datetime.fromtimestamp(at_ns // NS_PER_S, UTC).isoformat() for at_ns in (database.from_ns, database.to_ns)]
    request = Request(
        question=question, measures=wanted, from_=span[0], to=span[1], by=panel.tags or ("chain",), timezone="UTC",
        interval="1h" if is_series else None,
    )  # fmt: skip
    answer = ask(reader, request, estate, _NOW_NS)
    found = {}
    for row in answer.rows:
        cells = dict(zip(answer.columns, row, strict=True))
        number = _divided([cells[name] for name in wanted])
        if number is not None:
            time = [_hour(cells["time"])] if is_series else []
            found[(*(str(cells[tag]) for tag in panel.tags), *time)] = number
    return found


def _divided(numbers: Sequence[float | None]) -> float | None:
    """The number, or the first of two divided by the second; None for nothing."""
    first, *others = numbers
    if first is None or not all(others):
        return None
    return float(first / others[0]) if others and others[0] else float(first)


def _rows_of(reader: PointReader, value: Value, database: Database) -> int:
    """Return how many hours of stores a panel is made of; of a ratio those with something to divide by. Without any it may be empty."""
    part = value.parts[-1]
    counted = Aggregate("counted", part.kind, part.counted, part.where)  # type: ignore[arg-type] # parts are of these four kinds
    cells = reader.cells(part.table, (counted,), database.from_ns, database.to_ns, NS_PER_HOUR)
    return int(np.count_nonzero(np.nan_to_num(cells.values["counted"]))) if value.how or part.where else len(cells)


def _hour(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def _unequal(where: str, shown: Shown, answer: Shown, is_sum: bool) -> Iterator[Difference]:
    """Of a sum a panel has no row where nothing is stored, and the answer a zero; of a share both have nothing."""
    for key in sorted(shown.keys() | answer.keys()):
        seen, right = shown.get(key, 0.0 if is_sum else math.nan), answer.get(key, 0.0 if is_sum else math.nan)
        if not math.isclose(seen, right, rel_tol=_EXACT, abs_tol=_EXACT):
            yield Difference(where, key, seen, right)


def shown_of(database: Database, language: Language, query: str, panel: Panel, stores: Sequence[str]) -> Shown:
    send = _influxql if language == "influxql" else _flux
    return send(database, query, panel, "|".join(map(re.escape, stores)))


def _influxql(database: Database, query: str, panel: Panel, stores: str) -> Shown:
    filled = query.replace("$timeFilter", f"time >= {database.from_ns} AND time < {database.to_ns}")
    filled = filled.replace("$__interval", "1h").replace("$store", f"({stores})")
    fields = {"db": database.bucket.partition("/")[0], "epoch": "ns", "q": filled}
    answer = json.loads(_post(f"{database.url}/query", database, fields=fields))
    found = {}
    for result in answer["results"]:
        if "error" in result:
            raise SinkUnavailable(f"{result['error']}: {filled}")
        for series in result.get("series", ()):
            tags = [series.get("tags", {}).get(tag, "") for tag in panel.tags]
            for time_ns, number in series["values"]:
                time = [_hour_of(time_ns)] if panel.show == "series" else []
                if number is not None:
                    found[(*tags, *time)] = float(number)
    return found


def _flux(database: Database, query: str, panel: Panel, stores: str) -> Shown:
    span = {name: f"time(v: {at_ns})" for name, at_ns in (("Start", database.from_ns), ("Stop", database.to_ns))}
    filled = query.replace("${bucket}", database.bucket).replace("${store:regex}", f"({stores})")
    for name, time in span.items():
        filled = filled.replace(f"v.timeRange{name}", time)
    filled = filled.replace("v.windowPeriod", "1h")
    body = json.dumps({"query": filled, "dialect": {"header": True, "annotations": []}})
    text = _post(f"{database.url}/api/v2/query?org={database.org}", database, body=body)
    found = {}
    for block in text.replace("\r\n", "\n").split("\n\n"):
        for row in csv.DictReader(io.StringIO(block.strip())):
            if row.get("_value"):
                hour = [_hour(row["_time"])] if panel.show == "series" else []
                found[(*(row[tag] for tag in panel.tags), *hour)] = float(row["_value"])
    return found


def _hour_of(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // NS_PER_HOUR * NS_PER_HOUR // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M")


def _post(url: str, database: Database, **sent: Any) -> str:
    headers = {"Authorization": f"Token {database.token}"} | ({"Content-Type": "application/json"} if "body" in sent else {})
    form: dict[str, Any] = {"encode_multipart": False} if "fields" in sent else {}
    answer = urllib3.PoolManager().request("POST", url, headers=headers, **sent, **form)
    text = answer.data.decode()
    if answer.status != 200:
        raise SinkUnavailable(f"{url}: {answer.status}: {text[:500]}")
    return text
