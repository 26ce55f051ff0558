"""What facts would come to, before they are stated: the standings that they change, and with them fans, rows and money.

preview = Preview(ledger, AllRows(ledger), types, key, timeouts(ledger), facts_after(journal, ledger.pos))
preview.take(facts)
preview.effect().rows
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final

from gateway.fans.effect import Effect, Rows, effect_of
from gateway.fans.known_links import Facts
from gateway.fans.overlay import OverlayStore
from gateway.identity.facts import Fact, Standing
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes

_REMEMBERED: Final = 100_000


class Preview:
    """Stands on what is known; nothing of it is changed."""

    def __init__(
        self, known: Facts, rows: Rows, types: IdentifierTypes, key: bytes, timeout_ns: Mapping[str, int], stated: Iterable[Fact] = ()
    ) -> None:
        """`timeout_ns`: by store, after which silence a visit is over. `stated`: facts that are journaled, and that `known` lacks yet."""
        self._timeout_ns: Final = timeout_ns
        self._rows: Final = rows
        self.base: Final = OverlayStore(known)
        Identity(self.base, types, key).take(stated)
        self._top: Final = OverlayStore(self.base)
        self._identity: Final = Identity(self._top, types, key)
        self._after: Final[dict[str, Standing]] = {}

    def take(self, facts: Iterable[Fact]) -> None:
        """Take facts that would be stated."""
        self._after.update((standing.name, standing) for standing in self._identity.take(facts))

    def before(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Return the standings of names before the facts."""
        return self.base.standings(names)

    def after(self) -> Mapping[str, Standing]:
        """Return the standings that the facts change, by name."""
        return self._after

    def effect(self) -> Effect:
        """Return what would change."""

        @lru_cache(_REMEMBERED)
        def standing_of(name: str) -> Standing | None:
            return self.base.standings([name]).get(name)

        return effect_of(self._rows, self.before(self._after), self._after, standing_of, self._timeout_ns)
