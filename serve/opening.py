"""Which stores are closed now, by the hours and closed days of site.toml. It reads no clock."""

from __future__ import annotations

from typing import Final

import numpy as np

from footfall.units import NS_PER_MINUTE
from gateway.query.estate import QueryEstate
from gateway.query.open_minutes import is_open


class Opening:
    """Worked out once a minute for each store that is asked about; before `use` no store is closed."""

    def __init__(self) -> None:
        self._estate: QueryEstate | None = None
        self._minute = 0
        self._closed: Final[dict[str, bool]] = {}
        """By store, in that minute."""

    def use(self, estate: QueryEstate) -> None:
        """Put the hours of an estate in force."""
        self._estate = estate
        self._closed.clear()

    def is_closed(self, store: str, now_ns: int) -> bool:
        """Return whether a store states hours and is closed at a time."""
        minute = now_ns // NS_PER_MINUTE
        if minute != self._minute:
            self._minute = minute
            self._closed.clear()
        if store not in self._closed:
            self._closed[store] = self._look(store, minute)
        return self._closed[store]

    def _look(self, store: str, minute: int) -> bool:
        if self._estate is None or store not in self._estate.stores:
            return False
        facts = self._estate.stores[store]
        return facts.states_hours and not is_open(facts, np.array([minute * NS_PER_MINUTE], np.int64)).item()
