"""What was let through is so only while its token is good: streams ask again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serve.access import Access
from serve.guard import STILL, Guard
from serve.problems import answer
from serve.rate_limits import RateLimits
from serve.reaches import Reaches
from serve.roles import Role
from serve.users import UserFile
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
    guard = Guard(note, Access(brand.config.listen, users), RateLimits(1.0, 1), Reaches(brand.pages.estate.site), {}, lambda: now_s[0])
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
