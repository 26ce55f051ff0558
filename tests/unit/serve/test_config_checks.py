"""`footfall config check serve.toml`: the page, and the gateway.toml that has its database."""

from __future__ import annotations

from pathlib import Path

from serve.config_checks import SERVE


def serve_toml(folder: Path, text: str = "") -> Path:
    (folder / "serve.toml").write_text(text)
    return folder / "serve.toml"


def test_its_contents_are_shown(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("[http]\nport = 9000\n")
    found = dict(SERVE.found(serve_toml(tmp_path, "[listen]\nport = 9090\n")))
    assert found["page"] == "http://127.0.0.1:9090/"
    assert found["status"] == "http://127.0.0.1:9000"
    assert list(SERVE.around(tmp_path / "serve.toml", False)) == []


def test_a_gateway_toml_that_does_not_exist_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = SERVE.around(serve_toml(tmp_path), False)
    assert mistake.startswith("gateway: ")
    assert "there is no such file" in mistake


def test_so_is_one_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("[http]\nport = 'x'\n")
    assert any("http.port" in line for line in SERVE.around(serve_toml(tmp_path), False))


def test_a_database_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text('[sink]\nkind = "influxdb"\nurl = "http://127.0.0.1:9"\nbucket = "b"\n')
    assert any(line.startswith("gateway: sink") for line in SERVE.around(serve_toml(tmp_path), True))


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("")
    assert any("token_file" in line for line in SERVE.around(serve_toml(tmp_path, '[listen]\ntoken_file = "none"\n'), False))
