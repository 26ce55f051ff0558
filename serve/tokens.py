"""Tokens of users: a prefix that names the role, an id by which the token is found, and a secret of which only a hash is kept. Pure.

token = spelled(Role.STORE, "0f3a91c2", secret)    # ff_store_0f3a91c2_…
id_of(token) -> "0f3a91c2"                          # "": it is written as no token
digest(token) -> 64 hex digits
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from serve.roles import Role

PREFIX: Final = "ff_"
"""Of every token: scanners of leaked secrets find it, and it is told from the token of a `token_file`."""
KINDS: Final[Mapping[Role, str]] = MappingProxyType(
    {Role.STORE: "store", Role.AREA: "area", Role.HEADQUARTERS: "hq", Role.INTEGRATOR: "int"}
)
SECRET_BYTES: Final = 32
ID_BYTES: Final = 4
_FORM: Final = re.compile(rf"{PREFIX}(?:{'|'.join(KINDS.values())})_([0-9a-f]{{{2 * ID_BYTES}}})_[A-Za-z0-9_-]{{43}}")


def spelled(role: Role, token_id: str, secret: str) -> str:
    """Return a token as its user gets it. `secret`: SECRET_BYTES in URL-safe base64."""
    return f"{PREFIX}{KINDS[role]}_{token_id}_{secret}"


def id_of(token: str) -> str:
    """Return the id in a token; "" where it is written as no token of a user."""
    found = _FORM.fullmatch(token)
    return found[1] if found else ""


def digest(token: str) -> str:
    """Return what is kept of a token. It has 256 bits of chance, so that nobody finds it by trying, and no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
