"""What is answered to whoever sends plain events by HTTP, at an agent's intake and at `footfall serve` alike. Pure.

    problem = head_problem(headers)      why a request cannot be taken, by its head
    status_of(reason)                    the status code of a refused body
    token_of(authorization)              the token in an Authorization header
    token_problem(headers)               what is wrong with how a token was sent

Each answer has a `reason`, a short stable word, and a `message` that states what to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

WITHOUT_CODING: Final = frozenset({"", "identity"})
_JSON: Final = "application/json"
_ANY: Final = frozenset({"", "application/x-www-form-urlencoded", "text/plain"})
"""Types that programs such as curl state unasked: they state nothing of the body."""
_TOO_LARGE: Final = "event.size"
_ELSEWHERE: Final = ("x-api-key", "x-auth-token", "api-key", "token", "proxy-authorization", "x-authorization")
"""Headers in which others expect a token."""


class Problem(NamedTuple):
    """Why a request is refused."""

    status: int
    reason: str
    message: str


def head_problem(headers: Mapping[str, str], is_type_needed: bool) -> Problem | None:
    """Return why the body of these headers (names in lower case) is not read, or None.

    A type is needed where browsers may ask: pages of other sites can send any body under the types that curl states unasked.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in WITHOUT_CODING:
        return Problem(415, "content_encoding", f"Content-Encoding {coding[:40]} is not taken: send the JSON as it is")
    stated = headers.get("content-type", "")
    kind, _, parameters = (part.strip().lower() for part in stated.partition(";"))
    if not (kind == _JSON or kind.endswith("+json") or (kind in _ANY and not is_type_needed)):
        given = f"not {kind[:60]}" if kind else "and none is stated"
        return Problem(415, "content_type", f"Content-Type must be {_JSON}, {given}; with curl: -H 'Content-Type: {_JSON}'")
    if "charset" in parameters and "utf-8" not in parameters and "utf8" not in parameters:
        return Problem(415, "content_type", f"the charset must be utf-8, not {parameters[:60]}: JSON is UTF-8")
    return None


def status_of(reason: str) -> int:
    """Return the status code of a body that is refused for a reason."""
    return 413 if reason == _TOO_LARGE else 400


def token_of(authorization: str) -> str:
    """Return the token of an Authorization header: Bearer (RFC 6750) in any case, or the token alone; "" of another scheme."""
    scheme, blank, token = authorization.strip().partition(" ")
    if not blank:
        return scheme
    return token.strip() if scheme.lower() == "bearer" else ""


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
