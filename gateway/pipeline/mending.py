"""What to do about a record that the fold cannot take, whatever the reason: find it, keep its bytes, and put an aside in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from footfall.errors import ContractError, FootfallError
from footfall.frames import Body, DecidedTime, Header, decode_body, encode_frame
from footfall.topics import Topic
from footfall.wording import with_article
from gateway.accept.outcome import Entry
from gateway.records import Record, RecordKind
from gateway.state.journal_reader import Aside, DamagedRecords
from gateway.state.quarantine.entries import Refusal

DAMAGED_REASON: Final = "journal.damaged"
UNFOLDABLE_REASON: Final = "journal.unfoldable"
KEPT: Final = "journal/"
"""How topics of what the fold could not take begin, but for frames."""
_TAKEN_AGAIN: Final = frozenset(
    {
        RecordKind.EVENT,
        RecordKind.HEALTH,
        RecordKind.LINKS,
        RecordKind.FACTS,
        RecordKind.GAP,
        RecordKind.HISTORY,
        RecordKind.POINTS,
        RecordKind.REBUILT,
    }
)
EPOCH: Final = "set-aside"
"""Of the frames that records are made into again: a replay from quarantine goes past the marks, and needs none."""


class FoldStuck(FootfallError):
    """The fold fails at record after record: it is not a record's fault."""


def culprit(start_pos: int, failing_pos: int, fails_after: Callable[[int], bool]) -> int:
    """Return the position of the record to blame for a failure at `failing_pos`: an earlier one may do harm only when its batch closes.

    `fails_after(pos)` folds from `start_pos` up to `pos`, then the failing one, and returns whether that fails.
    """
    if fails_after(start_pos):
        return failing_pos
    good, bad = start_pos, failing_pos - 1
    if bad <= good:
        return failing_pos
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fails_after(middle) else (middle, bad)
    return bad


def unfoldable(record: Record, rows: int, rows_total: int, error: Exception) -> tuple[Aside, Refusal]:
    """Return what stands in the record's place, and what quarantine keeps: a frame as a frame, to be replayed once that is mended."""
    count = rows if rows >= 0 else int(record.kind in (RecordKind.FRAME, RecordKind.EVENT))
    aside = Aside(record.pos, record.pos, record.received_ns, record.received_ns, record.store, record.agent, count, rows_total,
                  "fold_failed")  # fmt: skip
    return aside, _refusal(aside, UNFOLDABLE_REASON, f"{type(error).__name__}: {error}", *_message(record))


def damaged(found: DamagedRecords) -> Refusal:
    """Return what quarantine keeps of records that are not what was written."""
    return _refusal(found.aside, DAMAGED_REASON, str(found), f"{KEPT}{found.aside.pos}", found.payload)


def _refusal(aside: Aside, reason: str, words: str, topic: str, payload: bytes) -> Refusal:
    message = f"record {aside.pos}: {words}"
    return Refusal(reason, message, topic, aside.received_ns, payload, "fold", aside.rows, f"journal/{aside.pos}/{aside.received_ns}")


def _message(record: Record) -> tuple[str, bytes]:
    if record.kind == RecordKind.FRAME:
        try:
            return str(Topic(record.store, record.agent, "frames")), _frame(record, decode_body(record.body))
        except ContractError:
            pass
    return f"{KEPT}{record.kind.name.lower()}/{record.store}/{record.agent}/{record.seq}/{record.key_base}", record.body


def kept_entry(topic: str, payload: bytes) -> Entry:
    """Return the record that quarantine keeps under such a topic, to be journaled once more. Raise ContractError if it cannot be."""
    try:
        _, name, store, agent, seq, digits = topic.split("/")
        kind = RecordKind[name.upper()]
        entry = Entry(kind, store, agent, int(seq), payload, rows=int(kind == RecordKind.EVENT), key_base=int(digits))
    except (ValueError, KeyError):
        raise ContractError(DAMAGED_REASON, "these are remains of records, which nobody can take: a backup may have them whole") from None
    if kind not in _TAKEN_AGAIN:
        raise ContractError(UNFOLDABLE_REASON, f"{with_article(name)} is not taken from here: the gateway makes its own at the next start")
    return entry


def _frame(record: Record, body: Body) -> bytes:
    decided = DecidedTime(record.offset_ns, record.clock_width_ns, record.time_quality)
    header = Header(record.store, record.agent, EPOCH, record.seq, 1, body.boot, body.made_boot_ns, body.made_wall_ns)
    return encode_frame(header._replace(decided=decided), record.body)
