"""What is answered to whoever sends plain events by HTTP, at an agent's intake and at `footfall serve` alike. Pure.

    problem = head_problem(headers)      why a request cannot be taken, by its head
    status_of(reason)                    the status code of a refused body
    token_problem(headers)               what is wrong with how a token was sent

Each answer has a `reason`, a short stable word, and a `message` that states what to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

WITHOUT_CODING: Final = frozenset({"", "identity"})
_JSON: Final = "application/json"
_TOO_LARGE: Final = "event.size"
_ELSEWHERE: Final = ("x-api-key", "x-auth-token", "api-key", "token", "proxy-authorization", "x-authorization")
"""Headers in which others expect a token."""


class Problem(NamedTuple):
    """Why a request is refused."""

    status: int
    reason: str
    message: str


def head_problem(headers: Mapping[str, str], is_type_needed: bool) -> Problem | None:
    """Return why the body of these headers (names in lower case) is not read, or None. Where no type is needed none may be stated."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in WITHOUT_CODING:
        return Problem(415, "content_encoding", f"Content-Encoding {coding[:40]} is not taken: send the JSON as it is")
    stated = headers.get("content-type", "")
    kind, _, parameters = (part.strip().lower() for part in stated.partition(";"))
    if not (kind == _JSON or kind.endswith("+json") or (not kind and not is_type_needed)):
        given = f"not {kind[:60]}" if kind else "and none is stated"
        return Problem(415, "content_type", f"Content-Type must be {_JSON}, {given}; with curl: -H 'Content-Type: {_JSON}'")
    if "charset" in parameters and "utf-8" not in parameters and "utf8" not in parameters:
        return Problem(415, "content_type", f"the charset must be utf-8, not {parameters[:60]}: JSON is UTF-8")
    return None


def status_of(reason: str) -> int:
    """Return the status code of a body that is refused for a reason."""
    return 413 if reason == _TOO_LARGE else 400


def token_problem(headers: Mapping[str, str]) -> str:
    """Return what is wrong with how a token was sent, by the headers (names in lower case)."""
    wanted = "send the header Authorization: Bearer TOKEN"
    given = headers.get("authorization", "")
    if not given:
        other = next((name for name in _ELSEWHERE if name in headers), "")
        return f"{wanted}; the header {other} is not looked at" if other else f"{wanted}; there is no Authorization"
    scheme, _, token = given.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return f"{wanted}; Authorization has no Bearer before its token"
    return "the token is another than the one in the file of this server: it may have been renewed"
