"""Accept: is this message new, well formed and of this estate, and when did its events happen? Decided once, here. Pure.

A frame is taken if its seq is the mark + 1; what is at or below the mark is known already and is receipted again; what is further
ahead is answered with the mark, so that the agent rewinds. If the agent's spool had to drop what is missing, the mark skips to what
is left and a gap says how many rows were lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from footfall.boot_clock import Bounds, learn
from footfall.errors import BUGS, ContractError
from footfall.events import load_json
from footfall.frames import MAX_ROWS, Body, DecidedTime, Header, Kind, crc32_of, decode_body, decode_frame, encode_body, encode_frame
from footfall.receipts import Times
from footfall.topics import Topic
from gateway.accept import decisions
from gateway.accept.dating import Clocks, Dating
from gateway.accept.decisions import Decisions
from gateway.accept.events import Plain, Pseudonymiser, id_hash, normalise
from gateway.accept.history import Histories, foreign_until_ns, grown
from gateway.accept.limits import FLOOD, Limits
from gateway.accept.parts import Parts
from gateway.accept.placing import MAX_ROW, around, check_plausible, heard_at, placed, unsure_ns, without_dead_clocks
from gateway.accept.renamed import Renamed
from gateway.accept.site_index import Heard, Places, StorePlaces, check_places
from gateway.names import Names
from gateway.points import key_base
from gateway.records import DEVICE_FUTURE_NS, OLD_KEYS, RECEIVED, RecordKind

EVENTS_EPOCH: Final = "-"
"""Plain events of a publisher are numbered under this epoch."""


class Mark(NamedTuple):
    """Frames up to `seq` are durable, with the rows before `next_row` (-1: not known); the last was made at `made_ns`."""

    seq: int = 0
    next_row: int = 0
    made_ns: int = 0
    key_base: int = OLD_KEYS
    """Of the epoch's records; `OLD_KEYS` if an earlier release took its first frame."""
    sure_ns: int = 0
    """The last was surely not made before."""


class Memory(Clocks, Decisions, Histories, Protocol):
    """What accept remembers between messages. The journal keeps it in the same transaction as the records."""

    @property
    def journal_id(self) -> str:
        """Which gateway's memory this is, as receipts name it."""
        ...

    def mark(self, agent: str, epoch: str) -> Mark: ...
    def set_mark(self, agent: str, epoch: str, mark: Mark) -> None: ...
    def is_new_event(self, id_hash: bytes, earlier: bytes | None = None) -> bool:
        """Return whether the id was never seen, nor what an earlier release called it; from now on it was."""
        ...


class Entry(NamedTuple):
    """One record to be journaled; its position is not known yet. `frame` spares the fold decoding `body` again."""

    kind: RecordKind
    store: str
    agent: str
    seq: int
    body: bytes
    offset_ns: int = 0
    time_quality: int = RECEIVED
    clock_width_ns: int = 0
    frame: Body | None = None
    rows: int = 0
    key_base: int = OLD_KEYS
    """See `gateway.records.Record`."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Bytes for the quarantine, and how many rows they stand for. `key` names them, so that the same again is kept once."""

    reason: str
    message: str
    payload: bytes
    rows: int = 1
    key: str | None = None


class Echo(NamedTuple):
    """Which message a receipt answers: the sender's boot, and when it was sent on its clock."""

    boot: str
    sent_boot_ns: int


@dataclass(slots=True)
class Outcome:
    """What one message comes to. `units_in` = rows of entries + quarantined + dropped: nothing vanishes."""

    entries: list[Entry] = field(default_factory=list)
    receipt: tuple[str, int] | None = None
    """(epoch, upto) to be told to the agent once the entries are durable."""
    refused: list[Refused] = field(default_factory=list)
    dropped: tuple[str, int] | None = None
    units_in: int = 0
    echo: Echo | None = None
    pause_s: int = 0
    """So long the agent is asked to send nothing."""
    noticed: dict[str, str] = field(default_factory=dict)
    """What is wrong at its sender: a code of `footfall status`, and what there is to say."""


class Acceptor:
    """One brand's estate; `memory` is all that it remembers."""

    def __init__(self, places: Places, memory: Memory, pseudonyms: Pseudonymiser) -> None:
        self.places = places
        self._memory: Final = Renamed(memory, places) if places.has_renamed_agents else memory
        self._pseudonyms: Final = pseudonyms
        self._dating: Final = Dating(self._memory)
        self._parts: Final = Parts()
        self.limits: Final = Limits()

    def frame(self, topic: Topic, payload: bytes, received_ns: int, replayed: bool = False) -> Outcome:
        """One message on a `frames` topic. `replayed`: from quarantine, taken past the marks.

        ContractError: the message as a whole cannot be read, and no mark moves.
        """
        header, data = self._read(topic, payload, replayed)
        mark = self._memory.mark(header.agent, header.epoch)
        if replayed:
            return self._take(Outcome(), header, payload, data, mark, self._remembered(header, received_ns), received_ns, replayed)
        outcome = Outcome(echo=Echo(header.boot, header.sent_boot_ns))
        if header.receipted > mark.seq:
            self._note_history(outcome, header, received_ns)
        now = self._learn(header, received_ns)
        if header.times_n > 0:
            decisions.confirm(self._memory, header)
        if header.seq <= mark.seq:
            return _known(outcome, header, data, mark)
        if header.seq != max(mark.seq + 1, header.oldest):
            outcome.receipt, outcome.dropped = (header.epoch, mark.seq), ("ahead", 0)
            return outcome
        is_late = header.agent in self.limits.late
        if is_late and (beyond_s := self.limits.beyond_s(header.agent, received_ns, "messages", "bytes", "rows")) > 0:
            outcome.receipt, outcome.dropped = (header.epoch, mark.seq), ("ahead", 0)
            outcome.pause_s = ceil(beyond_s)
            outcome.noticed["agent_flooding"] = f"it sends more than it may, and is asked to wait for {outcome.pause_s} s"
            return outcome
        if header.parts > 1:
            whole = self._join(outcome, header, payload, data)
            if whole is None:
                return outcome
            header, data = header._replace(part=0, parts=1), whole
            payload = encode_frame(header._replace(agent=topic.agent), whole)
        try:
            return self._take(outcome, header, payload, data, mark, now, received_ns, replayed)
        except BUGS as error:
            return self._refuse_bug(Outcome(echo=outcome.echo), header, payload, data, mark, error)

    def _read(self, topic: Topic, payload: bytes, replayed: bool) -> tuple[Header, bytes]:
        header, data = decode_frame(payload)
        if header.seq == 0:
            self.places.of(header.store, header.agent)  # a stranger's hello is told nothing
        if (header.store, header.agent) != (topic.store, topic.agent):
            raise ContractError("frame.topic", f"the header says {header.store}/{header.agent}, the topic {topic.store}/{topic.agent}")
        if header.epoch == EVENTS_EPOCH:
            raise ContractError("frame.epoch", f"the epoch {EVENTS_EPOCH!r} numbers plain events: it is no random id")
        if replayed and header.parts > 1:
            raise ContractError("frame.parts", "a part of a frame cannot be taken without the others")
        now = self.places.agent_now(header.agent)
        return (header if now == header.agent else header._replace(agent=now)), data

    def times(self, agent: str, most: int) -> Times | None:
        """What the agent, by its present name, is to be told of its frames' dates, as the memory has it now."""
        return decisions.to_tell(self._memory, agent, most)

    def _remembered(self, header: Header, received_ns: int) -> Bounds:
        """A message that lay in quarantine says nothing about now, but that it was sent before."""
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
        """What was receipted by a state that is not here was derived by it: the fold must not do so again from what is left."""
        until_ns = foreign_until_ns(self._memory, header, received_ns)
        for store in self.places.of_agent(header.agent) if until_ns else ():
            if said := grown(self._memory, store, until_ns):
                outcome.entries.append(Entry(RecordKind.HISTORY, store, header.agent, 0, said))

    def _join(self, outcome: Outcome, header: Header, payload: bytes, data: bytes) -> bytes | None:
        """The whole body, if this was the last part. What does not fit together is refused, and moves no mark: it may come right."""
        try:
            return self._parts.join(header, data, crc32_of(payload))
        except ContractError as error:
            outcome.refused.append(Refused(error.reason, str(error), payload))
            outcome.units_in = 1
            return None

    def _take(
        self, outcome: Outcome, header: Header, payload: bytes, data: bytes, mark: Mark, now: Bounds, received_ns: int, replayed: bool
    ) -> Outcome:
        outcome.receipt = None if replayed else (header.epoch, header.seq)
        next_row, made_ns, sure_ns = -1, mark.made_ns, mark.sure_ns
        base = mark.key_base if mark.seq else key_base(self.places.agent(header.agent).first, header.epoch)
        body: Body | None = None
        try:
            body = decode_body(data)
            next_row = body.first_row + len(body) if body.first_row <= MAX_ROW else -1
            places = self.places.of(header.store, header.agent)
            if body.store and body.store != header.store:
                places = self.places.of(body.store, header.agent)
            check_places(body, places)
            check_plausible(body)
            dated = self._dating.date(header, body, now, received_ns)
            heard_ns = heard_at(body, dated.time, received_ns)
            whose = places.settled.get(header.agent) or places.heard(header.agent, *around(heard_ns, body, dated.time))
            if not replayed:
                self.limits.take_rows(header.agent, body, heard_ns, received_ns)
        except ContractError as error:
            if error.reason == FLOOD:
                outcome.noticed["agent_flooding"] = str(error)
            rows = max(len(body), 1) if body is not None else 1
            if body is not None and (own := self._own(header, body)) is not None:
                self._add_gap(outcome, own.called(header.agent, received_ns), header, body, mark, received_ns)
            outcome.refused.append(Refused(error.reason, str(error), payload, rows, f"{header.agent}/{header.epoch}/{header.seq}"))
            outcome.units_in += rows
        else:
            offset_ns, width_ns, quality = dated.time
            sure_ns = max(sure_ns, dated.sure_ns)
            if dated.is_news and body.made_boot_ns:  # a recording has no boot clock, and its rows have their own times
                decisions.add(self._memory, header, dated.time, received_ns)
            made_ns = min(max(body.made_boot_ns + offset_ns, 0), received_ns + DEVICE_FUTURE_NS)
            if header.seq > mark.seq + 1:
                self._add_gap(outcome, whose, header, body, mark, made_ns)
            rows = count_rows(body)
            ready, off_ns = without_dead_clocks(placed(body, places, heard_ns), dated.time, received_ns)
            if not replayed:
                self.limits.take_days(header.agent, ready, offset_ns, heard_ns, received_ns)
            if off_ns:
                outcome.noticed["device_clock"] = f"a device's clock is {abs(off_ns) // 10**9} s {'ahead' if off_ns > 0 else 'behind'}"
            if ready is not body:
                data, body = encode_body(ready), ready
            if rows < len(body):
                self._refuse_unread(outcome, header, body)
                data, body = self._take_events(outcome, header, body, data, places, dated.time, received_ns)
            entry = Entry(RecordKind.FRAME, whose.store, whose.agent, header.seq, data, offset_ns, quality, width_ns, body, rows, base)
            outcome.entries.append(entry)
            outcome.units_in += rows
        if not replayed:
            self._memory.set_mark(header.agent, header.epoch, Mark(header.seq, next_row, made_ns, base, sure_ns))
        return outcome

    def _own(self, header: Header, body: Body) -> StorePlaces | None:
        """The store of rows that are missing before a frame that was refused: the frame's own, if it ever was its agent's."""
        find = self.places.find
        return find(body.store or header.store, header.agent) or find(header.store, header.agent)

    def _refuse_bug(self, outcome: Outcome, header: Header, payload: bytes, data: bytes, mark: Mark, error: Exception) -> Outcome:
        """The mark moves past it, or its agent would send it for ever; it can be replayed by a release that knows better."""
        outcome.receipt, outcome.units_in = (header.epoch, header.seq), _count_all(data)
        key = f"{header.agent}/{header.epoch}/{header.seq}"
        outcome.refused.append(Refused(BUG, explain_bug(error), payload, outcome.units_in, key))
        self._memory.set_mark(header.agent, header.epoch, mark._replace(seq=header.seq, next_row=-1))
        return outcome

    def _add_gap(self, outcome: Outcome, whose: Heard, header: Header, body: Body, mark: Mark, made_ns: int) -> None:
        """How many rows are missing before it; 0, not known, if its number says more than the frames between can have had.

        What somebody else has receipted is not missing; how many rows that was, nobody says.
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

    def _refuse_unread(self, outcome: Outcome, header: Header, body: Body) -> None:
        """What a source could not read is in quarantine here, where people look."""
        for row in np.flatnonzero(body.kind == Kind.REFUSED).tolist():
            more = body.extra.get(row, {})
            data, where = more.get("data", b""), more.get("where", "")
            key = f"{header.agent}/{header.epoch}/{header.seq}/{row}"
            payload = data if isinstance(data, bytes) else b""
            outcome.refused.append(Refused("source.unread", f"{where}: {more.get('reason', 'unread')}", payload, 1, key))
            outcome.units_in += 1

    def _take_events(
        self, outcome: Outcome, header: Header, body: Body, data: bytes, places: StorePlaces, time: DecidedTime, received_ns: int
    ) -> tuple[bytes, Body]:
        """Plain events that came through the agent become entries of their own; what stays of the frame has no identifier in clear."""
        rows = [row for row, more in body.extra.items() if body.kind[row] == Kind.EVENT and "event" in more]
        if not rows:
            return data, body
        for row in rows:
            text = body.extra[row]["event"].encode()
            name = (header.epoch, str(body.first_row + row))
            try:
                taken_ns = int(body.t_boot_ns[row]) + time.offset_ns
                self._events_in(outcome, header.agent, places, text, taken_ns, received_ns, name, unsure_ns(time))
            except ContractError as error:  # the frame is taken all the same: else its agent would send it for ever
                key = f"{header.agent}/{header.epoch}/{header.seq}/{row}"
                outcome.refused.append(Refused(error.reason, str(error), text, 1, key))
                outcome.units_in += 1
        # An event always has a text, so that the journal's bodies can be read again; this one is empty.
        extra = {**body.extra, **{row: {"event": ""} for row in rows}}
        body = replace(body, extra=extra)
        return encode_body(body), body

    def events(self, topic: Topic, payload: bytes, received_ns: int) -> Outcome:
        """One message on an `events` topic: one object or an array. ContractError: it cannot be read as a whole."""
        places = self.places.of(topic.store, topic.agent)
        agent = self.places.agent_now(topic.agent)
        if agent not in places.settled:
            places.heard(topic.agent, received_ns, received_ns, received_ns)
        outcome = Outcome()
        self._events_in(outcome, agent, places, payload, received_ns, received_ns)
        return outcome

    def _events_in(
        self,
        outcome: Outcome,
        agent: str,
        places: StorePlaces,
        payload: bytes,
        time_ns: int,
        received_ns: int,
        row: tuple[str, str] | None = None,
        later_ns: int = 0,
    ) -> None:
        """`row` names the frame's row in which they came, up to `later_ns` after `time_ns`."""
        mark, names = self._memory.mark(agent, EVENTS_EPOCH), self.places.agent(agent)
        number, duplicates = mark.seq, 0
        for nth, value in enumerate(load_json(payload)):
            outcome.units_in += 1
            try:
                plain = normalise(value, places, names.first, time_ns, received_ns, self._pseudonyms, later_ns)
            except ContractError as error:
                if error.reason == "event.time":
                    outcome.noticed["device_clock"] = f"plain events: {error}"
                outcome.refused.append(Refused(error.reason, str(error), _dump(value)))
                continue
            if plain.event_id is not None and not self._is_new(plain.event_id, places.names.first, names):
                duplicates += 1
                continue
            number += 1
            plain.values["key"] = _event_key(plain, names.first, None if row is None else (*row, str(nth)))
            whose = places.settled.get(agent) or places.called(agent, plain.values["time_ns"])
            outcome.entries.append(Entry(RecordKind.EVENT, whose.store, whose.agent, number, _dump(plain.values), rows=1))
        if duplicates:
            outcome.dropped = ("duplicate_event", duplicates + (outcome.dropped[1] if outcome.dropped else 0))
        if number > mark.seq:
            self._memory.set_mark(agent, EVENTS_EPOCH, Mark(number, 0, time_ns))

    def _is_new(self, event_id: str, store: str, names: Names) -> bool:
        """Return whether its publisher sent it in this store under none of its names; from now on it did, under all."""
        new = [
            self._memory.is_new_event(id_hash(store, name, event_id), id_hash(name, event_id))
            for name in (dict.fromkeys((names.first, *names.all)) if names.earlier else (names.now,))
        ]
        return all(new)


def _event_key(plain: Plain, publisher: str, row: tuple[str, ...] | None) -> int:
    """The digits of its point: from its id; else from the row in which it came, else from all that it says.

    So they are the same whichever gateway takes it, and two that say the same are told apart by the fold.
    """
    if plain.id_hash is not None:
        return key_base(plain.id_hash.hex())
    return key_base(publisher, *(row or (_dump(plain.values).decode(),)))


BUG: Final = "accept.bug"
"""The reason of a message at which this release failed."""


def explain_bug(error: Exception) -> str:
    """Where it was raised; what it says may quote the message."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f"{Path(at.tb_frame.f_code.co_filename).name}, line {at.tb_lineno}" if at else "?"
    return f"{type(error).__name__} in {place}: a bug, please report it"


_ON_THEIR_OWN: Final = bytes([Kind.EVENT, Kind.REFUSED])


def count_rows(body: Body) -> int:
    """The rows that a frame's record stands for in the balance: plain events and what was not read are counted on their own."""
    return len(body.kind.tobytes().translate(None, _ON_THEIR_OWN))


def _known(outcome: Outcome, header: Header, data: bytes, mark: Mark) -> Outcome:
    """A hello, or a frame sent again: counted by its rows, receipted again. Of a part nobody knows its rows."""
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


def _dump(value: Any) -> bytes:
    return _ENCODER.encode(value).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
