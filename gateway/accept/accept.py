"""Accept: is this message new, well formed and of this estate, and when did its events happen? Decided once, here. Pure.

A frame is accepted if its seq is the mark + 1. A frame at or below the mark is known already and is receipted again. A frame further
ahead is answered with the mark, so that the agent rewinds. If the agent's spool had to drop frames, the mark skips to the oldest one
left, and a gap records how many rows were lost.
"""

from __future__ import annotations

from math import ceil
from typing import Final, NamedTuple

import numpy as np

from footfall.boot_clock import Bounds, learn
from footfall.errors import BUGS, ContractError
from footfall.frames import MAX_ROWS, Body, Header, Kind, crc32_of, decode_body, decode_frame, encode_body, encode_frame
from footfall.receipts import Times
from footfall.topics import Topic
from gateway.accept import decisions
from gateway.accept.dating import Dated, Dating
from gateway.accept.events import Pseudonymiser
from gateway.accept.history import foreign_until_ns, grown
from gateway.accept.limits import FLOOD, RateLimits
from gateway.accept.memory import EVENTS_EPOCH, Mark, Memory
from gateway.accept.outcome import BUG, UNREAD, Echo, Entry, Outcome, RefusedPart, explain_bug
from gateway.accept.parts import Parts
from gateway.accept.placing import MAX_ROW, around, check_plausible, heard_at, placed, without_dead_clocks
from gateway.accept.plain_events import PlainEvents
from gateway.accept.renamed import Renamed
from gateway.points import key_base
from gateway.records import DEVICE_FUTURE_NS, RecordKind
from gateway.site.index import HeardAt, Places, StorePlaces, check_places

_NOT_FRAME_ROWS: Final = bytes([Kind.EVENT, Kind.REFUSED])


class _Frame(NamedTuple):
    """One frame as it was received; `header` has the agent's present name."""

    header: Header
    payload: bytes
    data: bytes
    received_ns: int
    is_replayed: bool

    @property
    def key(self) -> str:
        """Identifies it in quarantine."""
        return f"{self.header.agent}/{self.header.epoch}/{self.header.seq}"


class _Checked(NamedTuple):
    """Where and when the rows of a frame were heard, and under which names they are stored."""

    places: StorePlaces
    dated: Dated
    heard_ns: int
    whose: HeardAt


class Acceptor:
    """Accepts messages of one brand's estate; `memory` is all that it remembers."""

    def __init__(self, places: Places, memory: Memory, pseudonyms: Pseudonymiser) -> None:
        self._by_name, self._pseudonyms = memory, pseudonyms
        self._dating: Final = Dating(memory)
        self.use(places)
        self._parts, self.limits = Parts(), RateLimits()

    def use(self, places: Places) -> None:
        """Accept by another estate from now on. What is remembered of agents stays."""
        self.places, self._memory = places, Renamed(self._by_name, places) if places.has_renamed_agents else self._by_name
        self._events = PlainEvents(places, self._memory, self._pseudonyms)
        self._dating.use(self._memory)

    def is_new(self, id_hash: bytes) -> bool:
        """Return whether something that is accepted once, whatever happens, was never seen. From this call on it counts as seen."""
        return self._memory.is_new_event(id_hash)

    def events(self, topic: Topic, payload: bytes, received_ns: int, replayed: bool = False) -> Outcome:
        """Return the outcome of one message on an `events` topic. Raise ContractError if it cannot be read as a whole."""
        return self._events.published(topic, payload, received_ns, replayed)

    def frame(self, topic: Topic, payload: bytes, received_ns: int, replayed: bool = False) -> Outcome:
        """Return the outcome of one message on a `frames` topic. `replayed`: from quarantine, accepted whatever the marks.

        Raise ContractError if the message as a whole cannot be read; then no mark moves.
        """
        header, data = self._read(topic, payload, replayed)
        mark = self._memory.mark(header.agent, header.epoch)
        frame = _Frame(header, payload, data, received_ns, replayed)
        if replayed:
            return self._take(Outcome(), frame, mark, self._remembered(header, received_ns))
        outcome = Outcome(echo=Echo(header.boot, header.sent_boot_ns))
        if header.receipted > mark.seq:
            self._note_history(outcome, header, received_ns)
        now = self._learn(header, received_ns)
        if header.times_n > 0:
            decisions.confirm(self._memory, header)
        if header.seq <= mark.seq:
            return _known(outcome, header, data, mark)
        if header.seq != max(mark.seq + 1, header.oldest) or self._is_flood(outcome, header.agent, received_ns):
            outcome.receipt, outcome.dropped = (header.epoch, mark.seq), ("ahead", 0)
            return outcome
        if header.parts > 1:
            whole = self._join(outcome, topic, frame)
            if whole is None:
                return outcome
            frame = whole
        try:
            return self._take(outcome, frame, mark, now)
        except BUGS as error:
            return self._refuse_bug(Outcome(echo=outcome.echo), frame, mark, error)

    def times(self, agent: str, most: int) -> Times | None:
        """Return the dates of the agent's frames for its next receipt, `most` runs of them; None: there is none to send."""
        return decisions.for_receipt(self._memory, agent, most)

    def _read(self, topic: Topic, payload: bytes, replayed: bool) -> tuple[Header, bytes]:
        header, data = decode_frame(payload)
        if header.seq == 0:
            self.places.of(header.store, header.agent)  # the hello of a stranger gets no receipt
        if (header.store, header.agent) != (topic.store, topic.agent):
            raise ContractError("frame.topic", f"the header says {header.store}/{header.agent}, the topic {topic.store}/{topic.agent}")
        if header.epoch == EVENTS_EPOCH:
            raise ContractError("frame.epoch", f"the epoch {EVENTS_EPOCH!r} numbers plain events: it is no random id")
        if replayed and header.parts > 1:
            raise ContractError("frame.parts", "a part of a frame cannot be taken without the others")
        now = self.places.agent_now(header.agent)
        return (header if now == header.agent else header._replace(agent=now)), data

    def _remembered(self, header: Header, received_ns: int) -> Bounds:
        """Bounds for a message from quarantine, of which only is known that it was sent before it was received."""
        return learn(self._memory.bounds(header.agent, header.boot), received_ns, header.sent_boot_ns, 0, 0)

    def _learn(self, header: Header, received_ns: int) -> Bounds:
        """Every gateway on the broker gets every frame, but the receipt that a header echoes was one gateway's, by that one's clock."""
        before = self._memory.bounds(header.agent, header.boot)
        is_ours = header.journal in ("", self._memory.journal_id)
        echoed_ns = header.gateway_ns if is_ours else 0
        after = learn(before, received_ns, header.sent_boot_ns, echoed_ns, header.heard_boot_ns)
        self._memory.set_bounds(header.agent, header.boot, after)
        return after

    def _note_history(self, outcome: Outcome, header: Header, received_ns: int) -> None:
        """Record up to when another state derived points: the fold must not derive them again from what is left."""
        until_ns = foreign_until_ns(self._memory, header, received_ns)
        for store in self.places.of_agent(header.agent) if until_ns else ():
            if body := grown(self._memory, store, until_ns):
                outcome.entries.append(Entry(RecordKind.HISTORY, store, header.agent, 0, body))

    def _is_flood(self, outcome: Outcome, agent: str, received_ns: int) -> bool:
        """Whether the agent is above its pace; then `outcome` asks it to pause."""
        if agent not in self.limits.late:
            return False
        beyond_s = self.limits.beyond_s(agent, received_ns, "messages", "bytes", "rows")
        if beyond_s <= 0:
            return False
        outcome.pause_s = ceil(beyond_s)
        outcome.noticed["agent_flooding"] = f"it sends more than it may, and is asked to wait for {outcome.pause_s} s"
        return True

    def _join(self, outcome: Outcome, topic: Topic, frame: _Frame) -> _Frame | None:
        """Return the whole frame if this was its last part. Parts that do not fit are refused, and move no mark: the agent may resend."""
        header, payload, data, received_ns, is_replayed = frame
        try:
            whole = self._parts.join(header, data, crc32_of(payload))
        except ContractError as error:
            outcome.refuse(RefusedPart(error.reason, str(error), payload))
            return None
        if whole is None:
            return None
        header = header._replace(part=0, parts=1)
        return _Frame(header, encode_frame(header._replace(agent=topic.agent), whole), whole, received_ns, is_replayed)

    def _take(self, outcome: Outcome, frame: _Frame, mark: Mark, now: Bounds) -> Outcome:
        """Add a new frame's rows to `outcome`, or refuse them; in both cases the mark moves past it."""
        header = frame.header
        outcome.receipt = None if frame.is_replayed else (header.epoch, header.seq)
        base = mark.key_base if mark.seq else key_base(self.places.agent(header.agent).first, header.epoch)
        body, made_ns, sure_ns = None, mark.made_ns, mark.sure_ns
        try:
            body = decode_body(frame.data)
            checked = self._check(frame, body, now)
        except ContractError as error:
            self._refuse(outcome, frame, body, mark, error)
        else:
            made_ns = min(max(body.made_boot_ns + checked.dated.time.offset_ns, 0), frame.received_ns + DEVICE_FUTURE_NS)
            sure_ns = max(sure_ns, checked.dated.sure_ns)
            if header.seq > mark.seq + 1:
                self._add_gap(outcome, checked.whose, header, body, mark, made_ns)
            self._add_rows(outcome, frame, body, checked, base)
        if not frame.is_replayed:
            next_row = -1 if body is None or body.first_row > MAX_ROW else body.first_row + len(body)
            self._memory.set_mark(header.agent, header.epoch, Mark(header.seq, next_row, made_ns, base, sure_ns))
        return outcome

    def _check(self, frame: _Frame, body: Body, now: Bounds) -> _Checked:
        """Raise ContractError if the rows cannot be of this estate, or are more than an agent may send."""
        header, received_ns = frame.header, frame.received_ns
        places = self.places.of(header.store, header.agent)
        if body.store and body.store != header.store:
            places = self.places.of(body.store, header.agent)
        check_places(body, places)
        check_plausible(body)
        dated = self._dating.date(header, body, now, received_ns)
        heard_ns = heard_at(body, dated.time, received_ns)
        whose = places.settled.get(header.agent) or places.heard(header.agent, *around(heard_ns, body, dated.time))
        if not frame.is_replayed:
            self.limits.take_rows(header.agent, body, heard_ns, received_ns)
        return _Checked(places, dated, heard_ns, whose)

    def _add_rows(self, outcome: Outcome, frame: _Frame, body: Body, checked: _Checked, base: int) -> None:
        header, data, received_ns = frame.header, frame.data, frame.received_ns
        places, dated, heard_ns, whose = checked
        offset_ns, width_ns, quality = dated.time
        if dated.is_news and body.made_boot_ns:  # a recording has no boot clock, and its rows have their own times
            decisions.add(self._memory, header, dated.time, received_ns)
        rows = count_rows(body)
        ready, off_ns = without_dead_clocks(placed(body, places, heard_ns), dated.time, received_ns)
        if not frame.is_replayed:
            self.limits.take_days(header.agent, ready, offset_ns, heard_ns, received_ns)
        if off_ns:
            outcome.noticed["device_clock"] = f"a device's clock is {abs(off_ns) // 10**9} s {'ahead' if off_ns > 0 else 'behind'}"
        if ready is not body:
            data, body = encode_body(ready), ready
        if rows < len(body):
            _refuse_unread(outcome, frame, body)
            data, body = self._events.relayed(outcome, header, body, data, places, dated.time, received_ns)
        entry = Entry(RecordKind.FRAME, whose.store, whose.agent, header.seq, data, offset_ns, quality, width_ns, body, rows, base)
        outcome.entries.append(entry)
        outcome.units_in += rows

    def _refuse(self, outcome: Outcome, frame: _Frame, body: Body | None, mark: Mark, error: ContractError) -> None:
        if error.reason == FLOOD:
            outcome.noticed["agent_flooding"] = str(error)
        if body is not None and (own := self._own(frame.header, body)) is not None:
            whose = own.called(frame.header.agent, frame.received_ns)
            self._add_gap(outcome, whose, frame.header, body, mark, frame.received_ns)
        rows = max(len(body), 1) if body is not None else 1
        outcome.refuse(RefusedPart(error.reason, str(error), frame.payload, rows, frame.key))

    def _own(self, header: Header, body: Body) -> StorePlaces | None:
        """The store of rows that are missing before a frame that was refused: the frame's own, if it ever was its agent's."""
        find = self.places.find
        return find(body.store or header.store, header.agent) or find(header.store, header.agent)

    def _refuse_bug(self, outcome: Outcome, frame: _Frame, mark: Mark, error: Exception) -> Outcome:
        """The mark moves past it, or its agent would send it for ever; a later release can replay it."""
        header = frame.header
        outcome.receipt = (header.epoch, header.seq)
        outcome.refuse(RefusedPart(BUG, explain_bug(error), frame.payload, _count_all(frame.data), frame.key))
        self._memory.set_mark(header.agent, header.epoch, mark._replace(seq=header.seq, next_row=-1))
        return outcome

    def _add_gap(self, outcome: Outcome, whose: HeardAt, header: Header, body: Body, mark: Mark, made_ns: int) -> None:
        """Add a gap of the rows that are missing before a frame; 0, not known, for more than the frames between can have had.

        Rows that another gateway receipted are not missing, and how many those were is not known.
        """
        taken = max(mark.seq, header.receipted)
        lost, between = body.first_row - mark.next_row, header.seq - taken - 1
        if between <= 0 or mark.next_row < 0 or lost <= 0:
            return
        is_known = taken == mark.seq and lost <= MAX_ROWS * between and body.first_row <= MAX_ROW
        lost = lost if is_known else 0
        values = f'{{"from_ns":{mark.made_ns or made_ns},"to_ns":{made_ns},"rows":{lost},"reason":"spool_full"}}'
        digits = key_base(self.places.agent(header.agent).first, header.epoch, str(header.seq))
        outcome.entries.append(Entry(RecordKind.GAP, whose.store, whose.agent, header.seq, values.encode(), key_base=digits))


def count_rows(body: Body) -> int:
    """Return the rows that a frame's record stands for in the balance. Plain events and unread input are counted on their own."""
    return len(body.kind.tobytes().translate(None, _NOT_FRAME_ROWS))


def _known(outcome: Outcome, header: Header, data: bytes, mark: Mark) -> Outcome:
    """A hello, or a frame sent again: counted by its rows, receipted again. The rows of a part are not known."""
    outcome.receipt = (header.epoch, mark.seq)
    if header.seq and header.parts == 1:
        outcome.units_in = _count_all(data)
        outcome.dropped = ("duplicate", outcome.units_in)
    return outcome


def _count_all(data: bytes) -> int:
    try:
        return len(decode_body(data))
    except ContractError:
        return 1


def _refuse_unread(outcome: Outcome, frame: _Frame, body: Body) -> None:
    """Input that a source could not read goes to the gateway's quarantine, where people look."""
    for row in np.flatnonzero(body.kind == Kind.REFUSED).tolist():
        more = body.extra.get(row, {})
        data, where = more.get("data", b""), more.get("where", "")
        payload = data if isinstance(data, bytes) else b""
        outcome.refuse(RefusedPart(UNREAD, f"{where}: {more.get('reason', 'unread')}", payload, 1, f"{frame.key}/{row}"))
