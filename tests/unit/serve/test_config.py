from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import ConfigError
from serve.config import load_serve, status_url, users_path


def test_without_a_file_the_environment_alone_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_serve(None, {"FOOTFALL_SERVE__LISTEN__PORT": "9000", "FOOTFALL_SERVE__GATEWAY": "x/gateway.toml", "OTHER": "1"})
    assert (config.listen.port, config.listen.host, config.gateway) == (9000, "127.0.0.1", tmp_path / "x/gateway.toml")
    with pytest.raises(ConfigError, match=r"listen\.port"):
        load_serve(None, {"FOOTFALL_SERVE__LISTEN__PORT": "x"})


def test_users_are_those_of_the_gateway_s_state_unless_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text("")
    assert users_path(load_serve(file, {})) is None, "a gateway on another machine has its state there"
    (tmp_path / "gateway.toml").write_text('state_dir = "kept"\n')
    assert users_path(load_serve(file, {})) == tmp_path / "kept/users.json"
    file.write_text('[listen]\nusers_file = "people.json"\n')
    assert users_path(load_serve(file, {})) == tmp_path / "people.json"


def test_names_come_as_a_list_of_the_file_or_a_text_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('[listen]\nhosts = ["a.example"]\n')
    assert load_serve(file, {}).listen.hosts == ("a.example",)
    assert load_serve(file, {"FOOTFALL_SERVE__LISTEN__HOSTS": "a.example b.example,c.example"}).listen.hosts == (
        "a.example", "b.example", "c.example",
    )  # fmt: skip
    file.write_text('[listen]\nhosts = ["https://a.example"]\n')
    with pytest.raises(ConfigError, match="hosts"):
        load_serve(file, {})


@pytest.mark.parametrize(
    ("gateway", "serve", "url"),
    [
        (None, "", "http://127.0.0.1:8080"),
        ("[http]\nport = 9001\n", "", "http://127.0.0.1:9001"),
        ('[http]\nhost = "0.0.0.0"\n', "", "http://127.0.0.1:8080"),
        ('[http]\nhost = "::1"\n', "", "http://[::1]:8080"),
        ("[http]\nport = 9001\n", 'status_url = "http://10.0.0.1:80"', "http://10.0.0.1:80"),
    ],
)
def test_the_gateway_is_asked_where_its_file_has_it(tmp_path: Path, gateway: str | None, serve: str, url: str) -> None:
    (tmp_path / "serve.toml").write_text(serve)
    if gateway is not None:
        (tmp_path / "gateway.toml").write_text(gateway)
    assert status_url(load_serve(tmp_path / "serve.toml", {})) == url
