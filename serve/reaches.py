"""The stores of each caller, worked out once for each state of site.toml: a chain has thousands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.site import Site
from serve.roles import Caller, Role, reach_of


class Reaches:
    """Remembers what it worked out until the site changes."""

    def __init__(self, site: Callable[[], Site | None]) -> None:
        """`site` returns the same object until site.toml changes."""
        self._site: Final = site
        self._of: Site | None = None
        self._known: dict[Caller, frozenset[str]] = {}

    def __call__(self, caller: Caller) -> frozenset[str] | None:
        """Return the stores that a caller may ask about; None: all."""
        if caller.role is Role.HEADQUARTERS:
            return None
        site = self._site()
        if site is not self._of:
            self._of, self._known = site, {}
        if caller not in self._known:
            self._known[caller] = reach_of(caller, site) or frozenset()
        return self._known[caller]
