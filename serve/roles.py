"""Who asks, by a token or from this machine, and which stores that may be about. Pure.

caller = Caller("ann", Role.STORE, stores=frozenset({"s1"}))
reach_of(caller, site) -> frozenset({"s1"})        # None: the whole chain
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.site import Site


class Role(StrEnum):
    """What somebody does for the brand."""

    STORE = "store"
    """Works in some stores."""
    AREA = "area"
    """Answers for the stores of a path."""
    HEADQUARTERS = "headquarters"
    """Sees and decides everything."""
    INTEGRATOR = "integrator"
    """A program that writes as a publisher, and reads what became of that."""


class Caller(NamedTuple):
    """Who asks."""

    name: str
    role: Role
    stores: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    agents: frozenset[str] = frozenset()
    """The publishers in whose name it sends; empty: any of its stores."""
    token: str = ""
    """The id of its token, by which its requests are limited; "": they are not."""


HERE: Final = Caller("", Role.HEADQUARTERS)
"""Whoever is on this machine, or has the token of `token_file`."""


def reach_of(caller: Caller, site: Site | None) -> frozenset[str] | None:
    """Return the stores that a caller may ask about; None: all. Without a site a path has no stores."""
    if caller.role is Role.HEADQUARTERS:
        return None
    below = (store.name for store in (site.stores if site else ()) if is_below(store.path, caller.paths))
    return caller.stores | frozenset(below)


def is_below(path: str, paths: Iterable[str]) -> bool:
    """Return whether a path is one of these, or below one."""
    return any(path == each or path.startswith(f"{each}/") for each in paths)
