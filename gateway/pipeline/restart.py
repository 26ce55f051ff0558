"""The ledger and the fold that stands on it, as of the last checkpoint; made anew from the journal where nobody can open them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from footfall.errors import ConfigError, Unusable
from footfall.sqlite import DamagedFile, open_file
from gateway.fold.fold import Fold
from gateway.state.journal import Journal
from gateway.state.journal_reader import site_after
from gateway.state.ledger import Ledger
from gateway.state.salvage import is_marked, move_aside, unmark

log = logging.getLogger("footfall.gateway.fold")


def site_of(journal: Journal, fold: Fold) -> bytes:
    """Return the estate that is in force once the fold has all that the journal has: a site may stand behind the last checkpoint."""
    with closing(open_file(journal.path, "mode=ro")) as db:
        return site_after(db, fold.pos) or fold.site_json()


def open_fold(
    path: Path, journal: Journal, fold_on: Callable[[Ledger], Fold], said: Callable[[str], None] = log.error
) -> tuple[Ledger, Fold]:
    """Return the ledger at `path` and its fold. A file that nobody can open (damaged, or too old) is moved beside, and folded again.

    Only where the journal still has every record that it ever had: else what is older would be stored anew without it. Then single rows
    that are damaged are forgotten, and `said`; of any other damage ConfigError names the file, and what to do.
    """
    try:
        if is_marked(path):
            raise DamagedFile(path, "it was found damaged")
        return _opened(path, fold_on)
    except Unusable as error:
        if not journal.pruned_to() and journal.last_pos:
            beside = move_aside(path)
            said(f"{error}. It is now {beside.name}, and what it held is made again from the journal")
        else:
            said(f"{error}. {_forget_damaged(path, error)}")
        return _opened(path, fold_on)


def _forget_damaged(path: Path, error: Unusable) -> str:
    """What was done to go on with all that is whole."""
    try:
        if not isinstance(error, DamagedFile):
            raise error
        ledger = Ledger(path)
        try:
            gone = ledger.drop_damaged()
        finally:
            ledger.close()
    except Unusable as why:
        raise ConfigError(
            f"{why}. The journal no longer has all that it was made of: put back a backup (footfall restore), or move"
            f" {path.name} away to go on with what the journal has"
        ) from None
    unmark(path)
    rows = ", ".join(f"{n} of {table}" for table, n in gone.items()) or "none"
    return f"Rows that were damaged are forgotten ({rows}): what they told is not corrected any more. A backup has them (footfall restore)"


def _opened(path: Path, fold_on: Callable[[Ledger], Fold]) -> tuple[Ledger, Fold]:
    ledger = Ledger(path)
    try:
        ledger.check()
        fold, state = fold_on(ledger), ledger.state()
        if "fold" in state:
            fold.load(state)
    except BaseException:
        ledger.close()
        raise
    return ledger, fold
