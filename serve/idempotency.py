"""Answers to requests that bear an `Idempotency-Key`, so that one sent again is answered the same, and changes nothing twice. Pure.

begun = answers.begin(("ann", "POST", "/api/events", key), digest, now_s)   # None: go on; else an Answered, or raises KeyRefused
answers.finish(asked, Answered(202, body), now_s)                           # or answers.give_up(asked)
"""

from __future__ import annotations

from typing import Final, NamedTuple

from footfall.errors import FootfallError

KEPT_S: Final = 86_400.0
REMEMBERED: Final = 10_000
LONGEST_KEY: Final = 255
Asked = tuple[str, ...]
"""Who asks what under which key."""


class Answered(NamedTuple):
    """What was answered."""

    status: int
    body: bytes


class KeyRefused(FootfallError):
    """A key means another request already, or one that is not answered yet."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class _Known(NamedTuple):
    digest: bytes
    answered: Answered | None
    until_s: float


class Answers:
    """Of the last REMEMBERED requests with a key, each for KEPT_S."""

    def __init__(self) -> None:
        self._known: Final[dict[Asked, _Known]] = {}

    def begin(self, asked: Asked, digest: bytes, now_s: float) -> Answered | None:
        """Return what was answered before, None if the request is new. Raise KeyRefused. `digest` stands for the request's body."""
        known = self._known.get(asked)
        if known is None or known.until_s <= now_s:
            self._keep(asked, _Known(digest, None, now_s + KEPT_S))
            return None
        if known.digest != digest:
            raise KeyRefused(409, "idempotency.other", "this Idempotency-Key was sent with another body: each request has a key of its own")
        if known.answered is None:
            raise KeyRefused(409, "idempotency.busy", "the request with this Idempotency-Key is being answered: ask again in a second")
        return known.answered

    def finish(self, asked: Asked, answered: Answered, now_s: float) -> None:
        """Keep what was answered."""
        known = self._known.get(asked)
        if known is not None:
            self._keep(asked, _Known(known.digest, answered, now_s + KEPT_S))

    def give_up(self, asked: Asked) -> None:
        """Forget a request that changed nothing: it may come again, also with another body."""
        self._known.pop(asked, None)

    def _keep(self, asked: Asked, known: _Known) -> None:
        self._known.pop(asked, None)
        self._known[asked] = known
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


def check_key(key: str) -> str:
    """Return a key. Raise KeyRefused if it is none: 1 to LONGEST_KEY printable letters of ASCII."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise KeyRefused(400, "idempotency.key", f"an Idempotency-Key has 1 to {LONGEST_KEY} printable letters of ASCII, such as a UUID")
    return key
