"""The sink of InfluxDB 1.8+ and 2.x: line protocol as bytes.

What fits into one request goes as one. Of more, points that have one version only are most; their requests overlap by one, so that the
database finds the next when it is done with the last. Other points go beside them, one request after the other, since a later version
must replace an earlier one. Lines that the server refuses are found by `refused_writes`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from operator import attrgetter
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError, PartialWrite, RejectedPoint, SinkUnavailable
from gateway.points import WRITE_ONCE, Points
from gateway.sinks.influxdb.connection import InfluxConnection
from gateway.sinks.influxdb.line_protocol import request_bodies
from gateway.sinks.influxdb.refused_writes import RefusedWrite, bisect
from gateway.sinks.stored_text import stored_tag

_IN_FLIGHT: Final = 2
"""Requests at a time: one that the database works on and one that waits there."""


class InfluxDB:
    """A Sink on one bucket. On 1.8 `bucket` is `database/retention-policy`, `token` is `user:password` and `org` is anything."""

    name = "influxdb"

    def __init__(
        self, url: str, bucket: str, token: str | Callable[[], str] = "", org: str = "-", *, ca_file: Path | None = None,
        timeout_s: float = 10.0, batch_lines: int = 5000,
    ) -> None:  # fmt: skip
        """`timeout_s` bounds the connection and each wait for an answer; for `token` and `ca_file` see `InfluxConnection`."""
        self.connection: Final = InfluxConnection(url, bucket, token, org, ca_file, timeout_s)
        self._batch_lines = batch_lines
        self._threads: Final = ThreadPoolExecutor(1 + _IN_FLIGHT, "influxdb")

    def ping(self) -> None:
        """Return if points can be written. ConfigError: url, token, organisation or bucket are wrong. SinkUnavailable: not there now."""
        self.connection.check_set_up(ConfigError)

    def write(self, batch: Sequence[Points]) -> None:
        try:
            self._write(batch)
        except SinkUnavailable:
            if not self.connection.token_refused or not self.connection.has_new_token():
                raise
            self._write(batch)

    def _write(self, batch: Sequence[Points]) -> None:
        by_measurement = sorted(batch, key=attrgetter("measurement"))  # encoded as one each; a point's versions stay in order
        write = self._write_in_order if sum(map(len, batch)) <= self._batch_lines else self._write_beside
        rejected = write(by_measurement)
        if rejected:
            raise PartialWrite(rejected)

    def delete(self, measurements: Sequence[str], store: str, from_ns: int, to_ns: int) -> None:
        """Delete points, on 1.8 in every retention policy of the database."""
        for name in measurements:
            where = f"WHERE \"store\" = '{_quoted(stored_tag(store))}' AND time >= {from_ns} AND time < {to_ns}"
            self.connection.query(f'DELETE FROM "{name}" {where}')

    def close(self) -> None:
        self._threads.shutdown()
        self.connection.close()

    def _write_in_order(self, batch: Sequence[Points]) -> list[RejectedPoint]:
        return [line for body in request_bodies(batch, self._batch_lines) for line in self._refused(body, self._post(body))]

    def _write_beside(self, batch: Sequence[Points]) -> list[RejectedPoint]:
        once = [points for points in batch if points.measurement in WRITE_ONCE]
        again = [points for points in batch if points.measurement not in WRITE_ONCE]
        in_order = self._threads.submit(self._write_in_order, again)
        try:
            rejected = self._write_overlapping(once)
        finally:
            wait([in_order])  # the caller may send all of it again: not beside itself
        return rejected + in_order.result()

    def _write_overlapping(self, batch: Sequence[Points]) -> list[RejectedPoint]:
        pending: deque[tuple[bytes, Future[RefusedWrite | None]]] = deque()
        rejected: list[RejectedPoint] = []
        try:
            for body in request_bodies(batch, self._batch_lines):
                pending.append((body, self._threads.submit(self._post, body)))
                if len(pending) == _IN_FLIGHT:
                    rejected += self._refused(pending[0][0], pending[0][1].result())
                    pending.popleft()
            for body, posted in pending:
                rejected += self._refused(body, posted.result())
        finally:
            wait([posted for _, posted in pending])
        return rejected

    def _refused(self, body: bytes, refusal: RefusedWrite | None) -> Iterator[RejectedPoint]:
        """Yield what is wrong with a refused body; all else of it is written then."""
        if refusal is not None:
            self.connection.check_set_up(SinkUnavailable)
            yield from bisect(self._post, body.split(b"\n"), refusal)

    def _post(self, body: bytes) -> RefusedWrite | None:
        return self.connection.post(body)


def _quoted(text: str) -> str:
    """Inside single quotes of InfluxQL."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
