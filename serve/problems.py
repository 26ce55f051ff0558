"""Refusals as problem details (RFC 9457), with the `reason` and the `message` that every refusal of Footfall has.

problem(404, "path", "there is no /nope")
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import msgspec
from starlette.responses import Response

from gateway.query.options import OPTIONS

MEDIA_TYPE: Final = "application/problem+json"
HEADERS: Final = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": (
            "default-src 'none'; connect-src 'self'; style-src 'self'; script-src 'self'; img-src data:; frame-ancestors 'none'"
        ),
    }
)
"""Of every answer."""
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


def problem(status: int, reason: str, message: str, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    """Return a refusal."""
    return Response(details(status, reason, message), status, {**HEADERS, **headers}, MEDIA_TYPE)


def details(status: int, reason: str, message: str) -> bytes:
    """Return the body of a refusal. `reason` is a stable word, `message` states what to change, in the terms of the API."""
    message = in_parameters(message)
    return as_json(
        {
            "type": f"urn:footfall:problem:{reason}", "title": HTTPStatus(status).phrase, "status": status, "detail": message,
            "reason": reason, "message": message,
        }
    )  # fmt: skip


def in_parameters(message: str) -> str:
    """Return a message with parameters of requests in place of options of the command line; what it quotes, and commands, stay.

    in_parameters("--from is not before --to")    # "`from` is not before `to`"
    """
    return _OPTION.sub(lambda found: found[0] if found[1] is None else f"`{_parameter(found[1])}`", message)


_OPTION: Final = re.compile(r"""footfall [^,;:.]*|(?<![\w'"-])--([a-z]+(?:-[a-z]+)*)""")


def _parameter(option: str) -> str:
    """Return an option's name in requests: in the query string it is the same, in a body it has no hyphens."""
    return option if option in OPTIONS else option.replace("-", "_")


def answer(value: Any, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    """Return a value as JSON."""
    return Response(as_json(value), status, {**HEADERS, **headers}, "application/json")


def as_json(value: Any) -> bytes:
    """Return a value as JSON; a number that is none is null."""
    return _ENCODER.encode(value)


def _plain(value: object) -> int | float:
    """Return a number of another kind, such as numpy's, as Python's."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain)
