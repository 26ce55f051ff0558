"""Users: read again after each change, written whole, and their tokens open nothing but what they are for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall.config import check
from footfall.errors import ConfigError
from serve.roles import Caller, Role
from serve.tokens import digest, spelled
from serve.users import Token, TokenRefused, User, UserFile, Users

NOW = datetime(2026, 11, 30, tzinfo=UTC)
TOKEN = spelled(Role.STORE, "0f3a91c2", "a" * 43)


def user(name: str = "ann", token: str = TOKEN, expires: datetime | None = None) -> User:
    kept = Token(id="0f3a91c2", sha256=digest(token), created=NOW, expires=expires)
    return User(name=name, role=Role.STORE, stores=("s1",), tokens=(kept,))


def reason(users: Users, given: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        users.caller(given, NOW.timestamp())
    return refused.value.reason


def test_a_token_is_its_user() -> None:
    assert Users([user()]).caller(TOKEN, NOW.timestamp()) == Caller("ann", Role.STORE, frozenset({"s1"}), token="0f3a91c2")


def test_a_token_that_expired_or_that_nobody_has_is_refused_with_the_reason() -> None:
    users = Users([user(expires=NOW)])
    assert reason(users, TOKEN) == "token.expired"
    assert Users([user(expires=NOW + timedelta(seconds=1))]).caller(TOKEN, NOW.timestamp()).name == "ann"
    assert reason(users, TOKEN[:-1] + "b") == "token"
    assert reason(users, spelled(Role.STORE, "00000000", "a" * 43)) == "token"
    assert reason(users, spelled(Role.HEADQUARTERS, "0f3a91c2", "a" * 43)) == "token", "the prefix is a part of it"
    assert reason(users, "") == "token"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"role": "store"}, "needs --store"),
        ({"role": "area"}, "needs --path"),
        ({"role": "integrator", "stores": ["s1"]}, "needs --agent"),
        ({"role": "headquarters", "stores": ["s1"]}, "--store means nothing for a user of the role headquarters"),
        ({"role": "area", "paths": ["acme"], "stores": ["s1"]}, "--store means nothing"),
        ({"role": "boss"}, "role"),
        ({"role": "headquarters", "name": "a b"}, "name"),
    ],
)
def test_a_role_has_what_it_needs_and_nothing_else(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check({"name": "ann", **values}, User, "user")


def test_the_file_is_private_and_a_change_counts_at_once(tmp_path: Path) -> None:
    file = UserFile(tmp_path / "users.json")
    assert file.current().all == ()
    UserFile(tmp_path / "users.json").change(lambda found: [*found, user()])
    assert [each.name for each in file.current().all] == ["ann"]
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in file.path.read_text()
    UserFile(tmp_path / "users.json").change(lambda found: [])
    assert file.current().all == ()


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    file = UserFile(tmp_path / "users.json")
    file.change(lambda found: [user()])
    before = file.path.read_bytes()

    def refuse(found: object) -> list[User]:
        raise ConfigError("no")

    with pytest.raises(ConfigError):
        file.change(refuse)
    assert file.path.read_bytes() == before


def test_a_file_that_cannot_be_read_lets_nobody_in_at_the_start_and_keeps_who_is_in_later(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    file = UserFile(path)
    file.change(lambda found: [user()])
    assert file.current().all
    path.write_text("{")
    assert [each.name for each in file.current().all] == ["ann"]
    with pytest.raises(ConfigError, match=r"users\.json"):
        UserFile(path)
    path.write_text(json.dumps({"version": 2, "users": []}))
    with pytest.raises(ConfigError, match="version"):
        UserFile(path)
