"""Whether an amend by command fits its event with the amends that it has by then: by the rule of the fold, on what its files have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from gateway.fans.audit_entries import sent_event
from gateway.fold.amends import amends_of
from gateway.fold.corrections import AMEND, corrected_id, row_of
from gateway.records import Record
from gateway.state.facts_tail import events_after
from gateway.state.files import JOURNAL, LEDGER
from gateway.state.ledger_reader import ledger_reader


def why_unfit(state_dir: Path, ids: Sequence[str], amend: Record) -> str:
    """Return why an amend of the event with one of these ids will not apply; "" if it will, or the event has not come.

    `amend` is the record that the gateway would make of it. Raise ConfigError if a file cannot be read.
    """
    if not (state_dir / LEDGER).is_file():
        return ""
    with ledger_reader(state_dir / LEDGER) as ledger:
        new, rows = events_after(state_dir / JOURNAL, ledger.pos), ledger.corrections_of(ids)
        sent = next((found for each in ids if (found := sent_event(ledger, each))), None)
    sent = sent or next(((each.values["kind"], each.values) for each in new if each.values.get("id") in ids), None)
    if sent is None:
        return ""
    rows += [
        row_of(*each, each.values["of"]) for each in new if each.values["kind"] == AMEND and corrected_id(each.values, ids.__contains__)
    ]
    mine = row_of(amend, json.loads(amend.body), ids[0])
    return next((why for row, why in amends_of(*sent, [*rows, mine]).unfit if row == mine), "")
