from __future__ import annotations

from pathlib import Path

import pytest

from footfall.config import secret
from footfall.errors import ConfigError
from gateway.config import GatewayConfig, load_gateway, load_site
from gateway.pipeline.service import Gateway
from gateway.sinks.influxdb.settings import InfluxSink
from gateway.sinks.sqlite.settings import SqliteSink

INFLUX = '[sink]\nkind = "influxdb"\nurl = "http://127.0.0.1:8086"\nbucket = "footfall"\n'


def gateway(folder: Path, text: str, environment: dict[str, str] | None = None) -> GatewayConfig:
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return load_gateway(path, environment or {})


def test_an_empty_file_is_a_gateway_on_sqlite(tmp_path: Path) -> None:
    config = gateway(tmp_path, "")
    assert config.site == tmp_path / "site.toml"
    assert config.quarantine_path == tmp_path / "state" / "quarantine.db"
    assert isinstance(config.sink, SqliteSink)
    assert config.sink.path == tmp_path / "footfall.db"
    assert (config.broker.host, config.broker.port, config.broker.protocol) == ("127.0.0.1", 1883, "5")


def test_influxdb_with_its_token_from_the_environment(tmp_path: Path) -> None:
    config = gateway(tmp_path, INFLUX, {"FOOTFALL_GATEWAY__SINK__TOKEN": "s3cret"})
    assert isinstance(config.sink, InfluxSink)
    assert secret(config.sink.token, config.sink.token_file) == b"s3cret"
    assert "s3cret" not in repr(config)


def test_secrets_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    config = gateway(tmp_path, f'{INFLUX}token_file = "token"\n')
    assert isinstance(config.sink, InfluxSink)
    assert secret(config.sink.token, config.sink.token_file) == b"from-file"
    assert secret(None, None) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[broker]\nusername = "u"\npassword = "p"\n', "broker.password: a secret does not belong in this file: use `password_file`"),
        (f'{INFLUX}token = "t"\n', "FOOTFALL_GATEWAY__SINK__TOKEN"),
        ('brand_secret = "x"\n', "FOOTFALL_GATEWAY__BRAND_SECRET"),
    ],
)
def test_a_secret_in_the_file_is_refused_without_repeating_it(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        gateway(tmp_path, text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bucket = 1\n", "bucket: there is no such key. Allowed are brand_secret"),
        ('[broker]\nport = 0\n', "broker.port"),
        ('[broker]\nprotocol = 3\n', "broker.protocol"),
        ('[broker]\nembedded = true\nhost = "0.0.0.0"\n', "loopback only"),
        ('[broker]\nembedded = true\nusername = "u"\n', "neither TLS nor users"),
        ('[broker.tls]\nca_file = "ca.pem"\ncert_file = "c.pem"\n', "belong together"),
        ('[sink]\nkind = "kafka"\n', "sink.kind: must be one of 'influxdb', 'sqlite' (given: 'kafka')"),
        ('[sink]\nkind = "influxdb"\nurl = "ftp://x"\nbucket = "b"\n', "sink.url: String should match"),
        ('[sink]\nkind = "influxdb"\n', "sink.bucket: Field required"),
        ('[http]\nport = 65536\n', "http.port"),
        ('[broker]\nembedded = true\n[serve]\nport = 1884\n', "broker.port + 1, its listener for MQTT 3.1.1 and serve.port are both 1884"),
        ('[broker]\nembedded = true\n[http]\nport = 8090\n', "http.port and serve.port are both 8090"),
        ('[journal]\nmax_bytes = 1\n', "journal.max_bytes"),
        ('[journal]\nkeep_days = 0\n', "journal.keep_days"),
    ],
)  # fmt: skip
def test_every_mistake_names_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        gateway(tmp_path, text)
    assert said in str(refused.value)
    assert "gateway.toml" in str(refused.value)


def test_the_environment_speaks_every_type(tmp_path: Path) -> None:
    environment = {
        "BROKER__PROTOCOL": "3.1.1",
        "BROKER__EMBEDDED": "true",
        "STAY_POINTS": "true",
        "HTTP__PORT": "0",
        "JOURNAL__KEEP_DAYS": "1.5",
    }
    config = gateway(tmp_path, "", {f"FOOTFALL_GATEWAY__{name}": text for name, text in environment.items()})
    assert (config.broker.protocol, config.broker.embedded, config.stay_points, config.http.port, config.journal.keep_days) == (
        "3.1.1", True, True, 0, 1.5,
    )  # fmt: skip


@pytest.mark.parametrize("zone", ["Moon/Sea", "America", "", "../etc/passwd", "UTC/x"])
def test_a_time_zone_that_is_none_is_named(tmp_path: Path, zone: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(f'brand = "b"\n[[stores]]\nname = "s"\ntimezone = "{zone}"\n')
    with pytest.raises(ConfigError, match=r"stores\.0\.timezone"):
        load_site(path, {})


def test_a_site_is_loaded_and_its_mistakes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('brand = "b"\n[[stores]]\nname = "s"\nzones = [{name = "door", type = "entrance"}]\n')
    assert load_site(path, {}).by_name["s"].zones[0].type == "entrance"
    path.write_text('brand = "b"\n[[stores]]\nname = "s"\ntimezone = "Moon/Sea"\nagents = [{name = "A"}]\n')
    with pytest.raises(ConfigError) as refused:
        load_site(path, {})
    assert "stores.0.timezone" in str(refused.value)
    assert "stores.0.agents.0.name" in str(refused.value)


def test_a_gateway_does_not_start_with_a_wrong_profile(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "hall.toml").write_text('name = "hall"\n')
    (tmp_path / "site.toml").write_text('brand = "b"\nstores = []\n')
    config = gateway(tmp_path, '[profiles]\nfolder = "own"\n')
    with pytest.raises(ConfigError, match=r"hall\.toml: title: Field required"):
        Gateway(config)
