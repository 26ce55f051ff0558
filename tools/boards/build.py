"""The boards as Grafana's JSON, by Grafana's own library."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, VisibilityMode

from tools.boards.flux import flux
from tools.boards.influxql import influxql
from tools.boards.table import Board, Panel, Value

Language = Literal["influxql", "flux"]
SOURCES: Final = {"influxql": "footfall-influxdb", "flux": "footfall-influxdb-flux"}
_UNITS: Final = {"": "short", "people": "short", "s": "s", "ms": "ms", "share": "percentunit", "money": "short"}
_HEIGHTS: Final = {"stat": 4, "series": 8, "table": 8}
_SHIFTED: Final = {"7d": "the week before"}
_PATHS: Final = 'SELECT "path", "title" FROM "store" WHERE "void" = false'
_STORES: Final = 'SELECT "store", "path" FROM "store" WHERE "void" = false AND "path" =~ /^$path(\\/|$)/'
_FLUX_STORE_ROWS: Final = (
    'from(bucket: "${bucket}") |> range(start: 0) |> filter(fn: (r) => r._measurement == "store")'
    ' |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value") |> filter(fn: (r) => not r.void'
)
_FLUX_PATHS: Final = f'{_FLUX_STORE_ROWS}) |> group() |> distinct(column: "path")'
_FLUX_STORES: Final = f'{_FLUX_STORE_ROWS} and r.path =~ /^${{path:regex}}(\\/|$)/) |> group() |> distinct(column: "store")'


@dataclass
class InfluxQuery(Dataquery):
    """One target of a panel; the library has none of InfluxDB."""

    ref_id: str
    query: str
    alias: str
    is_table: bool
    language: Language

    def to_json(self) -> dict[str, object]:
        target: dict[str, object] = {"refId": self.ref_id, "query": self.query, "datasource": _source(self.language)}
        if self.language == "influxql":
            target |= {"rawQuery": True, "alias": self.alias, "resultFormat": "table" if self.is_table else "time_series"}
        return target


class _Target(Builder[Dataquery]):
    def __init__(self, query: InfluxQuery) -> None:
        self._query: Final = query

    def build(self) -> Dataquery:
        return self._query


def board_json(board: Board, language: Language) -> str:
    """Return the board's JSON, the same for the same table of measures."""
    is_flux = language == "flux"
    made = (
        dashboard.Dashboard(board.title + (" (Flux)" if is_flux else ""))
        .uid(board.uid + ("-flux" if is_flux else ""))
        .description(board.description)
        .tags(["footfall"])
        .time(board.since, "now")
        .refresh(board.refresh)
        .editable()
    )
    for name in board.variables:
        made.with_variable(_variable(name, language))
    if is_flux:
        made.with_variable(dashboard.ConstantVariable("bucket").label("Bucket").value("footfall"))
    for panel in board.panels:
        made.with_panel(_panel(panel, language))
    text = JSONEncoder(sort_keys=True, indent=2).encode(made.build())
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _source(language: Language) -> dict[str, str]:
    return {"type": "influxdb", "uid": SOURCES[language]}


def _ref(language: Language) -> models.DataSourceRef:
    return models.DataSourceRef(type_val="influxdb", uid=SOURCES[language])


def _variable(name: str, language: Language) -> dashboard.QueryVariable:
    queries = {"influxql": {"path": _PATHS, "store": _STORES}, "flux": {"path": _FLUX_PATHS, "store": _FLUX_STORES}}
    made = (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(_ref(language))
        .query(queries[language][name])
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .include_all(True)
    )
    return made.all_value(".*") if name == "path" else made.multi(True)


def _panel(panel: Panel, language: Language) -> Any:
    made = _KINDS[panel.show](panel)
    (
        made.title(_title(panel))
        .description("\n".join(f"{value.title}: {value.means}" for value in panel.values))
        .datasource(_ref(language))
        .interval(panel.every)
        .height(_HEIGHTS[panel.show])
        .span(panel.width)
        .unit(_UNITS[panel.values[0].unit])
    )
    for i, value in enumerate(panel.values):
        made.with_target(_Target(_query(panel, value, chr(ord("A") + i), language)))
    if panel.shift:
        made.time_shift(panel.shift)
    return made


def _title(panel: Panel) -> str:
    title = ", ".join(value.title for value in panel.values) + ("" if panel.by == "chain" else f" by {panel.by}")
    return title[0].upper() + title[1:] + (f", {_SHIFTED[panel.shift]}" if panel.shift else "")


def _query(panel: Panel, value: Value, ref_id: str, language: Language) -> InfluxQuery:
    write: Callable[[Value, Sequence[str], bool], str] = influxql if language == "influxql" else flux
    alias = " ".join([*(f"$tag_{tag}" for tag in panel.tags), value.title])
    return InfluxQuery(ref_id, write(value, panel.tags, panel.show == "series"), alias, panel.show == "table", language)


def _stat(panel: Panel) -> Any:
    return (
        stat.Panel()
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(BigValueColorMode.NONE)
        .graph_mode(BigValueGraphMode.NONE)
    )


def _series(panel: Panel) -> Any:
    is_share = panel.values[0].unit == "share"
    return timeseries.Panel().line_width(2).fill_opacity(0 if is_share else 15).show_points(VisibilityMode.AUTO)


def _table(panel: Panel) -> Any:
    """The values side by side, each with the unit of its own."""
    made = table.Panel().with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    for value in panel.values:
        unit = models.DynamicConfigValue(id_val="unit", value=_UNITS[value.unit])
        made.override_by_name(value.key, [unit, models.DynamicConfigValue(id_val="displayName", value=value.title)])
    return made


_KINDS: Final[dict[str, Callable[[Panel], Any]]] = {"stat": _stat, "series": _series, "table": _table}
