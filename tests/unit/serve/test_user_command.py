"""`footfall user`: the token is shown once, and what is mistyped is refused with the nearest name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from footfall.errors import ConfigError
from serve.user_command import app
from tests.support.served_brand import GATEWAY, SITE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "gateway.toml").write_text(GATEWAY)
    (tmp_path / "state").mkdir()
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(folder / "gateway.toml")])


def test_a_user_is_added_listed_and_removed(folder: Path) -> None:
    token = run(folder, "add", "shop", "--role", "store", "--store", "s1", "--expires", "90d").stdout.strip()
    assert token.startswith("ff_store_")
    assert token not in (folder / "state" / "users.json").read_text()
    assert run(folder, "list").stdout.startswith("shop: store of s1, until 20")
    (listed,) = [json.loads(line) for line in run(folder, "list", "--json").stdout.splitlines()]
    assert (listed["name"], listed["stores"], "sha256" in listed["tokens"][0]) == ("shop", ["s1"], False)
    assert run(folder, "remove", "shop").stdout == "shop is removed\n"
    assert run(folder, "list").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "shop", "--role", "store"], "needs --store"),
        (["add", "shop", "--role", "store", "--store", "s11"], "--store 's11' is not in site.toml: did you mean 's1'?"),
        (["add", "north", "--role", "area", "--path", "acme/nort"], "did you mean 'acme/north'?"),
        (["add", "crm", "--role", "integrator", "--store", "s1", "--agent", "till-2"], "--agent 'till-2' is not in site.toml"),
        (["add", "a/b", "--role", "headquarters"], "name"),
        (["add", "ann", "--role", "headquarters", "--expires", "soon"], "--expires 'soon'"),
        (["add", "ann", "--role", "headquarters", "--expires", "2020-01-01T00:00:00Z"], "a time to come"),
        (["rotate", "an"], "there is no user 'an'"),
        (["remove", "an"], "there is no user 'an'"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, arguments: list[str], words: str) -> None:
    found = run(folder, *arguments)
    assert isinstance(found.exception, ConfigError)
    assert words in str(found.exception)


def test_a_name_is_given_once_and_a_new_token_leaves_the_old_one_for_as_long_as_is_asked(folder: Path) -> None:
    run(folder, "add", "ann", "--role", "headquarters")
    assert "there is a user 'ann' already" in str(run(folder, "add", "ann", "--role", "headquarters").exception)
    run(folder, "rotate", "ann", "--grace-hours", "24")
    run(folder, "rotate", "ann")
    (listed,) = [json.loads(line) for line in run(folder, "list", "--json").stdout.splitlines()]
    assert [token.get("expires") is None for token in listed["tokens"]] == [False, True], "no more than the last two are kept"


def test_before_the_gateway_has_run_there_is_no_folder_for_users(folder: Path) -> None:
    (folder / "state").rmdir()
    assert "has the gateway run here?" in str(run(folder, "add", "ann", "--role", "headquarters").exception)
