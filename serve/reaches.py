"""The stores of each caller, worked out once for each state of site.toml: a chain has thousands."""

from __future__ import annotations

from typing import Final

from gateway.site import Site
from serve.estate import ServedEstate
from serve.roles import Caller, Role, reach_of


class Reaches:
    """Remembers what it worked out until the site changes."""

    def __init__(self, estate: ServedEstate) -> None:
        self._site: Final = estate.site
        self._needed_site: Final = estate.needed_site
        self._of: Site | None = None
        self._known: dict[Caller, frozenset[str]] = {}

    def __call__(self, caller: Caller) -> frozenset[str] | None:
        """Return the stores that a caller may ask about; None: all. Raise SettingsUnreadable: site.toml could not be read yet."""
        if caller.role is Role.HEADQUARTERS:
            return None
        site = self._needed_site() if caller.paths else self._site()
        if site is not self._of:
            self._of, self._known = site, {}
        if caller not in self._known:
            self._known[caller] = reach_of(caller, site) or frozenset()
        return self._known[caller]
