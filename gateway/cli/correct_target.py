"""Which event a correction by command is of, as far as the gateway's files know it, and what becomes of the correction by that.

One that is not there yet is most likely mistyped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from gateway.accept.contents import remembered
from gateway.accept.ids import known_as
from gateway.fans.fact_text import when
from gateway.fold.amends import VOID
from gateway.site.index import Places
from gateway.state.event_ids import content_in
from gateway.state.facts_tail import events_after
from gateway.state.files import JOURNAL, LEDGER
from gateway.state.ledger_reader import LedgerReader, ledger_reader


class CorrectedEvent(NamedTuple):
    """An event by its publisher's id."""

    id: str
    publisher: str
    store: str
    what: str
    """What it is, in words; "" if it has not come."""
    is_void: bool = False
    """Whether it was taken back, or will be once it comes."""
    is_stored: bool = True
    """Whether what it states is still kept, beside its id."""

    def outcome(self, dry_run: bool) -> list[str]:
        """Return what becomes of a correction of it, in lines: of one that is sent now, or in a dry run of one that would be."""
        waits, changes, corrects = _IF_SENT if dry_run else _SENT
        named = f"{self.id} of {self.publisher} in store {self.store}"
        if not self.what:
            voided = "; a void waits for it already, and wins" if self.is_void else ""
            there = f"it {waits} for an event {named}, which has not come: is its id right, and its publisher?{voided}"
            return [there, "footfall audit --waiting lists what waits"]
        if self.is_void:
            return [f"it {changes} nothing: event {named} was taken back before, and a void lasts: {self.what}"]
        if not self.is_stored:
            return [f"it {waits} without end: event {named} is too old to be stored any more: {self.what}"]
        return [f"it {corrects} event {named}: {self.what}"]


_SENT: Final = ("waits", "changes", "corrects")
_IF_SENT: Final = ("would wait", "would change", "would correct")


class _InLedger(NamedTuple):
    """What the ledger, and the journal behind it, have of an event."""

    what: str = ""
    is_void: bool = False
    is_stored: bool = True


def corrected_event(state_dir: Path, places: Places, store: str, publisher: str, event_id: str) -> CorrectedEvent:
    """Return an event by what the journal remembers of it, else the ledger. Raise ConfigError if a file cannot be read."""
    hashes = known_as(places, store, publisher, event_id)
    content = content_in(state_dir / JOURNAL, hashes)
    stored = _in_ledger(state_dir, [each.hex() for each in hashes])
    what = stored.what if content is None else _in_words(content)
    return CorrectedEvent(event_id, publisher, store, what, stored.is_void, stored.is_stored)


def _in_words(content: bytes) -> str:
    values = dict(remembered(content).values)
    time_ns = values.pop("time_ns", 0)
    kind = values.pop("kind", "an event of an earlier release")
    of = f" of {when(time_ns)}" if time_ns else ""
    return f"{kind}{of}" + "".join(f", {key} {value}" for key, value in values.items() if value != "")


def _in_ledger(state_dir: Path, ids: Sequence[str]) -> _InLedger:
    if not (state_dir / LEDGER).is_file():
        return _InLedger()
    with ledger_reader(state_dir / LEDGER) as ledger:
        what, new = _stored(ledger, ids), events_after(state_dir / JOURNAL, ledger.pos)
        kinds = [row.kind for row in ledger.corrections_of(ids)]
    kinds += [each.values["kind"] for each in new if each.values.get("of") in ids]
    return _InLedger(what, VOID in kinds, what != "" or any(each.values.get("id") in ids for each in new))


def _stored(ledger: LedgerReader, ids: Sequence[str]) -> str:
    """Return what the ledger has of an event, in words."""
    for each in ids:
        if touch := ledger.touch_by_id(each):
            return f"touch of {when(touch.time_ns)}"
        if count := ledger.count_by_id(each):
            return f"count of door {count.door}"
    return ""
