"""Which item a row is about. Rows bear EPC and SKU now and then, all others are about the item last named for their subject.

Whom a row names counts from its place in the order on, not from when it came: rows wait with a *mention*, and are told their item when
their time has come. What was named is forgotten as soon as the item's slot might have been freed, whether it was or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.stock import Stock
from gateway.fold.subjects import NOBODY

FEW: Final = 4096
UNSAID: Final = -1
"""Of rows about people, who are mentioned by nothing but their subject."""


Mention = tuple[int, int, str, str]
"""What a row says of whom it is about: store, subject, EPC ("" if it names nothing), SKU. Plain, since there is one a row."""
_FORGOTTEN: Final[Mention] = (NOBODY, 0, "", "")


class Mentions:
    """Numbers of what waiting rows say."""

    def __init__(self) -> None:
        self._mentions: list[Mention] = []
        self._numbers: dict[Mention, int] = {}
        self._free: list[int] = []

    def number(self, mention: Mention) -> int:
        number = self._numbers.get(mention)
        if number is None:
            if self._free:
                number = self._free.pop()
                self._mentions[number] = mention
            else:
                number = len(self._mentions)
                self._mentions.append(mention)
            self._numbers[mention] = number
        return number

    def of(self, number: int) -> Mention:
        return self._mentions[number]

    def are_named(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Which rows name their item themselves."""
        mentions = self._mentions
        return np.array([mentions[number][2] != "" for number in numbers.tolist()], np.bool_)

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


def slots_of(
    stock: Stock,
    said: Iterable[Mention],
    profiles: Iterable[int],
    times_ns: Iterable[int],
    are_exits: Iterable[bool],
    kept_ns: npt.NDArray[np.int64],
) -> list[int]:
    """Of rows in their order each item's slot, a new one if it was not known; NOBODY if nothing names it.

    `kept_ns`, by profile: for how long a name holds.
    """
    kept, found, heard_ns = kept_ns.tolist(), [], stock.heard_ns
    for (store, subject, epc, _), profile, time_ns, is_exit in zip(said, profiles, times_ns, are_exits, strict=True):
        slot = stock.slot_of(store, subject)
        if epc:
            slot = stock.named(store, subject, profile, epc, time_ns, kept[profile])
            heard_ns = stock.heard_ns  # it may have grown
        elif slot == NOBODY or time_ns - heard_ns.item(slot) > kept[profile]:
            found.append(NOBODY)
            continue
        if not is_exit and time_ns > heard_ns.item(slot):
            heard_ns[slot] = time_ns
        found.append(slot)
    return found
