"""A real InfluxDB 1.8 or 2.7 with a user, an organisation and a token; started, stopped, killed, started again.

    python -m simulators.parts.influxdb 1.8        # prints where it listens and how to write; ctrl-c stops it

The binaries come from `deploy/influxdb/build.sh`, which `make parts` runs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import urlencode

import urllib3

from footfall.errors import ConfigError, FootfallError
from simulators.parts.process import Process, free_port, is_listening

Version = Literal["1.8", "2.7"]
ORG: Final = "footfall"
BUCKET: Final = "footfall"
_USER, _PASSWORD, _TOKEN = "footfall", "footfall-password", "footfall-token"

_CONFIG_1_8: Final = """
reporting-disabled = true
bind-address = "127.0.0.1:0"  # the backup service, whose fixed port would let no second server start
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
index-version = "tsi1"
[http]
bind-address = "127.0.0.1:{port}"
auth-enabled = true
flux-enabled = {flux}  # costs three seconds at each start
log-enabled = false
[monitor]
store-enabled = false
[logging]
level = "warn"
suppress-logo = true
"""


def cache_folder() -> Path:
    """Where `make parts` puts what it builds."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footfall"


def binary(version: Version) -> Path:
    """Return the server's binary. Raise ConfigError with how to get it."""
    path = cache_folder() / f"influxd-{version}"
    if not os.access(path, os.X_OK):
        raise ConfigError(
            f"InfluxDB {version} is missing: `make parts` builds it from source into {path.parent} (needs Go, for 2.7 also Rust)"
        )
    return path


class InfluxServer:
    """One server in `folder`, which keeps its data and set-up from one start to the next.

    The bucket `bucket` is there, and `token` may do everything. The same requests work on both versions.
    """

    def __init__(self, version: Version, folder: Path, port: int | None = None, flux: bool = False) -> None:
        self.version: Version = version
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.org = ORG
        self.token = _TOKEN if version == "2.7" else f"{_USER}:{_PASSWORD}"
        self.bucket = self._bucket(BUCKET)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._http = urllib3.PoolManager(retries=False, timeout=60.0)
        self.process = Process(self._command(flux), self.folder / "log", self._is_ready)

    def start(self) -> InfluxServer:
        self.process.start()
        done = self.folder / "set-up"
        if not done.exists():
            self._set_up()
            done.touch()
        return self

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def __enter__(self) -> InfluxServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def create_bucket(self, name: str, keep_s: int = 0) -> str:
        """What a client calls it: `name`, on 1.8 `name/autogen`. Points older than `keep_s` are refused, 0 keeps all."""
        if self.version == "2.7":
            rules = [{"type": "expire", "everySeconds": keep_s, "shardGroupDurationSeconds": 3600}] if keep_s else []
            self.call("POST", "/api/v2/buckets", {"orgID": self._org_id(), "name": name, "retentionRules": rules})
        else:
            self.influxql(f'CREATE DATABASE "{name}" WITH DURATION {f"{keep_s}s" if keep_s else "INF"} NAME "autogen"')
        return self._bucket(name)

    def drop_bucket(self, bucket: str) -> None:
        """Remove a bucket with all that it has, by what a client calls it. A server does some work for each that it has, used or not."""
        if self.version == "2.7":
            found = self.call("GET", "/api/v2/buckets", org=self.org, name=bucket)["buckets"]
            self.call("DELETE", f"/api/v2/buckets/{found[0]['id']}")
        else:
            self.influxql(f'DROP DATABASE "{bucket.partition("/")[0]}"')

    def create_reader(self, bucket: str) -> str:
        """The token of somebody who may only read `bucket`."""
        if self.version == "2.7":
            permission = {"action": "read", "resource": {"type": "buckets", "orgID": self._org_id()}}
            made = self.call("POST", "/api/v2/authorizations", {"orgID": self._org_id(), "permissions": [permission]})
            return str(made["token"])
        database = bucket.partition("/")[0]
        self.influxql(f"CREATE USER \"reader-{database}\" WITH PASSWORD 'reader'")
        self.influxql(f'GRANT READ ON "{database}" TO "reader-{database}"')
        return f"reader-{database}:reader"

    def influxql(self, statement: str, bucket: str = "") -> list[dict[str, Any]]:
        """The series of the answer, times in ns; ConfigError where the server refuses."""
        asked = {"q": statement, "epoch": "ns"} | ({"db": bucket.partition("/")[0]} if bucket else {})
        answer = self._http.request("POST", f"{self.url}/query", fields=asked, headers=self._headers(), encode_multipart=False)
        result: dict[str, Any] = (
            answer.json().get("results", [{}])[0] if answer.status == 200 else {"error": answer.data.decode(errors="replace")}
        )
        if "error" in result:
            raise ConfigError(f"{statement}: {result['error']}")
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def call(self, method: str, path: str, body: object = None, **asked: str) -> Any:
        """A request to 2.x's API, in JSON."""
        fields = json.dumps(body).encode() if body is not None else None
        url = f"{self.url}{path}" + (f"?{urlencode(asked)}" if asked else "")
        answer = self._http.request(method, url, body=fields, headers=self._headers())
        if answer.status >= 300:
            raise ConfigError(f"{method} {path}: {answer.status} {answer.data.decode(errors='replace')}")
        return answer.json() if answer.data else None

    def write(self, lines: bytes, bucket: str) -> int:
        """The status of one raw write, for tests that put something in the way."""
        url = f"{self.url}/api/v2/write?{urlencode({'org': self.org, 'bucket': bucket, 'precision': 'ns'})}"
        return int(self._http.request("POST", url, body=lines, headers=self._headers()).status)

    def _bucket(self, name: str) -> str:
        return name if self.version == "2.7" else f"{name}/autogen"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}

    def _org_id(self) -> str:
        return str(self.call("GET", "/api/v2/orgs", org=self.org)["orgs"][0]["id"])

    def _is_ready(self) -> bool:
        if not is_listening(self.port):
            return False
        path = "/health" if self.version == "2.7" else "/ping"
        return bool(self._http.request("GET", f"{self.url}{path}").status in (200, 204))

    def _command(self, flux: bool) -> list[str]:
        program = str(binary(self.version))
        if self.version == "2.7":
            return [
                program, f"--http-bind-address=127.0.0.1:{self.port}", "--reporting-disabled", "--log-level=warn",
                f"--engine-path={self.folder}/engine", f"--bolt-path={self.folder}/meta.bolt", f"--sqlite-path={self.folder}/meta.sqlite",
            ]  # fmt: skip
        config = self.folder / "influxdb.conf"
        config.write_text(_CONFIG_1_8.format(folder=self.folder, port=self.port, flux=str(flux).lower()))
        return [program, "run", "-config", str(config)]

    def _set_up(self) -> None:
        if self.version == "2.7":
            person = {"username": _USER, "password": _PASSWORD, "org": ORG, "bucket": BUCKET, "token": _TOKEN}
            self.call("POST", "/api/v2/setup", person)
            return
        self.influxql(f"CREATE USER {_USER} WITH PASSWORD '{_PASSWORD}' WITH ALL PRIVILEGES")
        self.create_bucket(BUCKET)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a real InfluxDB in a temporary folder until ctrl-c.")
    parser.add_argument("version", choices=get_args(Version))
    parser.add_argument("--port", type=int, help="a free one unless given")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="footfall-influxdb.") as folder,
        InfluxServer(arguments.version, Path(folder), arguments.port) as server,
    ):
        print(f"url={server.url} token={server.token} org={server.org} bucket={server.bucket} (ctrl-c stops)", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    try:
        main()
    except FootfallError as error:
        raise SystemExit(str(error)) from None
