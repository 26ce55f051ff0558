"""InfluxDB 1.8+ and 2.x, through influxdb-client: line protocol as bytes.

What fits into one request goes as one. Of more, points that have one version only are most; their requests overlap by one, so that the
database finds the next when it is done with the last. Other points go beside them, one request after the other, since a later version
must replace an earlier one.

What a server says of a bad batch cannot be trusted: it names one line of many, counts wrongly, and 1.8 and 2.7 keep different parts of it.
So a refused batch is halved down to the lines that are refused alone; writing the good ones again changes nothing. Points older than
the retention policy allows are found by time instead, since whole days of them may come at once.
Sources: https://docs.influxdata.com/influxdb/v2/api/#operation/PostWrite
         https://docs.influxdata.com/influxdb/v1/tools/api/#apiv2write-http-endpoint
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from urllib3 import Timeout
from urllib3 import exceptions as http
from urllib3.util import parse_url

from footfall.errors import ConfigError, FootfallError, PartialWrite, RejectedPoint, SinkUnavailable
from gateway.points import WRITE_ONCE, Points, concat
from gateway.sinks.influxdb.conflicts import Conflict, alike_in, conflict_in
from gateway.sinks.influxdb.line_protocol import encode, stored_tag

_REFUSED: Final = frozenset({400, 413, 422})
"""Something in the batch; every other status is about the server or its set-up."""
_TOKEN_REFUSED: Final = frozenset({401, 403})
_IN_FLIGHT: Final = 2
"""Requests at a time: one that the database works on and one that waits there."""
_SET_UP_RETRY_S: Final = 10.0
"""A person must act first: no need to ask every second."""
_LONGEST_RETRY_S: Final = 300.0
_TOO_OLD: Final = re.compile("(beyond|outside) retention policy")
"""1.8 says the one, 2.7 the other."""


@dataclass(frozen=True, slots=True)
class _RefusedWrite:
    """The server will not store all of what it was given."""

    status: int
    reason: str

    @property
    def too_old(self) -> bool:
        return _TOO_OLD.search(self.reason) is not None


@dataclass(frozen=True, slots=True)
class _ClientResponse:
    """As the client's errors want it."""

    status: int
    reason: str | None
    data: str
    headers: Mapping[str, str]

    def getheaders(self) -> Mapping[str, str]:
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self.headers.get(name, default)


class InfluxDB:
    """A Sink on one bucket. On 1.8 `bucket` is `database/retention-policy`, `token` is `user:password` and `org` is anything.

    `timeout_s` bounds the connection and each wait for an answer. `ping` tells mistakes of set-up before the first write.
    """

    name = "influxdb"

    def __init__(
        self, url: str, bucket: str, token: str | Callable[[], str] = "", org: str = "-", *, ca_file: Path | None = None,
        timeout_s: float = 10.0, batch_lines: int = 5000,
    ) -> None:  # fmt: skip
        """`token` may be a function that reads it anew: it is asked when the server refuses the one it gave before.

        `ca_file`: whom to trust over TLS, read at each connection; None: whom this machine trusts.
        """
        self.url, self.bucket, self.org = url.rstrip("/"), bucket, org
        self._ask_token: Final = token if callable(token) else lambda: token
        self._batch_lines, self._timeout_s = batch_lines, timeout_s
        self._timeout: Final = Timeout(connect=timeout_s, read=timeout_s)
        self._ca_file: Final = None if ca_file is None else str(ca_file)
        self._token = self._ask_token()
        self._client: Any = self._new_client()
        self._token_refused = False
        self._threads: Final = ThreadPoolExecutor(1 + _IN_FLIGHT, "influxdb")
        self.on_request: Callable[[], None] = lambda: None
        """Told of every request: what is refused may take thousands of them."""

    def _new_client(self) -> InfluxDBClient:
        timeout_ms = round(self._timeout_s * 1000)
        return InfluxDBClient(
            self.url, self._token, org=self.org, timeout=(timeout_ms, timeout_ms), retries=False, ssl_ca_cert=self._ca_file
        )

    def ping(self) -> None:
        """Nothing, if points can be written. ConfigError: url, token, organisation or bucket are wrong. SinkUnavailable: not there now."""
        self._check_set_up(ConfigError)

    def write(self, batch: Sequence[Points]) -> None:
        try:
            self._write(batch)
        except SinkUnavailable:
            if not self._token_refused or not self._has_new_token():
                raise
            self._write(batch)

    def _has_new_token(self) -> bool:
        """Whether there is another than the one that was refused, which is used from now on."""
        self._token_refused = False
        try:
            token = self._ask_token()
        except ConfigError as error:
            raise SinkUnavailable(f"{self.url} refuses the token, and there is no other: {error}", _SET_UP_RETRY_S) from None
        if token == self._token:
            return False
        self._token = token
        self._client.close()
        self._client = self._new_client()
        self.__dict__.pop("_write_endpoint", None)
        return True

    def _write(self, batch: Sequence[Points]) -> None:
        by_measurement = sorted(batch, key=attrgetter("measurement"))  # encoded as one each; a point's versions stay in order
        write = self._write_in_order if sum(map(len, batch)) <= self._batch_lines else self._write_beside
        rejected = write(by_measurement)
        if rejected:
            raise PartialWrite(rejected)

    def delete(self, measurements: Sequence[str], store: str, from_ns: int, to_ns: int) -> None:
        """On 1.8 in every retention policy of the database."""
        for name in measurements:
            where = f"WHERE \"store\" = '{_quoted(stored_tag(store))}' AND time >= {from_ns} AND time < {to_ns}"
            self._query(f'DELETE FROM "{name}" {where}')

    def close(self) -> None:
        self._threads.shutdown()
        self._client.close()

    def _write_in_order(self, batch: Sequence[Points]) -> list[RejectedPoint]:
        return [line for body in _requests(batch, self._batch_lines) for line in self._refused(body, self._post(body))]

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
        pending: deque[tuple[bytes, Future[_RefusedWrite | None]]] = deque()
        rejected: list[RejectedPoint] = []
        try:
            for body in _requests(batch, self._batch_lines):
                pending.append((body, self._threads.submit(self._post, body)))
                if len(pending) == _IN_FLIGHT:
                    rejected += self._refused(pending[0][0], pending[0][1].result())
                    pending.popleft()
            for body, posted in pending:
                rejected += self._refused(body, posted.result())
        finally:
            wait([posted for _, posted in pending])
        return rejected

    def _refused(self, body: bytes, refusal: _RefusedWrite | None) -> Iterator[RejectedPoint]:
        """What is wrong with a refused body; all else of it is written then."""
        if refusal is not None:
            self._check_set_up(SinkUnavailable)
            yield from self._bisect(body.split(b"\n"), refusal)

    def _post(self, body: bytes, unavailable: type[FootfallError] = SinkUnavailable) -> _RefusedWrite | None:
        """None: durable. Raises `unavailable` if a person must mend the set-up, SinkUnavailable if waiting may do."""
        self.on_request()
        statuses: list[int] = []
        failure = self._call(lambda: statuses.append(self._send(body)))
        if failure is None:
            self._check_answer(statuses[0], unavailable)
            return None
        status, reason = failure.response.status, _server_message(failure)
        if status in _REFUSED:
            return _RefusedWrite(status, reason)
        self._token_refused = self._token_refused or status in _TOKEN_REFUSED
        advice = self._advice(status, reason)
        if advice is None:
            raise SinkUnavailable(f"{self.url} answers {status}: {reason}", _retry_after_s(failure.retry_after))
        raise _setup_error(unavailable, f"{self.url} answers {status} ({reason}): {advice}")

    def _send(self, body: bytes) -> int:
        """The status of a good answer, by the client's own connections: its way there is made anew for each request, and costs as much."""
        pool, target, headers = self._write_endpoint
        answer = pool.urlopen("POST", target, body=body, headers=headers, timeout=self._timeout, retries=False, redirect=False)
        text = answer.data.decode()
        if not 200 <= answer.status <= 299:
            raise InfluxDBError(_ClientResponse(answer.status, answer.reason, text, answer.headers))  # type: ignore[arg-type] # like its own
        return int(answer.status)

    @cached_property
    def _write_endpoint(self) -> tuple[Any, str, dict[str, str]]:
        """Connections to the server; what writes there ask for, and their headers."""
        api = self._client.api_client
        asked = urlencode([("org", self.org), ("bucket", self.bucket), ("precision", "ns")])
        target = parse_url(f"{self.url}/api/v2/write?{asked}").request_uri
        headers = {"Content-Type": "text/plain; charset=utf-8"} | api.default_headers
        return api.rest_client.pool_manager.connection_from_url(self.url), target, headers

    def _check_answer(self, status: int, unavailable: type[FootfallError]) -> None:
        """Any web server may answer 200 to anything; InfluxDB says 204."""
        if status != 204:
            raise _setup_error(unavailable, f"{self.url} answers {status}, where InfluxDB answers 204: check `url` of [sink]")

    def _call(self, request: Callable[[], object]) -> InfluxDBError | None:
        """The server's answer, if it isn't the good one."""
        try:
            request()
        except InfluxDBError as error:
            if error.response is None:  # the client's word for a failure of TLS
                raise SinkUnavailable(f"{self.url}: {getattr(error, 'reason', error)}: check its certificate", _SET_UP_RETRY_S) from None
            return error
        except http.SSLError as error:
            raise SinkUnavailable(f"{self.url}: {type(error).__name__}\n{error}: check its certificate", _SET_UP_RETRY_S) from None
        except http.ReadTimeoutError:
            raise SinkUnavailable(
                f"{self.url} does not answer within {self._timeout_s:g} s: it is overloaded, or `timeout_s` of [sink] too short"
            ) from None
        except http.HTTPError as error:
            raise SinkUnavailable(f"{self.url} cannot be reached: {error}: is InfluxDB running there?") from None
        except UnicodeDecodeError:
            raise SinkUnavailable(f"{self.url} answers what is no UTF-8, as a proxy may: check `url` of [sink]", _SET_UP_RETRY_S) from None
        return None

    def _advice(self, status: int, reason: str) -> str | None:
        """What is wrong with the set-up, if that is what the answer is about."""
        if "retention policy not found" in reason:
            return f"bucket {self.bucket!r}: create that retention policy, or name another in `bucket` of [sink]"
        return {
            401: "the token is wrong or expired: check `token_file` of [sink]",
            403: f"the token may not write to bucket {self.bucket!r}: give it write access, or another in `token_file` of [sink]",
            404: f"there is no bucket {self.bucket!r} of organisation {self.org!r}: create it, or correct `bucket`, `org`, `url` of [sink]",
            405: "this is no InfluxDB: check `url` of [sink]",
        }.get(status)

    def _check_set_up(self, unavailable: type[FootfallError]) -> None:
        """Writes nothing at all: if even that is refused, it isn't for any line's sake."""
        refusal = self._post(b"", unavailable)
        if refusal is not None:
            message = (
                f"{self.url} answers {refusal.status} ({refusal.reason}) even to an empty write: check `url`, `org` and `bucket` of [sink]"
            )
            raise SinkUnavailable(message, _SET_UP_RETRY_S) if unavailable is SinkUnavailable else unavailable(message)

    def _bisect(self, lines: Sequence[bytes], refusal: _RefusedWrite) -> Iterator[RejectedPoint]:
        """Writes all of a refused batch that can be written; yields the rest. Earlier lines first, as a later one may replace them."""
        if len(lines) == 1:
            yield RejectedPoint(lines[0], refusal.reason)
            return
        if (conflict := conflict_in(refusal.reason)) and (alike := alike_in(lines, conflict)):
            yield from self._bisect_by_conflict(lines, alike, conflict, refusal)
            return
        if refusal.too_old:
            lines = sorted(lines, key=_time_ns)
            old = self._count_too_old(lines)
            yield from (RejectedPoint(line, refusal.reason) for line in lines[:old])
            if old:
                yield from self._write_lines(lines[old:])
                return
        yield from self._halve(lines, refusal)

    def _halve(self, lines: Sequence[bytes], refusal: _RefusedWrite) -> Iterator[RejectedPoint]:
        middle = len(lines) // 2
        first = self._post(b"\n".join(lines[:middle]))
        if first is not None:
            yield from self._bisect(lines[:middle], first)
            yield from self._write_lines(lines[middle:])
        elif len(lines) - middle == 1:
            yield from self._write_lines(lines[middle:])
        else:  # what was refused is in the second half: no need to ask for it as a whole
            yield from self._bisect(lines[middle:], refusal)

    def _bisect_by_conflict(
        self, lines: Sequence[bytes], alike: Sequence[Sequence[bytes]], conflict: Conflict, refusal: _RefusedWrite
    ) -> Iterator[RejectedPoint]:
        """A field's type is one a shard, and no shard is shorter than an hour: where the first and the last of an hour's lines with the
        same type are refused for it, so are all between. Thousands come at once, and asking for each takes minutes."""
        settled: set[bytes] = set()
        for group in alike:
            ends = [self._post(line) for line in (group[0], group[-1])]
            if all(end is not None and conflict_in(end.reason) == conflict for end in ends):
                reason = ends[0].reason if ends[0] else ""
                settled.update(group)
                yield from (RejectedPoint(line, reason) for line in group)
        rest = [line for line in lines if line not in settled]
        if settled:
            yield from self._write_lines(rest)
        else:
            yield from self._halve(rest, refusal)

    def _write_lines(self, lines: Sequence[bytes]) -> Iterator[RejectedPoint]:
        refusal = self._post(b"\n".join(lines)) if lines else None
        if refusal is not None:
            yield from self._bisect(lines, refusal)

    def _count_too_old(self, lines: Sequence[bytes]) -> int:
        """How many of these lines, sorted by time, are beyond retention: what is older than a line that is, is so too."""
        low, high = 0, len(lines)
        while low < high:
            middle = (low + high) // 2 if low else 0
            refusal = self._post(lines[middle])
            if refusal is not None and refusal.too_old:
                low = middle + 1
            else:
                high = middle
        return low

    def _query(self, statement: str) -> None:
        """InfluxQL, which 1.8 and 2.x both answer; a mistake is a 200 with an error inside."""
        answers: list[Any] = []
        api = self._client.api_client
        asked = [("db", self.bucket.partition("/")[0]), ("q", statement)]
        failure = self._call(
            lambda: answers.append(api.call_api("/query", "POST", query_params=asked, response_type="object", _return_http_data_only=True))
        )
        if failure is not None:
            reason = _server_message(failure)
            advice = self._advice(failure.response.status, reason) or "it cannot be asked now"
            raise SinkUnavailable(f"{self.url} answers {failure.response.status} ({reason}): {advice}", _retry_after_s(failure.retry_after))
        errors = [result["error"] for result in answers[0].get("results", ()) if "error" in result]
        if errors:
            raise SinkUnavailable(f"{self.url}: {statement}: {errors[0]}", _SET_UP_RETRY_S)


def _setup_error(unavailable: type[FootfallError], message: str) -> FootfallError:
    """A mistake of set-up, as the error that the caller asked for."""
    return SinkUnavailable(message, _SET_UP_RETRY_S) if unavailable is SinkUnavailable else unavailable(message)


def _requests(batch: Sequence[Points], most_lines: int) -> Iterator[bytes]:
    """Bodies of at most so many lines, in order. Lines that follow each other are made together: many small pieces cost more than one."""
    for parts in _shares(batch, most_lines):
        yield b"\n".join([encode(concat(list(alike))) for _, alike in groupby(parts, Points.columns)])


def _shares(batch: Sequence[Points], most_lines: int) -> Iterator[list[Points]]:
    parts: list[Points] = []
    free = most_lines
    for points in batch:
        start = 0
        while start < len(points):
            stop = min(start + free, len(points))
            parts.append(points.slice(start, stop))
            free -= stop - start
            start = stop
            if not free:
                yield parts
                parts, free = [], most_lines
    if parts:
        yield parts


def _time_ns(line: bytes) -> int:
    return int(line[line.rindex(b" ") :])


def _server_message(error: InfluxDBError) -> str:
    """The server's own words: 1.8 says `error`, 2.x says `message`, a proxy says anything."""
    body = error.response.data or ""
    try:
        said = json.loads(body)
        return str(said.get("message") or said.get("error") or body)
    except (ValueError, AttributeError):
        return str(body).strip()[:300] or str(error.response.reason)


def _retry_after_s(text: str | None) -> float:
    """Seconds or an HTTP date, RFC 9110 section 10.2.3; 1 s where the server names none."""
    if not text:
        return 1.0
    try:
        seconds = float(text) if re.fullmatch(r"[0-9]{1,9}", text) else (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 1.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_S)


def _quoted(text: str) -> str:
    """Inside single quotes of InfluxQL."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
