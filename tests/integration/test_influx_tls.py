"""A real InfluxDB behind TLS whose certificate a private authority has issued."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from footfall.errors import SinkUnavailable
from gateway.sinks.influxdb.settings import InfluxSink
from simulators.parts.influxdb import InfluxServer
from tests.docs import dataset
from tests.support.real_parts import INFLUX_VERSIONS, REPOSITORY, InfluxServers, new_bucket
from tests.support.tls_proxy import TlsProxy


@pytest.fixture(params=INFLUX_VERSIONS)
def server(request: pytest.FixtureRequest, influx_servers: InfluxServers) -> InfluxServer:
    return influx_servers.running(request.param)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    return issued(tmp_path / "certificates")


def issued(folder: Path) -> Path:
    """An authority, and a certificate of it for localhost."""
    for command in (["ca"], ["broker", "localhost"]):
        environment = os.environ | {"FOOTFALL_CERTIFICATES": str(folder)}
        command = [str(REPOSITORY / "deploy/certificates/issue"), *command]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture
def proxy(server: InfluxServer, certificates: Path) -> Iterator[TlsProxy]:
    with TlsProxy(certificates / "broker.crt", certificates / "broker.key", server.port) as running:
        yield running


def settings(server: InfluxServer, proxy: TlsProxy, ca_file: Path | None) -> InfluxSink:
    bucket = new_bucket(server)
    url, token = f"https://localhost:{proxy.port}", SecretStr(bucket.token)
    return InfluxSink(kind="influxdb", url=url, bucket=bucket.name, org=server.org, token=token, ca_file=ca_file)


def test_points_go_through_and_are_read_by_the_authority_of_ca_file(server: InfluxServer, proxy: TlsProxy, certificates: Path) -> None:
    chosen = settings(server, proxy, certificates / "ca.crt")
    assert list(chosen.check(online=True)) == []
    with closing(chosen.sink()) as sink, closing(chosen.reader()) as reader:
        assert reader.stores() == []
        sink.write(list(dataset.points()))
        assert reader.stores()


@pytest.mark.parametrize("is_other", [False, True], ids=["the machine's authorities", "another authority"])
def test_by_no_other_authority(server: InfluxServer, proxy: TlsProxy, tmp_path: Path, is_other: bool) -> None:
    chosen = settings(server, proxy, issued(tmp_path / "other") / "ca.crt" if is_other else None)
    (mistake,) = chosen.check(online=True)
    assert "certificate" in mistake
    with closing(chosen.sink()) as sink, pytest.raises(SinkUnavailable, match="certificate"):
        sink.write(list(dataset.points()))
