"""The ledger's places of points that are taken (gateway.fold.keys)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gateway.fold.store import Claim
from gateway.state.sealed_rows import SealedRows, insert, sealed

_EARLIEST_NS: Final = -1 << 63
CLAIMS_AT_ONCE: Final = 1_000
"""So many claims wait in memory to be written."""


class ClaimTable(SealedRows):
    """A place behind all others of its owner, as those of events mostly are, is free: it waits, and is written with many."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        super().__init__(path, db)
        self._claims: list[Claim] = []
        self._last_ns: Final[dict[int, int]] = {}
        """By owner, the last place that may be taken: that of each claim that waits, and of no claim a lesser one."""

    def claim_all(self, claims: Sequence[Claim]) -> bool:
        """Claim places that are all free; return False, and change nothing, if one is not."""
        if len(claims) == 1 and self._wait(claims[0]):
            return True
        self._write_claims()
        if self._db.executemany(insert(Claim, "IGNORE"), sealed(claims)).rowcount == len(claims):
            self._raise_last(claims)
            return True
        self._db.executemany("DELETE FROM claims WHERE owner=? AND key_ns=? AND content=? AND number=?", claims)
        return False

    def _wait(self, claim: Claim) -> bool:
        """Keep a claim to be written; return False if its place may be taken."""
        last_ns = self._last_ns.get(claim.owner)
        if last_ns is None:
            found = self._read("SELECT coalesce(max(key_ns), ?) FROM claims WHERE owner=?", (_EARLIEST_NS, claim.owner))
            last_ns = self._last_ns[claim.owner] = found[0][0]
        if claim.key_ns <= last_ns:
            return False
        self._last_ns[claim.owner] = claim.key_ns
        self._claims.append(claim)
        if len(self._claims) >= CLAIMS_AT_ONCE:
            self._write_claims()
        return True

    def claimed(self, owner: int, key_ns: int) -> Claim | None:
        self._write_claims()
        rows = self._rows(Claim, "WHERE owner=? AND key_ns=?", (owner, key_ns))
        return rows[0] if rows else None

    def claim(self, claim: Claim) -> None:
        self._write_claims()
        self._save(Claim, [claim])
        self._raise_last([claim])

    def forget_claims(self, up_to_number: int) -> None:
        """Forget claims up to a number. It reads all of them: call it now and then."""
        self._write_claims()
        if up_to_number > 0:
            self._db.execute("DELETE FROM claims WHERE number <= ?", (up_to_number,))

    def _raise_last(self, claims: Iterable[Claim]) -> None:
        for owner, key_ns, *_ in claims:
            if self._last_ns.get(owner, key_ns) < key_ns:
                self._last_ns[owner] = key_ns

    def _write_claims(self) -> None:
        if self._claims:
            self._save(Claim, sorted(self._claims))
            self._claims = []

    def _forget_waiting_claims(self) -> None:
        self._claims = []
        self._last_ns.clear()
