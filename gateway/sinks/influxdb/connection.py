"""Requests to InfluxDB 1.8+ and 2.x by influxdb-client, and what is wrong where they fail.

Sources: https://docs.influxdata.com/influxdb/v2/api/#operation/PostWrite
         https://docs.influxdata.com/influxdb/v1/tools/api/#apiv2write-http-endpoint
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from urllib3 import Timeout
from urllib3 import exceptions as http
from urllib3.util import parse_url

from footfall.addresses import without_credentials
from footfall.errors import ConfigError, FootfallError, SinkUnavailable
from gateway.sinks.influxdb.refused_writes import RefusedWrite

_REFUSED: Final = frozenset({400, 413, 422})
"""Something in the body; every other status is about the server or its set-up."""
_TOKEN_REFUSED: Final = frozenset({401, 403})
_SET_UP_RETRY_S: Final = 10.0
"""A person must act first: no need to try every second."""
_LONGEST_RETRY_S: Final = 300.0


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


class InfluxConnection:
    """Requests to one bucket. For several threads at a time, but for `has_new_token` and `close`."""

    def __init__(
        self, url: str, bucket: str, token: str | Callable[[], str], org: str, ca_file: Path | None, timeout_s: float,
    ) -> None:  # fmt: skip
        """`token` may be a function: it is called again when the server refuses what it returned before.

        `ca_file`: whom to trust over TLS, read at each connection; None: whom this machine trusts.
        """
        self.url, self.bucket, self.org = url.rstrip("/"), bucket, org
        self.where: Final = without_credentials(self.url)
        """As messages have it."""
        self._read_token: Final = token if callable(token) else lambda: token
        self._timeout_s = timeout_s
        self._timeout: Final = Timeout(connect=timeout_s, read=timeout_s)
        self._ca_file: Final = None if ca_file is None else str(ca_file)
        self._token = self._read_token()
        self._client: Any = self._new_client()
        self.token_refused = False
        """Whether the server has refused the token since `has_new_token` was called."""
        self.on_request: Callable[[], None] = lambda: None
        """Called at each request: bisecting a refused body may take thousands of them."""

    def _new_client(self) -> InfluxDBClient:
        timeout_ms = round(self._timeout_s * 1000)
        return InfluxDBClient(
            self.url, self._token, org=self.org, timeout=(timeout_ms, timeout_ms), retries=False, ssl_ca_cert=self._ca_file
        )

    def has_new_token(self) -> bool:
        """Return whether there is another token than the refused one; it is used from now on."""
        self.token_refused = False
        try:
            token = self._read_token()
        except ConfigError as error:
            raise SinkUnavailable(f"{self.where} refuses the token, and there is no other: {error}", _SET_UP_RETRY_S) from None
        if token == self._token:
            return False
        self._token = token
        self._client.close()
        self._client = self._new_client()
        self.__dict__.pop("_write_endpoint", None)
        return True

    def close(self) -> None:
        self._client.close()

    def post(self, body: bytes, unavailable: type[FootfallError] = SinkUnavailable) -> RefusedWrite | None:
        """Send lines; return None if they are durable, else why not all are.

        Raise `unavailable` if a person must mend the set-up, SinkUnavailable if waiting may do.
        """
        self.on_request()
        statuses: list[int] = []
        failure = self._call(lambda: statuses.append(self._send(body)))
        if failure is None:
            self._check_answer(statuses[0], unavailable)
            return None
        status, reason = failure.response.status, _server_message(failure)
        if status in _REFUSED:
            return RefusedWrite(status, reason)
        self.token_refused = self.token_refused or status in _TOKEN_REFUSED
        advice = self._advice(status, reason)
        if advice is None:
            raise SinkUnavailable(f"{self.where} answers {status}: {reason}", _retry_after_s(failure.retry_after))
        raise _setup_error(unavailable, f"{self.where} answers {status} ({reason}): {advice}")

    def _send(self, body: bytes) -> int:
        """Return the status of a good answer.

        It goes by the client's own connections, but not by its API, which costs as much as the request.
        """
        pool, target, headers = self._write_endpoint
        answer = pool.urlopen("POST", target, body=body, headers=headers, timeout=self._timeout, retries=False, redirect=False)
        text = answer.data.decode()
        if not 200 <= answer.status <= 299:
            raise InfluxDBError(_ClientResponse(answer.status, answer.reason, text, answer.headers))  # type: ignore[arg-type] # like its own
        return int(answer.status)

    @cached_property
    def _write_endpoint(self) -> tuple[Any, str, dict[str, str]]:
        """Return connections to the server, and target and headers of a write."""
        api = self._client.api_client
        query = urlencode([("org", self.org), ("bucket", self.bucket), ("precision", "ns")])
        target = parse_url(f"{self.url}/api/v2/write?{query}").request_uri
        headers = {"Content-Type": "text/plain; charset=utf-8"} | api.default_headers
        return api.rest_client.pool_manager.connection_from_url(self.url), target, headers

    def _check_answer(self, status: int, unavailable: type[FootfallError]) -> None:
        """Any web server may answer 200 to anything; InfluxDB answers 204."""
        if status != 204:
            raise _setup_error(unavailable, f"{self.where} answers {status}, where InfluxDB answers 204: check `url` of [sink]")

    def _call(self, request: Callable[[], object]) -> InfluxDBError | None:
        """Return the server's answer if it is not the good one."""
        try:
            request()
        except InfluxDBError as error:
            if error.response is None:  # this is how the client reports a failure of TLS
                raise SinkUnavailable(f"{self.where}: {getattr(error, 'reason', error)}: check its certificate", _SET_UP_RETRY_S) from None
            return error
        except http.SSLError as error:
            raise SinkUnavailable(f"{self.where}: {type(error).__name__}\n{error}: check its certificate", _SET_UP_RETRY_S) from None
        except http.ReadTimeoutError:
            raise SinkUnavailable(
                f"{self.where} does not answer within {self._timeout_s:g} s: it is overloaded, or `timeout_s` of [sink] too short"
            ) from None
        except http.HTTPError as error:
            raise SinkUnavailable(f"{self.where} cannot be reached: {error}: is InfluxDB running there?") from None
        except UnicodeDecodeError:
            raise SinkUnavailable(
                f"{self.where} answers what is no UTF-8, as a proxy may: check `url` of [sink]", _SET_UP_RETRY_S
            ) from None
        return None

    def _advice(self, status: int, reason: str) -> str | None:
        """Return what to do if the answer is about the set-up, else None."""
        if "retention policy not found" in reason:
            return f"bucket {self.bucket!r}: create that retention policy, or name another in `bucket` of [sink]"
        return {
            401: "the token is wrong or expired: check `token_file` of [sink]",
            403: f"the token may not write to bucket {self.bucket!r}: give it write access, or another in `token_file` of [sink]",
            404: f"there is no bucket {self.bucket!r} of organisation {self.org!r}: create it, or correct `bucket`, `org`, `url` of [sink]",
            405: "this is no InfluxDB: check `url` of [sink]",
        }.get(status)

    def check_set_up(self, unavailable: type[FootfallError]) -> None:
        """Write nothing at all: if even that is refused, no line is to blame. Raise as `post` does."""
        refusal = self.post(b"", unavailable)
        if refusal is not None:
            message = (
                f"{self.where} answers {refusal.status} ({refusal.reason}) even to an empty write:"
                " check `url`, `org` and `bucket` of [sink]"
            )
            raise SinkUnavailable(message, _SET_UP_RETRY_S) if unavailable is SinkUnavailable else unavailable(message)

    def query(self, statement: str) -> None:
        """Run a statement of InfluxQL, which 1.8 and 2.x both answer; an error comes inside a 200."""
        answers: list[Any] = []
        api = self._client.api_client
        query = [("db", self.bucket.partition("/")[0]), ("q", statement)]
        failure = self._call(
            lambda: answers.append(api.call_api("/query", "POST", query_params=query, response_type="object", _return_http_data_only=True))
        )
        if failure is not None:
            reason = _server_message(failure)
            advice = self._advice(failure.response.status, reason) or "it cannot be asked now"
            raise SinkUnavailable(
                f"{self.where} answers {failure.response.status} ({reason}): {advice}", _retry_after_s(failure.retry_after)
            )
        errors = [result["error"] for result in answers[0].get("results", ()) if "error" in result]
        if errors:
            raise SinkUnavailable(f"{self.where}: {statement}: {errors[0]}", _SET_UP_RETRY_S)


def _setup_error(unavailable: type[FootfallError], message: str) -> FootfallError:
    """Return a mistake of set-up as the error that the caller wants."""
    return SinkUnavailable(message, _SET_UP_RETRY_S) if unavailable is SinkUnavailable else unavailable(message)


def _server_message(error: InfluxDBError) -> str:
    """Return the server's message: 1.8 has it in `error`, 2.x in `message`, a proxy anywhere."""
    body = error.response.data or ""
    try:
        found = json.loads(body)
        return str(found.get("message") or found.get("error") or body)
    except (ValueError, AttributeError):
        return str(body).strip()[:300] or str(error.response.reason)


def _retry_after_s(text: str | None) -> float:
    """Return what a header has as seconds or as an HTTP date, RFC 9110 section 10.2.3; 1 s where the server names none."""
    if not text:
        return 1.0
    try:
        seconds = float(text) if re.fullmatch(r"[0-9]{1,9}", text) else (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 1.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_S)
