"""A ledger of two fans for the application of `footfall serve`: f-1 came to s1 and s2 and bought in both, f-2 came to s2 alone.

write_ledger(state_dir)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgpack

from gateway.accept.contents import digest_of
from gateway.accept.ids import id_hash
from gateway.accept.outcome import Entry
from gateway.accept.pseudonymiser import Pseudonymiser
from gateway.fold.store import CorrectionRow, DwellRow, TouchRow, VisitRow
from gateway.identity.facts import FOR_EVER_NS, Fact, Identifier, Link, Merge, Span, Standing, fan_name
from gateway.records import RecordKind
from gateway.site import Site
from gateway.site.index import Places
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from tests.support.accept_inputs import plain_of

DAY_NS: Final = 86_400 * 10**9
NOW_NS: Final = 1_790_000_000 * 10**9
SUBJECTS: Final = {"f-1": f"{17:016x}", "f-2": f"{18:016x}"}
TAKEN: Final[dict[bytes, Any]] = {
    id_hash("s1", "crm", "t-1"): ["touch", "transaction", NOW_NS, None, None, None, "a", 12.5],
    id_hash("s1", "crm", "v-7"): ["void", None, NOW_NS, *[None] * 9, "t-1", "twice", "kim"],
    id_hash("", "fact", "merge-1"): {"kind": "fact", "fact": "merge", "fans": ["f-1", "f-old"]},
}
"""What the journal remembers of events: a sale of 12.5 that crm sent, a void, and a fact."""
SENT: Final[dict[bytes, Any]] = {
    id_hash("s1", "crm", "t-1"): {"kind": "touch", "what": "transaction", "id": "t-1", "amount": 12.5},
    id_hash("s1", "crm", "v-7"): {"kind": "void", "id": "v-7", "of": "t-1", "reason": "twice", "actor": "kim"},
    id_hash("", "fact", "merge-1"): {"kind": "fact", "fact": "merge", "id": "merge-1", "fans": ["f-1", "f-old"]},
}
"""The same as they were sent."""
_BODY: Final = dict.fromkeys(("zone", "department", "channel", "campaign", "ref", "items", "fan"), "") | {"staff_id": "ann", "subjects": []}


def _digest(sent: Mapping[str, Any]) -> bytes:
    """What accept makes of an event of crm in s1."""
    site = Site.model_validate({"brand": "acme", "stores": [{"name": "s1", "agents": [{"name": "crm"}]}]})
    return digest_of(plain_of(sent, Places(site), "s1", "crm", NOW_NS, NOW_NS, Pseudonymiser(None)))


def write_ledger(state: Path) -> None:
    """Write ledger.db and journal.db into a folder."""
    journal = Journal(state / "journal.db")
    for known_as, values in TAKEN.items():
        digest = _digest(SENT[known_as])
        journal.is_new_event(known_as, b"", digest + msgpack.packb((NOW_NS, values)))
    journal.commit([(1, Entry(RecordKind.NOTE, "", "", 0, b""))], {})
    journal.close()
    ledger = Ledger(state / "ledger.db")
    came = [("f-1", "s1", 0), ("f-1", "s2", 1), ("f-1", "s1", 2), ("f-2", "s2", 3)]
    ledger.save_visits(_visit(*each) for each in came)
    ledger.save_dwells(_dwell(*each) for each in came)
    ledger.save_touches([sale("f-1", "s1", 2, 10.0), sale("f-1", "s2", 1, 20.0), sale("f-2", "s2", 3, 30.0)])
    ledger.save_standings(_standings())
    ledger.add(list(_facts()), [])
    ledger.save_corrections([_void("s1", "till-1"), _void("s2", "till-2")])
    estate = {"stores": [], "rules": [], "agents": [], "zones": []}
    fold = {"pos": 0, "turn": NOW_NS // 10**9 + 86_400 * 9, "state": {"estate": estate, "fans": []}}
    nobody = {"slots": msgpack.packb((0, [])), "slots.subject": b"", "slots.v_state": b""}
    ledger.checkpoint([("fold", msgpack.packb(fold)), *nobody.items()])
    ledger.close()


def _visit(fan: str, store: str, day: int) -> VisitRow:
    start_ns = NOW_NS + day * DAY_NS
    return VisitRow(SUBJECTS[fan], store, start_ns, "x", start_ns, start_ns + 1_800 * 10**9, 7, 0, 0, fan, 0, "")


def _dwell(fan: str, store: str, day: int) -> DwellRow:
    start_ns = NOW_NS + day * DAY_NS
    return DwellRow(SUBJECTS[fan], store, "a", start_ns, "x", start_ns, start_ns + 900 * 10**9, 0, 0, fan)


def sale(fan: str, store: str, day: int, amount: float, **more: Any) -> TouchRow:
    """Return a sale to a fan, in the midst of a visit of that day."""
    time_ns = NOW_NS + day * DAY_NS + 600 * 10**9
    body: dict[str, Any] = _BODY | {"what": "transaction", "amount": amount, "time_ns": time_ns} | more
    return TouchRow(store, f"till-{store[1]}", day, time_ns, time_ns, None, SUBJECTS[fan], fan, "", 0, json.dumps(body))


def _standings() -> Iterator[Standing]:
    for fan, subject in SUBJECTS.items():
        for name in (subject, fan_name(fan)):
            yield Standing(name, 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, fan),))
    yield Standing(fan_name("f-old"), 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, "f-1"),))


def _facts() -> Iterator[Fact]:
    about = {"learned_ns": NOW_NS, "source": "crm"}
    for fan, subject in SUBJECTS.items():
        yield Link(id=f"link-{fan}", actor="crm", identifier=Identifier("member", subject), fan=fan, **about)  # type: ignore[arg-type] # texts
    yield Merge(id="merge-1", actor="kim", reason="twice", fans=("f-1", "f-old"), **about)  # type: ignore[arg-type] # as above


def _void(store: str, agent: str) -> CorrectionRow:
    body = json.dumps({"id": f"void-{store}", "actor": "kim", "reason": "typo"})
    return CorrectionRow(f"{store}-9", store, agent, 0, "void", NOW_NS, 0, body)
