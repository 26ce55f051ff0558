"""Reads InfluxDB 1.8 and 2.x through /query, which both answer, in InfluxQL with bound parameters.

Answers come in chunks, which `max-row-limit` does not cut; a mistake is a 200 with `results[0].error`. Times and integers are JSON
integers, exact to 64 bits.
Source: https://docs.influxdata.com/influxdb/v1/tools/api/#query-http-endpoint
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import urllib3

from footfall.addresses import without_credentials
from footfall.errors import SinkUnavailable, Unreadable
from gateway.points import SCHEMA
from gateway.sinks.cells import Aggregate, CellBuilder, CellTable, checked
from gateway.sinks.influxdb.cells import CellStatements
from gateway.sinks.reader import PAGE_ROWS, SHOWN_BY, OnPage, quiet, validated, validated_stores
from gateway.sinks.table import Builder, PointTable


class InfluxReader:
    """A Reader of one bucket (`database/retention-policy` on 1.8, whose token is `user:password`)."""

    def __init__(self, url: str, bucket: str, token: str = "", timeout_s: float = 60.0, ca_file: Path | None = None) -> None:
        """`ca_file`: whom to trust over TLS, PEM, read at each connection; None: whom this machine trusts."""
        self.where = f"{without_credentials(url)} bucket {bucket}"
        self._url = f"{url.rstrip('/')}/query"
        database, _, policy = bucket.partition("/")
        self._asked = {"db": database, "epoch": "ns", "chunked": "true", "chunk_size": str(PAGE_ROWS)} | ({"rp": policy} if policy else {})
        self._headers = {"Authorization": f"Token {token}"} if token else {}
        timeout = urllib3.Timeout(connect=10.0, read=timeout_s)
        self._is_interrupted = False
        self._http = urllib3.PoolManager(timeout=timeout, retries=False, ca_certs=None if ca_file is None else str(ca_file))

    def stores(self) -> list[str]:
        measurements = ", ".join(f'"{name}"' for name in SHOWN_BY)
        return sorted({value for page in self._pages(f'SHOW TAG VALUES FROM {measurements} WITH KEY = "store"', {}) for _, value in page})

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        _, tags = validated(measurement, None, store, {})
        field, where = next(iter(SCHEMA[measurement].fields)), _where(tags, None, None, False)
        ends = [
            page[0][0] for end in ("first", "last") for page in self._pages(f'SELECT {end}("{field}") FROM "{measurement}"{where}', tags)
        ]
        return (ends[0], ends[1]) if ends else None

    def rows(
        self,
        measurement: str,
        store: str | None = None,
        from_ns: int | None = None,
        to_ns: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        void: bool = False,
        on_page: OnPage = quiet,
        **tags: str,
    ) -> PointTable:
        names, matched = validated(measurement, columns, store, tags)
        where = _where(matched, from_ns, to_ns, "void" in SCHEMA[measurement].fields and not void)
        select = ", ".join(f'"{name}"' for name in names)
        builder = Builder(measurement, names)
        for page in self._pages(f'SELECT {select} FROM "{measurement}"{where}', matched):
            on_page(builder.add(page))
        return builder.table()

    def cells(
        self,
        measurement: str,
        aggregates: Sequence[Aggregate],
        from_ns: int,
        to_ns: int,
        bucket_ns: int,
        by: Sequence[str] = ("store",),
        /,
        stores: Sequence[str] | None = None,
        on_page: OnPage = quiet,
        *,
        edges_ns: Sequence[int] = (),
        **tags: str,
    ) -> CellTable:
        checked(measurement, aggregates, bucket_ns, by)
        _, matched = validated(measurement, (), None, tags)
        query = CellStatements(measurement, by, from_ns, to_ns, bucket_ns, validated_stores(stores), matched)
        statements = query.statements(aggregates)
        builder = CellBuilder(measurement, by)
        if from_ns < to_ns and query.stores != []:
            for number, series in self._series("; ".join(text for _, text in statements), query.parameters):
                keys = [series.get("tags", {})[tag] for tag in by]
                on_page(builder.add(statements[number][0], [(time_ns, *keys, *values) for time_ns, *values in series["values"]]))
        return builder.table(aggregates)

    def interrupt(self) -> None:
        self._is_interrupted = True

    def close(self) -> None:
        self._http.clear()

    def _pages(self, query: str, parameters: Mapping[str, Any]) -> Iterator[list[list[Any]]]:
        for _, series in self._series(query, parameters):
            yield series["values"]

    def _series(self, query: str, parameters: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the parts of the answer, each with the number of its statement."""
        fields = self._asked | {"q": query, "params": json.dumps(parameters)}
        try:
            answer = self._http.request(
                "POST", self._url, fields=fields, headers=self._headers, encode_multipart=False, preload_content=False
            )
            if answer.status != 200:
                raise self._refused(answer.status, answer.data)
            for line in answer:
                if self._is_interrupted:
                    answer.close()
                    raise SinkUnavailable(f"InfluxDB at {self.where}: what was asked was interrupted")
                yield from self._parts(line)
            answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise SinkUnavailable(f"InfluxDB at {self.where} does not answer: {error}") from None

    def _parts(self, line: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
        """Those in one chunk of the answer."""
        chunk = json.loads(line)
        for result in chunk.get("results", ()):
            if "error" in result:
                raise Unreadable(f"InfluxDB at {self.where}: {result['error']}")
            for series in result.get("series", ()):
                yield result.get("statement_id", 0), series
        if "error" in chunk:
            raise Unreadable(f"InfluxDB at {self.where}: {chunk['error']}")

    def _refused(self, status: int, body: bytes) -> Unreadable | SinkUnavailable:
        try:
            said = json.loads(body)
            words = said.get("error") or said.get("message")
        except ValueError:
            words = body[:200].decode(errors="replace")
        if status in (401, 403):
            return Unreadable(f"InfluxDB at {self.where} refuses the token ({status}: {words}): --token-file or FOOTFALL_INFLUX_TOKEN")
        if status == 429 or status >= 500:
            return SinkUnavailable(f"InfluxDB at {self.where}: {status}: {words}")
        return Unreadable(f"InfluxDB at {self.where}: {status}: {words}")


def _where(tags: dict[str, str], from_ns: int | None, to_ns: int | None, hide_void: bool) -> str:
    terms = [f'"{tag}" = ${tag}' for tag in tags]
    if from_ns is not None:
        terms.append(f"time >= {from_ns:d}")
    if to_ns is not None:
        terms.append(f"time < {to_ns:d}")
    if hide_void:
        terms.append('"void" = false')
    return f" WHERE {' AND '.join(terms)}" if terms else ""
