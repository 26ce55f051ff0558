"""Plain events, published on their own or relayed in a frame, become records of their own, each once. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from footfall.compact_json import encoded
from footfall.errors import ContractError
from footfall.events import check_ids, load_json
from footfall.frames import Body, DecidedTime, Header, Kind, encode_body
from footfall.topics import Topic
from gateway.accept.contents import content_of, contradicts, other_content
from gateway.accept.corrections import Corrections, Sender
from gateway.accept.events import Pseudonymiser, normalise
from gateway.accept.ids import id_hash
from gateway.accept.memory import EVENTS_EPOCH, Mark, Memory
from gateway.accept.outcome import Entry, Outcome, RefusedPart
from gateway.accept.placing import unsure_ns
from gateway.accept.plain import Plain
from gateway.identity.facts_json import MENTION
from gateway.points import KEYS_A_HALF, number_of
from gateway.records import RecordKind
from gateway.site.index import Places, StorePlaces
from gateway.site.names import Names

ID: Final = "event.id"
"""The reason of an event whose id another one had."""
BLOCKED: Final = "identifiers_blocked."
"""How the balance's names of identifiers that are none begin; the type follows."""
UNKNOWN_TYPE: Final = "identifier_type_unknown"
UNKNOWN_STAFF: Final = "staff_unknown"
MOST_NOTED: Final = 500
"""Letters after which no more of a message is named."""
_OF_STAFF: Final = frozenset({"touch", "amend"})
_LIKE_A_TYPE: Final = re.compile(r"[a-z._-]+[0-9]{0,3}\Z")
"""A type may be anything, an identifier too: only what looks like a word is shown."""
EVENTS_LEAF: Final = "events"
"""What is kept of a relayed event is what its agent could have published: a replay takes it from that topic."""


class PlainEvents:
    """Accepts plain events of the estate `places`; an event with an id is accepted once, as `memory` knows."""

    def __init__(self, places: Places, memory: Memory, pseudonyms: Pseudonymiser) -> None:
        self.places: Final = places
        self._memory: Final = memory
        self._pseudonyms: Final = pseudonyms
        self._corrections: Final = Corrections(places, memory)

    def published(self, topic: Topic, payload: bytes, received_ns: int, replayed: bool = False) -> Outcome:
        """Return the outcome of one message: one object or an array. `replayed`: from quarantine, so corrections need no more authority.

        Raise ContractError if it cannot be read as a whole.
        """
        places = self.places.of(topic.store, topic.agent)
        agent = self.places.agent_now(topic.agent)
        if agent not in places.settled:
            places.heard(topic.agent, received_ns, received_ns, received_ns)
        outcome = Outcome()
        self._accept(outcome, agent, places, payload, received_ns, received_ns, is_replayed=replayed)
        return outcome

    def relayed(
        self, outcome: Outcome, header: Header, body: Body, data: bytes, places: StorePlaces, time: DecidedTime, received_ns: int
    ) -> tuple[bytes, Body]:
        """Add the events among a frame's rows to `outcome`. Return the frame's bytes and rows without any identifier in clear."""
        refused_before = len(outcome.refused)
        rows = [row for row, more in body.extra.items() if body.kind[row] == Kind.EVENT and "event" in more]
        if not rows:
            return data, body
        is_recorded = body.made_boot_ns == 0 and body.t_wall_ns is not None  # a file's rows were not heard at any boot time
        for row in rows:
            text = body.extra[row]["event"].encode()
            name = (header.epoch, str(body.first_row + row))
            try:
                taken_ns = received_ns if is_recorded else int(body.t_boot_ns[row]) + time.offset_ns
                self._accept(outcome, header.agent, places, text, taken_ns, received_ns, name, unsure_ns(time))
            except ContractError as error:  # the frame is accepted all the same, or its agent would send it for ever
                key = f"{header.agent}/{header.epoch}/{header.seq}/{row}"
                outcome.refuse(RefusedPart(error.reason, str(error), text, error.rows, key))
        outcome.refused[refused_before:] = [replace(refused, leaf=EVENTS_LEAF) for refused in outcome.refused[refused_before:]]
        # An event always has a text, so that the journal's bodies can be read again; this one is empty.
        body = replace(body, extra={**body.extra, **{row: {"event": ""} for row in rows}})
        return encode_body(body), body

    def _accept(
        self,
        outcome: Outcome,
        agent: str,
        places: StorePlaces,
        payload: bytes,
        time_ns: int,
        received_ns: int,
        row: tuple[str, str] | None = None,
        later_ns: int = 0,
        is_replayed: bool = False,
    ) -> None:
        """`row` names the row of a frame that relayed them, heard up to `later_ns` after `time_ns`."""
        mark, names = self._memory.mark(agent, EVENTS_EPOCH), self.places.agent(agent)
        number, duplicates = mark.seq, 0
        values = load_json(payload)
        try:
            plains = self._normalised(values, Sender(places, names.first, is_replayed), time_ns, received_ns, later_ns)
        except ContractError as error:
            if error.reason == "event.time":
                outcome.noticed["device_clock"] = f"plain events: {error}"
            outcome.refuse(RefusedPart(error.reason, str(error), payload, len(values)))
            return
        for nth, plain in enumerate(plains):
            if not self._is_new(plain, places.names.first, names):
                if why := self._contradiction(plain):  # of an array this was found before anything of it was accepted
                    outcome.refuse(RefusedPart(ID, why, payload))
                    return
                outcome.units_in += 1
                duplicates += 1
                continue
            outcome.units_in += 1
            number += 1
            _note_identifiers(outcome, plain)
            if places.roster:
                _note_staff(outcome, plain, places)
            number_of_it = _event_number(plain, names.first, None if row is None else (*row, str(nth)))
            plain.values["key"] = number_of_it % KEYS_A_HALF
            whose = places.settled.get(agent) or places.called(agent, plain.values["time_ns"])
            store = whose.store if plain.places in (None, places) else plain.places.names.at(plain.values["time_ns"])
            if plain.event_id is None and (plain.values.get("subjects") or plain.values.get("ref")):
                plain.values[MENTION] = f"{store}/{whose.agent}/{plain.values['time_ns']}/{number_of_it:016x}"
            outcome.entries.append(Entry(RecordKind.EVENT, store, whose.agent, number, encoded(plain.values), rows=1))
        if duplicates:
            outcome.dropped = ("duplicate_event", duplicates + (outcome.dropped[1] if outcome.dropped else 0))
        if number > mark.seq:
            self._memory.set_mark(agent, EVENTS_EPOCH, Mark(number, 0, time_ns))

    def _normalised(self, values: list[Any], sender: Sender, time_ns: int, received_ns: int, later_ns: int) -> list[Plain]:
        """Return all events of a message. Raise ContractError for the first that is wrong: then none of them is accepted."""
        plains = []
        for nth, value in enumerate(values):
            try:
                plains.append(normalise(value, sender, self._corrections, time_ns, received_ns, self._pseudonyms, later_ns))
            except ContractError as error:
                if len(values) == 1:
                    raise
                raise ContractError(error.reason, _of_array(nth, str(error), values)) from None
        check_ids(values)
        for nth, plain in enumerate(plains if len(plains) > 1 else ()):
            if why := self._contradiction(plain):
                raise ContractError(ID, _of_array(nth, why, values))
        return plains

    def _contradiction(self, plain: Plain) -> str:
        """Return why it is refused, if its id was sent before with other content: of a fact by anybody, else by its publisher."""
        known = self._memory.event_content(plain.known_as) if plain.known_as else b""
        return other_content(plain, known) if contradicts(known, content_of(plain)) else ""

    def _is_new(self, plain: Plain, store: str, names: Names) -> bool:
        """Return whether the publisher sent it in this store under none of its names. From this call on it did, under all of them."""
        event_id = plain.event_id
        if event_id is None or plain.known_as is None:
            return True
        if not names.earlier or plain.known_as == plain.id_hash:  # its one name is the one of both hashes that were made already
            return self._memory.is_new_event(plain.known_as, plain.id_hash, content_of(plain))
        new = [
            self._memory.is_new_event(id_hash(store, name, event_id), id_hash(name, event_id), content_of(plain))
            for name in dict.fromkeys((names.first, *names.all))
        ]
        return all(new)


def _note_identifiers(outcome: Outcome, plain: Plain) -> None:
    """Count identifiers that are none, and name types that nobody described."""
    for name in plain.identified.blocked:
        outcome.counted[f"{BLOCKED}{name}"] = outcome.counted.get(f"{BLOCKED}{name}", 0) + 1
    if plain.identified.unknown:
        for each in sorted({each if _LIKE_A_TYPE.match(each) else "…" for each in plain.identified.unknown}):
            _note(outcome, UNKNOWN_TYPE, "identifiers of types that nobody described, and that join nothing strongly: ", each, ", ")


def _note_staff(outcome: Outcome, plain: Plain, places: StorePlaces) -> None:
    """Name staff of a touch, or of its amend, who did not work there at its time: it is taken all the same, for it may have money."""
    staff_id = plain.values.get("set", plain.values).get("staff_id")
    if plain.values["kind"] in _OF_STAFF and staff_id and (why := places.roster.missing(staff_id, plain.values["time_ns"])):
        _note(outcome, UNKNOWN_STAFF, "touches are stored with staff who were not there: ", why, "; ")


def _note(outcome: Outcome, code: str, begin: str, one: str, separator: str) -> None:
    """Name one beside others that the same message has, each once, as far as there is room."""
    said = outcome.noticed.get(code, "").removeprefix(begin)
    named = said.split(separator) if said else []
    if one not in named and len(said) < MOST_NOTED:
        outcome.noticed[code] = begin + separator.join([*named, one])


def _of_array(nth: int, text: str, values: list[Any]) -> str:
    return f"event {nth}: {text}; nothing of this array of {len(values)} was taken"


def _event_number(plain: Plain, publisher: str, row: tuple[str, ...] | None) -> int:
    """Return what names it: from its id, else from the row that relayed it, else from all its values. The last digits are its point's.

    So they are the same at every gateway, and the fold separates two events with equal values.
    """
    if plain.id_hash is not None:
        return number_of(plain.id_hash.hex())
    return number_of(publisher, *(row or (encoded(plain.values).decode(),)))
