"""What was let through is so only while its token is good: streams ask again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from footfall.broker import Broker
from gateway.sinks.sqlite.sink import SQLite
from serve.access import Access
from serve.app import Pages
from serve.broker_client import BrokerClient
from serve.guard import STILL, Guard
from serve.problems import answer
from serve.rate_limits import RateLimits
from serve.reaches import Reaches
from serve.roles import Role
from serve.users import UserFile
from tests.docs import dataset
from tests.support.asgi import ask
from tests.support.served_brand import SITE, ServedBrand


def test_a_token_that_expires_or_is_taken_back_and_a_user_whose_stores_change_are_let_through_no_longer(tmp_path: Path) -> None:
    brand, stills, now_s = ServedBrand(tmp_path, users=False), list[Any](), [0.0]
    tokens = {
        "passing": brand.user("add", "passing", "--role", Role.STORE, "--store", "s1", "--expires", "1d"),
        "removed": brand.user("add", "removed", "--role", Role.STORE, "--store", "s1"),
        "moved": brand.user("add", "moved", "--role", Role.AREA, "--path", "acme/north"),
        "kept": brand.user("add", "kept", "--role", Role.STORE, "--store", "s1"),
    }

    async def note(scope: Any, receive: Any, send: Any) -> None:
        stills.append(scope["state"][STILL])
        await answer({})(scope, receive, send)

    users = UserFile(tmp_path / "state" / "users.json")
    guard = Guard(note, Access(brand.config.listen, users), RateLimits(1.0, 1), Reaches(brand.pages.estate), {}, lambda: now_s[0])
    for token in tokens.values():
        ask(guard, "GET", "/api/arrivals", authorization=f"Bearer {token}")

    def still() -> set[str]:
        return {name for name, is_still in zip(tokens, stills, strict=True) if is_still()}

    assert still() == set(tokens), "asking again takes nothing of what a token may ask"
    brand.user("remove", "removed")
    (tmp_path / "site.toml").write_text(SITE.replace("acme/north", "acme/west"))
    brand.pages.estate.look()
    assert still() == {"passing", "kept"}
    now_s[0] = 4e9
    assert still() == {"kept"}


BROKEN = SITE + "[contribution]\nfirst_percent = 50\n"


def test_a_mistake_in_site_toml_at_the_start_is_named_and_no_token_is_said_to_be_of_no_store(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path)
    (tmp_path / "site.toml").write_text(BROKEN)
    begun = Pages(brand.config, brand.feed, BrokerClient(Broker(), lambda payload: None)).app()
    for target in ("/api/query/sales", "/api/stock", "/api/stock?store=s1"):
        for role in (Role.HEADQUARTERS, Role.AREA, Role.STORE):
            found = ask(begun, "GET", target, authorization=f"Bearer {brand.tokens[role]}")
            assert (found.status, found.json()["reason"]) == (503, "settings"), (target, role)
            assert ("site.toml: contribution" in found.json()["message"]) == (role is Role.HEADQUARTERS), (target, role)


def test_a_mistake_in_site_toml_later_changes_no_answer(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path)
    sink = SQLite(tmp_path / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    decision = b'{"identifier": "card:17", "fan": "f-1", "dry_run": true}'

    def statuses() -> list[int]:
        read = [brand.ask("GET", path, role).status for path in ("/api/query/sales", "/api/stock") for role in brand.tokens]
        return [*read, brand.ask("POST", "/api/decisions/link", Role.HEADQUARTERS, decision).status]

    before = statuses()
    (tmp_path / "site.toml").write_text(BROKEN)
    brand.pages.estate.look()
    assert statuses() == before
    assert before.count(200) == 7, "an integrator asks nothing"


def test_notes_are_a_header(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path)
    sink = SQLite(tmp_path / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    notes = brand.ask("GET", "/api/query/outcome?from=2026-10-24&to=2026-10-24", Role.AREA).headers["x-notes"]
    assert json.loads(notes) == ["the database has no outcome in this span", "store s1 has no outcome at all"]
