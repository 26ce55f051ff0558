"""The users of `footfall serve`, in a private file beside the gateway's state: names, roles, and hashes of tokens.

users = UserFile(path)
users.current().caller(token, now_s) -> Caller; raises TokenRefused
users.change(lambda found: [*found, user])     # atomic; servers that run see it at once
"""

from __future__ import annotations

import fcntl
import hmac
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from footfall.config import Section, check, file_state
from footfall.errors import ConfigError, FootfallError
from footfall.event_base import Name
from gateway.state.ownership import give_to_owner_of
from serve.roles import Caller, Role
from serve.tokens import digest, id_of

log = logging.getLogger("footfall.serve")

UserName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,64}\z")]
_NEEDS: Final = {Role.STORE: ("stores",), Role.AREA: ("paths",), Role.HEADQUARTERS: (), Role.INTEGRATOR: ("stores", "agents")}
"""By role, what its users must have."""
_MAY: Final = {Role.STORE: ("agents",), Role.AREA: ("agents",), Role.HEADQUARTERS: (), Role.INTEGRATOR: ()}
"""What they may have besides."""
_OPTIONS: Final = {"stores": "--store", "paths": "--path", "agents": "--agent"}
_NO_DIGEST: Final = "0" * 64


class TokenRefused(FootfallError):
    """A token opens nothing; `reason` is a stable word."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Token(Section):
    """A token of a user."""

    id: str
    sha256: str
    created: datetime
    expires: datetime | None = None


class User(Section):
    """Somebody, or a program, with a role."""

    name: UserName
    role: Role
    stores: tuple[Name, ...] = ()
    paths: tuple[str, ...] = ()
    agents: tuple[Name, ...] = ()
    tokens: tuple[Token, ...] = ()

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> User:
        for key, option in _OPTIONS.items():
            if key in _NEEDS[self.role] and not getattr(self, key):
                raise ValueError(f"a user of the role {self.role} needs {option}")
            if getattr(self, key) and key not in (*_NEEDS[self.role], *_MAY[self.role]):
                raise ValueError(f"{option} means nothing for a user of the role {self.role}")
        return self

    def caller(self, token: Token) -> Caller:
        """Return who asks with a token of this user."""
        return Caller(self.name, self.role, frozenset(self.stores), self.paths, frozenset(self.agents), token.id)


class _File(Section):
    version: Literal[1] = 1
    users: tuple[User, ...] = ()


class Users:
    """The users of one state of the file."""

    def __init__(self, users: Sequence[User] = ()) -> None:
        self.all: Final = tuple(users)
        self._by_token: Final = {token.id: (user, token) for user in users for token in user.tokens}

    def caller(self, given: str, now_s: float) -> Caller:
        """Return who asks with a token. Raise TokenRefused: nobody has it, or it has expired. Takes as long whichever part is wrong."""
        user, token = self._by_token.get(id_of(given), (None, None))
        is_right = hmac.compare_digest(digest(given), token.sha256 if token else _NO_DIGEST)
        if user is None or token is None or not is_right:
            raise TokenRefused("token", "nobody has this token: it may have been renewed or taken back; footfall user rotate makes another")
        if token.expires is not None and token.expires.timestamp() <= now_s:
            raise TokenRefused("token.expired", f"this token expired at {token.expires.isoformat()}: footfall user rotate makes another")
        return user.caller(token)


class UserFile:
    """The file, which is read again after it changes. One that is not there has no users."""

    def __init__(self, path: Path) -> None:
        """Raise ConfigError: it cannot be read."""
        self.path: Final = path
        self._state = file_state(path)
        self._users = Users(_read(path))

    def current(self) -> Users:
        """Return the users; while the file cannot be read, those of before."""
        state = file_state(self.path)
        if state != self._state:
            try:
                self._users = Users(_read(self.path))
            except ConfigError as error:
                log.warning("%s; the users of before count", error)
            self._state = state
        return self._users

    def change(self, changed: Callable[[Sequence[User]], Sequence[User]]) -> None:
        """Replace the users, in one step, by what a function makes of them. Raise ConfigError, as the function may: nothing is changed."""
        with _locked(self.path):
            users = changed(_read(self.path))
            values = _File(users=tuple(users)).model_dump(mode="json")
            _replace(self.path, json.dumps(values, indent=1, ensure_ascii=False).encode())


def _read(path: Path) -> tuple[User, ...]:
    try:
        values: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: the users cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return check(values, _File, str(path)).users


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other commands out, so that none loses what another writes."""
    try:
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}: has the gateway run here?") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _replace(path: Path, content: bytes) -> None:
    """Write a file that only the owner of its folder may read: whole, or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        give_to_owner_of(path.parent, [fresh])
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
