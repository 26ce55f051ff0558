"""Who is answered: by name, origin and token."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request

from serve.access import Access, Denial, given_token, host_name
from serve.config import Listen
from serve.roles import Role
from serve.users import User, UserFile

NOW_S = 1_795_226_523.0


def request(method: str = "GET", **headers: str) -> Request:
    return Request({"type": "http", "method": method, "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()]})


def reason(access: Access, asked: Request) -> str:
    found = access.admit(asked, NOW_S)
    return found.reason if isinstance(found, Denial) else ""


@pytest.mark.parametrize(
    ("host", "name"), [("localhost", "localhost"), ("127.0.0.1:8090", "127.0.0.1"), ("[::1]:8090", "::1"), ("[::1]", "::1"), ("", "")]
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("host", ["localhost:8090", "LOCALHOST", "127.0.0.1", "[::1]:8090"])
def test_names_of_loopback_are_answered(host: str) -> None:
    assert reason(Access(Listen()), request(Host=host)) == ""


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8090", "127.0.0.1.rebound.example", "localhost.", ""])
def test_without_a_token_any_other_name_is_refused(host: str) -> None:
    assert reason(Access(Listen()), request(Host=host)) == "host"


def test_a_configured_name_is_answered_with_a_token_and_no_other_is() -> None:
    access = Access(Listen(hosts=("pages.example",)))
    assert reason(access, request(Host="pages.example:443")) == "token"
    assert reason(access, request(Host="localhost")) == "token", "a proxy may call it so"
    assert reason(access, request(Host="rebound.example")) == "host"


@pytest.mark.parametrize(
    ("client", "headers", "answered"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("192.0.2.7", {}, False),
        ("127.0.0.1", {"Authorization": "Bearer nope"}, False),
        ("127.0.0.1", {"Authorization": "Bearer ff_nope"}, False),
        ("127.0.0.1", {"Authorization": "Digest x"}, False),
        ("127.0.0.1", {"Authorization": "Basic !"}, False),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, False),
        ("127.0.0.1", {"X-Real-IP": "192.0.2.7"}, False),
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
    ],
)
@pytest.mark.parametrize("has_users", [False, True])
def test_without_a_token_who_is_on_this_machine_is_answered_while_nobody_has_one(
    tmp_path: Path, client: str, headers: dict[str, str], answered: bool, has_users: bool
) -> None:
    users = UserFile(tmp_path / "users.json")
    if has_users:
        users.change(lambda _: [User(name="ann", role=Role.HEADQUARTERS)])
    named = [(name.lower().encode(), value.encode()) for name, value in {"Host": "localhost", **headers}.items()]
    asked = Request({"type": "http", "method": "GET", "headers": named, "client": (client, 1)})
    assert reason(Access(Listen(), users), asked) == ("" if answered and not has_users else "token")


def test_with_a_token_names_count_only_where_they_are_configured(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    asked = request(Host="any.example", Authorization="Bearer s3cret")
    assert reason(Access(Listen(token_file=token)), asked) == ""
    assert reason(Access(Listen(token_file=token, hosts=("pages.example",))), asked) == "host"
    assert reason(Access(Listen(token_file=token)), request(Host="any.example")) == "token"


@pytest.mark.parametrize("origin", ["http://rebound.example", "null", "http://localhost:8091", "localhost:8090"])
def test_pages_of_other_sites_change_nothing(origin: str) -> None:
    access = Access(Listen())
    assert reason(access, request("POST", Host="localhost:8090", Origin=origin)) == "origin"
    assert reason(access, request("GET", Host="localhost:8090", Origin=origin)) == "", "the browser keeps the answer from them"


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost:8090"}, {"Origin": "https://LOCALHOST:8090"}])
def test_own_pages_and_programs_do(headers: dict[str, str]) -> None:
    assert reason(Access(Listen()), request("POST", Host="localhost:8090", **headers)) == ""


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("Bearer s3cret", "s3cret"),
        ("basic a2ltOnMzY3JldA==", "s3cret"),
        ("bearer s3cret", "s3cret"),
        ("s3cret", "s3cret"),
        ("Basic !", ""),
        ("Digest s3cret", ""),
        ("", ""),
    ],
)
def test_the_token_is_bearer_or_a_password(authorization: str, token: str) -> None:
    assert given_token(authorization) == token
