"""[sink] kind = "influxdb": a bucket of InfluxDB 1.8 or 2.x, and how to reach it.

What speaks to the database is imported when it is made: commands that only read the configuration start in half the time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, SecretStr

from footfall.addresses import without_credentials
from footfall.config import secret
from footfall.errors import ConfigError, SinkUnavailable
from footfall.events import Text
from footfall.server_settings import HttpUrl
from gateway.sinks.reader import PointReader
from gateway.sinks.settings import SinkSettings, ignore_request
from gateway.sinks.sink import Sink

if TYPE_CHECKING:
    from gateway.sinks.influxdb.sink import InfluxDB

_CHECK_TIMEOUT_S: Final = 3.0


class InfluxSink(SinkSettings):
    """InfluxDB 1.8 (`bucket` is `database/retention-policy`, `org` is `-`, the token `user:password`) or 2.x."""

    kind: Literal["influxdb"]
    url: HttpUrl
    bucket: Text
    org: Text = "-"
    token: SecretStr | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    """Whom to trust over https, PEM; without it whom this machine trusts."""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    batch_lines: Annotated[int, Field(ge=1, le=100_000)] = 5000

    @property
    def where(self) -> str:
        return f"{without_credentials(self.url)} {self.bucket}"

    @property
    def title(self) -> str:
        return f"InfluxDB {without_credentials(self.url)}, bucket {self.bucket}"

    @property
    def busy_s(self) -> float:
        """Connecting and waiting for the answer may each take `timeout_s`."""
        return 2 * self.timeout_s

    def sink(self, on_request: Callable[[], None] = ignore_request) -> Sink:
        """Return the sink. A server that is not there yet is no error: writing waits for it."""
        sink = self._database(self._current_token, self.timeout_s)
        sink.connection.on_request = on_request
        return sink

    def reader(self, token: str = "") -> PointReader:
        from gateway.sinks.influxdb.reader import InfluxReader

        return InfluxReader(self.url, self.bucket, self._current_token() or token, ca_file=self.ca_file)

    def check(self, online: bool) -> Iterator[str]:
        if self.ca_file and not os.access(self.ca_file, os.R_OK):
            yield f"sink.ca_file: {self.ca_file} cannot be read"
        try:
            token = self._current_token()
        except ConfigError as error:
            yield f"sink.token_file: {error}"
            return
        if online:
            yield from self._unreachable(token)

    def _unreachable(self, token: str) -> Iterator[str]:
        try:
            with closing(self._database(token, _CHECK_TIMEOUT_S)) as database:
                database.ping()
        except (ConfigError, SinkUnavailable) as error:
            yield f"sink: {error}"

    def _database(self, token: str | Callable[[], str], timeout_s: float) -> InfluxDB:
        from gateway.sinks.influxdb.sink import InfluxDB

        return InfluxDB(self.url, self.bucket, token, self.org, ca_file=self.ca_file, timeout_s=timeout_s, batch_lines=self.batch_lines)

    def _current_token(self) -> str:
        """Return the token as its file has it now; "" if there is none. ConfigError if the file cannot be read."""
        return (secret(self.token, self.token_file) or b"").decode()
