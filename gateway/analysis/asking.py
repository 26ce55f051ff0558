"""What the gateway stored, asked from Python: `footfall query` with DataFrames for tables.

with Footfall("gateway.toml") as footfall:
    footfall.traffic(stores="berlin", from_="2026-10-24", interval="1h", measures=["in", "conversion"])
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from functools import cached_property
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from gateway.analysis.frames import frame_of
from gateway.analysis.stored import check_measurement, rows_frame, stores_frame
from gateway.fans.alias import by_standing_fan
from gateway.fans.anonymity import anonymity_of
from gateway.query.answer import Request
from gateway.query.asked import asked_stores
from gateway.query.estate import QueryEstate
from gateway.query.explain import every_measure
from gateway.query.options import ANONYMITY, OPTIONS, takes
from gateway.query.questions import QUESTIONS, ask, question_of
from gateway.query.reading import read_estate
from gateway.query.source import open_reader, site_of

_SEVERAL: Final = frozenset(each.name for each in fields(Request) if each.default == ())
"""Fields of a request that hold several words."""
_SCOPE: Final = ("stores", "from_", "to", "timezone")
"""What rows can be asked for by."""


class Footfall:
    """The stores of a gateway. One thread uses it; it never writes. As a context manager it closes its database at the end.

    `Footfall("gateway.toml")` reads what that gateway writes to, `Footfall(db="footfall.db")` an SQLite file, and
    `Footfall(influx="http://…", bucket="footfall", token_file="token")` an InfluxDB; without a file its token is in the variable
    FOOTFALL_INFLUX_TOKEN. `site="site.toml"` names what stores are; else gateway.toml does, else the database. `clock` returns ns since
    1970, from which `today` and `-7d` are counted.

    For every question of `footfall query` there is a method of its name, which returns a DataFrame: `traffic`, `zones`, `doors`, `sales`,
    `outcome`, `dwell`, `items`, `repurchase`, `referral`, `visitors`, `visits`, `touches`, `occupancy`, `stock`,
    `inferred`, `together`, `gaps`; and `anonymity`.
    `help(Footfall.traffic)` names its options, those of the command:

    - `stores`, `by`, `measures`: a text with commas, or texts. `from_`, `to`: text as the command has it, a date or a datetime.
    - `interval`, `day`, `zone`, `fan`, `top`, `compare`, `align`, `as_of`, `rule`, `timezone`: as the command has them.

    Columns of names are categories or strings, counts Int64, truth values boolean, and all else float64, with NaN where there is no
    value. A time has the stores' time zone. Where stores have several, it is the time of each store's own clock, and `<column>_utc` stands
    beside it. `attrs` has `units`, `meanings`, `notes`, `title`, `total` and `coverage`.

    Every call raises ConfigError for what means nothing, with what would work, and SinkUnavailable if the database does not answer.
    """

    def __init__(
        self,
        config: str | Path | None = None,
        *,
        db: str | Path | None = None,
        influx: str | None = None,
        bucket: str = "footfall",
        token_file: str | Path | None = None,
        site: str | Path | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """Open the database. Raise ConfigError unless one of `config`, `db` and `influx` is given, or if it cannot be read."""
        configured, stated = _path(config), _path(site)
        self._config: Final = configured
        self._clock: Final = clock
        self._site: Final = site_of(stated, configured)
        self._reader: Final = open_reader(_path(db), influx, bucket, _path(token_file), configured)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Callable[..., pd.DataFrame]:
        # Only for names that are no attribute: questions are methods.
        raise AttributeError(unknown(f"there is no question {name!r}", name, QUESTIONS, f"there is {', '.join(QUESTIONS)}"))

    def close(self) -> None:
        """Let go of the file or the connections."""
        self._reader.close()

    def ask(self, question: str, **options: Any) -> pd.DataFrame:
        """Return the answer to a question of this name, as the method of that name does."""
        request, note = by_standing_fan(self._config, request_of(question, options))
        found = ask(self._reader, request, self._estate, self._clock())
        return frame_of(replace(found, notes=(*found.notes, note)) if note else found, request.compare)

    def anonymity(self, **options: Any) -> pd.DataFrame:
        """Return why visits and orders are nobody's, by reason, or what each remedy would bring: `by="remedy"`.

        `options`: `stores`, `from_`, `to`, `timezone`, and `by`, which is reason, store or remedy. Raise ConfigError without `config`:
        why a row is nobody's stands in the gateway's own files.
        """
        if self._config is None:
            raise ConfigError("anonymity needs config=: why a visit or an order is nobody's stands in the gateway's own files")
        request = _request(ANONYMITY, ANONYMITY, options, [OPTIONS[name].field for name in takes(ANONYMITY)])
        return frame_of(anonymity_of(self._config, request, self._clock()))

    def rows(self, measurement: str, **options: Any) -> pd.DataFrame:
        """Return what is stored, row by row: a column for each tag and field, as docs/analysing.md lists them. Voided rows are left out.

        `options`: `stores`, `from_`, `to`, `timezone`. Times are as in answers, without the digits below the millisecond, which are none.
        """
        check_measurement(measurement)
        request = _request(measurement, f"rows of {measurement}", options, _SCOPE)
        stores = asked_stores(self._reader, request, measurement, None, self._estate, self._clock(), is_list=True)
        return rows_frame(self._reader, measurement, stores)

    def stores(self) -> pd.DataFrame:
        """Return a row for each store, by its name: title, path, ownership, time zone, and since and until when it is one."""
        return stores_frame(self._estate, self._reader.stores())

    def measures(self) -> pd.DataFrame:
        """Return the table of measures: of each question every number, its unit and formula, what it means and what it is not."""
        answer = every_measure()
        return pd.DataFrame(answer.rows, columns=list(answer.columns), dtype="string")

    @cached_property
    def _estate(self) -> QueryEstate:
        return read_estate(self._reader, self._site)


def request_of(question: str, options: Mapping[str, Any]) -> Request:
    """Return the request of a question with options by their Python names. Raise ConfigError for one that means nothing there."""
    question_of(question)
    return _request(question, question, options, [OPTIONS[name].field for name in takes(question)])


def _request(question: str, what: str, options: Mapping[str, Any], there: Iterable[str]) -> Request:
    able = list(there)
    for name in options:
        if name not in able:
            raise ConfigError(unknown(f"{name[:80]}: means nothing for {what}", name, able, f"it takes {', '.join(able)}"))
    given = {name: value for name, value in options.items() if value is not None}
    return Request(question, **{name: _value(name, value) for name, value in given.items()})


def _value(name: str, value: Any) -> Any:
    if name in _SEVERAL:
        words = value.split(",") if isinstance(value, str) else value
        return tuple(str(word).strip() for word in words)
    if isinstance(value, date):
        return value.isoformat()
    return value if name == "top" else str(value)


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _method(question: str) -> Callable[..., pd.DataFrame]:
    """Return the method of a question, which takes its options by name."""

    def method(self: Footfall, **options: Any) -> pd.DataFrame:
        return self.ask(question, **options)

    options = [Parameter(OPTIONS[name].field, Parameter.KEYWORD_ONLY, default=None) for name in takes(question)]
    method.__name__ = method.__qualname__ = question
    method.__doc__ = f"Return {QUESTIONS[question].meaning}."
    method.__signature__ = Signature([Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *options])  # type: ignore[attr-defined] # inspect.signature looks for it on any callable
    return method


for _question in QUESTIONS:
    setattr(Footfall, _question, _method(_question))
