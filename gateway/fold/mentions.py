"""Which item a row is about. Rows bear EPC and SKU now and then, all others are about the item last named for their subject.

Whom a row names counts from its place in the order on, not from when it came: rows wait with a *mention*, and get their item when
their time has come. What was named is forgotten as soon as the item's slot might have been freed, whether it was or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.items import Items

FEW: Final = 4096


Mention = tuple[int, int, str, str]
"""How a row names what it is about: store, subject, EPC ("" if it names nothing), SKU. Plain, since there is one a row."""
_FORGOTTEN: Final[Mention] = (NO_CODE, 0, "", "")


class Mentions:
    """Numbers for the mentions of waiting rows."""

    def __init__(self) -> None:
        self._mentions: list[Mention] = []
        self._numbers: dict[Mention, int] = {}
        self._free: list[int] = []
        self._whom: list[tuple[int, int]] = []
        self._named: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        """By number, as the mentions themselves: of whom they are, and whether they name an item."""

    def numbers(self, mentions: Sequence[Mention]) -> npt.NDArray[np.int32]:
        """Return a number for the mention of each row."""
        known = list(map(self._numbers.get, mentions))
        if None in known:
            known = list(map(self._number, mentions))
            more = [mention[2] != "" for mention in self._mentions[len(self._named) :]]
            self._named = np.append(self._named, np.array(more, np.bool_))
        return np.array(known, np.int32)

    def _number(self, mention: Mention) -> int:
        number = self._numbers.get(mention)
        if number is None:
            if self._free:
                number = self._free.pop()
                self._mentions[number], self._whom[number], self._named[number] = mention, mention[:2], mention[2] != ""
            else:
                number = len(self._mentions)
                self._mentions.append(mention)
                self._whom.append(mention[:2])
            self._numbers[mention] = number
        return number

    def of(self, number: int) -> Mention:
        return self._mentions[number]

    def whom(self, numbers: npt.NDArray[np.int32]) -> Iterable[tuple[int, int]]:
        """Return (store, subject) of each number."""
        return map(self._whom.__getitem__, numbers.tolist())

    def are_named(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Return which rows name their item themselves."""
        return self._named[numbers]

    def forget_all_but(self, waiting: npt.NDArray[np.int32]) -> None:
        """Free the numbers that no row bears, once they are many."""
        if len(self._numbers) <= 2 * len(waiting) + FEW:
            return
        needed = set(waiting.tolist())
        for mention, number in [each for each in self._numbers.items() if each[1] not in needed]:
            del self._numbers[mention]
            self._mentions[number] = _FORGOTTEN
            self._free.append(number)

    def dump(self) -> list[Mention]:
        return self._mentions

    def load(self, values: Iterable[Any]) -> None:
        self._mentions = [(store, subject, epc, sku) for store, subject, epc, sku in values]
        self._numbers = {mention: number for number, mention in enumerate(self._mentions) if mention != _FORGOTTEN}
        self._free = [number for number, mention in enumerate(self._mentions) if mention == _FORGOTTEN]
        self._whom = [mention[:2] for mention in self._mentions]
        self._named = np.array([mention[2] != "" for mention in self._mentions], np.bool_)


def slots_of(items: Items, mentions: Mentions, rows: Evidence, kept_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Return each row's item, as a slot of `items`, a new one if it was not known; NO_CODE if nothing names it.

    `kept_ns`, by profile: for how long a name holds. Only rows that name their item change what others are about, so all between two
    of them are looked up at once.
    """
    found = np.empty(len(rows), np.int32)
    begin = 0
    for named in [*np.flatnonzero(mentions.are_named(rows.mention)).tolist(), len(rows)]:
        found[begin:named] = _known_slots(items, mentions, rows, slice(begin, named), kept_ns)
        if named < len(rows):
            found[named] = _named_slot(items, mentions.of(int(rows.mention[named])), rows, named, kept_ns)
        begin = named + 1
    return found


def _named_slot(items: Items, mention: Mention, rows: Evidence, row: int, kept_ns: npt.NDArray[np.int64]) -> int:
    (store, subject, epc, _), profile, time_ns = mention, int(rows.profile[row]), int(rows.time_ns[row])
    slot = items.named(store, subject, profile, epc, int(rows.place_ns[row]), int(kept_ns[profile]))
    if rows.kind[row] != Kind.EXIT and time_ns > items.heard_ns[slot]:
        items.heard_ns[slot] = time_ns
    return slot


def _known_slots(
    items: Items, mentions: Mentions, rows: Evidence, part: slice, kept_ns: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32] | list[int]:
    """Of rows none of which names its item."""
    slots = list(map(items.by_subject.get, mentions.whom(rows.mention[part]), repeat(NO_CODE)))
    slot, time_ns, place_ns, heard_ns = np.array(slots, np.int32), rows.time_ns[part], rows.place_ns[part], items.heard_ns
    is_exit, limit_ns = rows.kind[part] == Kind.EXIT, kept_ns[rows.profile[part]]
    is_known = slot != NO_CODE
    if not is_known.any():
        return slots
    if (is_known & (place_ns - heard_ns[slot] > limit_ns)).any():  # its name is forgotten, unless a row before it renews it
        return _known_slots_scalar(items, slots, time_ns.tolist(), place_ns.tolist(), is_exit.tolist(), limit_ns.tolist())
    opens = is_known & ~is_exit
    np.maximum.at(heard_ns, slot[opens], time_ns[opens])
    return slot


def _known_slots_scalar(
    items: Items, slots: Iterable[int], times_ns: Iterable[int], places_ns: Iterable[int], are_exits: Iterable[bool],
    limits_ns: Iterable[int],
) -> list[int]:  # fmt: skip
    found, heard_ns = [], items.heard_ns
    for slot, time_ns, place_ns, is_exit, limit_ns in zip(slots, times_ns, places_ns, are_exits, limits_ns, strict=True):
        is_kept = slot != NO_CODE and place_ns - heard_ns.item(slot) <= limit_ns
        if is_kept and not is_exit and time_ns > heard_ns.item(slot):
            heard_ns[slot] = time_ns
        found.append(slot if is_kept else NO_CODE)
    return found
