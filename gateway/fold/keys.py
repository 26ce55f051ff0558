"""Places of points whose digits are no plain numbers: what finds its own taken by something else is moved on, and counted.

Rows with a device's own time and plain events can fall into one millisecond any number of times: a device's clock may stand still, a
recording may be played twice. Their digits come from names, so that two of them meet by chance only (1 in 500,000); all others are
numbered, cannot meet, and are not looked up here. What was claimed is in the ledger, as of the fold's position, so that folding
again moves the same points to the same places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from gateway.fold.store import Claim, FoldStore
from gateway.points import number_of, other_key_ns

KEEP_CLAIMS: Final = 1_000_000
"""The latest ones count: some 40 MB of the ledger. What was claimed longer ago has its point, and is not looked for."""
ATTEMPTS: Final = 100
_OWNERS: Final = 1 << 14


class Keys:
    """Claims of (publisher in a store, point's time). The same content again has the same place."""

    def __init__(self, ledger: FoldStore) -> None:
        self._ledger: Final = ledger

    def place(self, owner: int, key_ns: int, content: int, counts: Counter[str]) -> int:
        """Return where the point goes, ns."""
        counts["keys_claimed_total"] += 1
        claim = Claim(owner, key_ns, content, counts["keys_claimed_total"])
        return key_ns if self._ledger.claim_all([claim]) else self._place(claim, counts)

    def place_many(self, wanted: Sequence[tuple[int, int, int]], counts: Counter[str]) -> list[int]:
        """Return where points of (owner, key_ns, content) go, ns, one after the other."""
        number = counts["keys_claimed_total"] + 1
        counts["keys_claimed_total"] += len(wanted)
        if self._ledger.claim_all([Claim(*each, at) for at, each in enumerate(wanted, number)]):
            return [key_ns for _, key_ns, _ in wanted]
        return [self._place(Claim(*each, at), counts) for at, each in enumerate(wanted, number)]

    def _place(self, claim: Claim, counts: Counter[str]) -> int:
        for attempt in range(ATTEMPTS):
            tried = claim._replace(key_ns=other_key_ns(claim.key_ns, claim.content, attempt))
            found = self._ledger.claimed(tried.owner, tried.key_ns)
            if found is None or found.number <= claim.number - KEEP_CLAIMS or found.content == claim.content:
                self._ledger.claim(tried)
                counts["keys_moved_total"] += attempt > 0
                return tried.key_ns
        counts["keys_taken_total"] += 1
        return claim.key_ns

    def forget(self, counts: Counter[str]) -> None:
        """Drop claims that do not count any more. Changes nothing that is placed later."""
        self._ledger.forget_claims(counts["keys_claimed_total"] - KEEP_CLAIMS)


@lru_cache(maxsize=_OWNERS)
def owner_of(store: str, agent: str) -> int:
    """Return whose points share keys: visits and dwells have the keys of rows in any zone, so zones do not separate them."""
    return number_of(store, agent)
