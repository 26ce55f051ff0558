"""What a broker's refusal of a connection means for whoever configured it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NAMED: Final = "look at [broker] username, password and certificates"
_ADVICE: Final[Mapping[str, str]] = {
    "Unsupported protocol version": "set [broker] protocol to the version that it speaks, 5 or 3.1.1",
    "Not authorized": _NAMED,
    "Bad user name or password": _NAMED,
    "Banned": _NAMED,
    "Bad authentication method": _NAMED,
    "Client identifier not valid": "set [broker] client_id to one that it takes",
}


def is_for_good(reason: str) -> bool:
    """Return whether only a person can mend that; a broker that is busy or starting answers otherwise."""
    return reason in _ADVICE


def advice(reason: str) -> str:
    """Return the key to look at."""
    return _ADVICE.get(reason, _NAMED)
