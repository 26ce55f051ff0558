"""Returns whose `ref` no sale has: they count as they are, and are named until the sale comes, which may be later. Beside the fold's rows.

A return may come before its sale. It may be of a sale that nobody ever stored, too, or the till sent another number than the sale's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from footfall.compact_json import decoded
from footfall.units import NS_PER_S
from gateway.fold.state import State
from gateway.fold.store import TouchRow
from gateway.identity.facts import ref_name

RETURN, SALE = "return", "transaction"
OF_SALES: Final = frozenset({RETURN, SALE})
COUNT: Final = "returns_without_sale_total"


class Returns:
    """Notes them in `state.returns_without_sale`; `state.counts` has how many came."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._waiting: Final = state.returns_without_sale

    def came(self, row: TouchRow, values: Mapping[str, Any]) -> None:
        """Look at a return or a sale with a reference that is new, and stored."""
        if values["what"] == SALE:
            self._waiting.met(values["ref"])
        elif not self._has_sale(values["ref"]):
            self._state.counts[COUNT] += 1
            self._wait(values["ref"], row)

    def changed(self, before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Look again at what a corrected touch was and is."""
        for ref in {each["ref"] for each in (before, values) if each["what"] in OF_SALES and each["ref"]}:
            returns = [each for each in self._of(ref, RETURN) if not each.void]
            if returns and not self._has_sale(ref):
                self._wait(ref, returns[0])
            else:
                self._waiting.met(ref)

    def _wait(self, ref: str, row: TouchRow) -> None:
        self._waiting.hear(ref, row.store, row.agent, self._state.revisions.now_s * NS_PER_S)

    def _has_sale(self, ref: str) -> bool:
        return any(not each.void for each in self._of(ref, SALE))

    def _of(self, ref: str, what: str) -> list[TouchRow]:
        """Return the touches of a kind that have a reference now: the ledger finds them by an earlier one, too."""
        found = [(each, decoded(each.body)) for each in self._state.ledger.touches_of(ref_name(ref))]
        return [row for row, values in found if (values["what"], values["ref"]) == (what, ref)]
