"""Which event a correction by command is of, as far as the gateway's files know it: one that is not there yet is most likely mistyped."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gateway.accept.contents import remembered
from gateway.accept.ids import known_as
from gateway.fans.fact_text import when
from gateway.site.index import Places
from gateway.state.event_ids import content_in
from gateway.state.files import JOURNAL, LEDGER
from gateway.state.ledger_reader import ledger_reader


class CorrectedEvent(NamedTuple):
    """An event by its publisher's id."""

    id: str
    publisher: str
    store: str
    what: str
    """What it is, in words; "" if it has not come."""

    @property
    def is_known(self) -> bool:
        """Return whether it has come."""
        return self.what != ""

    def __str__(self) -> str:
        named = f"{self.id} of {self.publisher} in store {self.store}"
        return f"event {named}: {self.what}" if self.what else f"an event {named}, which has not come: is its id right, and its publisher?"


def corrected_event(state_dir: Path, places: Places, store: str, publisher: str, event_id: str) -> CorrectedEvent:
    """Return an event by what the journal remembers of it, else the ledger. Raise ConfigError if a file cannot be read."""
    hashes = known_as(places, store, publisher, event_id)
    content = content_in(state_dir / JOURNAL, hashes)
    what = _stored(state_dir / LEDGER, [each.hex() for each in hashes]) if content is None else _in_words(content)
    return CorrectedEvent(event_id, publisher, store, what)


def _in_words(content: bytes) -> str:
    values = dict(remembered(content).values)
    time_ns = values.pop("time_ns", 0)
    kind = values.pop("kind", "an event of an earlier release")
    of = f" of {when(time_ns)}" if time_ns else ""
    return f"{kind}{of}" + "".join(f", {key} {value}" for key, value in values.items() if value != "")


def _stored(ledger_path: Path, ids: list[str]) -> str:
    """Return what the ledger has of an event, in words."""
    if not ledger_path.is_file():
        return ""
    with ledger_reader(ledger_path) as ledger:
        for each in ids:
            if touch := ledger.touch_by_id(each):
                return f"touch of {when(touch.time_ns)}"
            if count := ledger.count_by_id(each):
                return f"count of door {count.door}"
    return ""
