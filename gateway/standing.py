"""The ledger and the fold that stands on it, as of the last checkpoint; made anew from the journal where nobody can open them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError
from footfall.sqlite import Unusable
from gateway.fold.fold import Fold
from gateway.journal import Journal
from gateway.ledger import Ledger

log = logging.getLogger("footfall.gateway.fold")

PARTS: Final = ("", "-wal", "-shm")
DAMAGED: Final = ".damaged"
"""A file beside the ledger's: it was found damaged while it was used."""


def open_fold(path: Path, journal: Journal, fold_on: Callable[[Ledger], Fold]) -> tuple[Ledger, Fold]:
    """What stands at `path`. If nobody can open it (damaged, or of a release too old) it is moved beside, and folded again.

    Only where the journal still has every record that it ever had: else what is older would be stored anew without it. ConfigError
    names the file then, and what to do.
    """
    try:
        if path.with_name(path.name + DAMAGED).exists():
            raise Unusable(f"{path}: it was found damaged")
        return _opened(path, fold_on)
    except Unusable as error:
        if journal.pruned_to() or not journal.last_pos:
            raise ConfigError(
                f"{error}. The journal no longer has all that it was made of: put back a backup (footfall restore), or move"
                f" {path.name} away to go on with what the journal has"
            ) from None
        beside = move_aside(path)
        log.error("%s. It is now %s, and what it held is made again from the journal", error, beside.name)
        return _opened(path, fold_on)


def mark_damaged(path: Path) -> None:
    """The next start does not use it."""
    path.with_name(path.name + DAMAGED).touch()


def move_aside(path: Path) -> Path:
    """A database with its companions, under a name that is free."""
    number = 1 + sum(1 for _ in path.parent.glob(f"{path.name}.unusable-*[0-9]"))
    beside = path.with_name(f"{path.name}.unusable-{number}")
    for part in PARTS:
        if (found := path.with_name(path.name + part)).exists():
            found.rename(beside.with_name(beside.name + part))
    path.with_name(path.name + DAMAGED).unlink(missing_ok=True)
    return beside


def _opened(path: Path, fold_on: Callable[[Ledger], Fold]) -> tuple[Ledger, Fold]:
    ledger = Ledger(path)
    try:
        fold, state = fold_on(ledger), ledger.state()
        if "fold" in state:
            fold.load(state)
    except BaseException:
        ledger.close()
        raise
    return ledger, fold
