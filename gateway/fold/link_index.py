"""Who a subject was at a time, by the standings that identity gave the fold.

A standing is the whole answer for one name, and of two of a name the one with the higher number counts. So they may come late, in any
order, and more than once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import TOP_BIT, to_hex
from footfall.units import NS_PER_MS
from gateway.fold.handovers import handovers_of, may_pass
from gateway.fold.store import FoldStore
from gateway.identity.facts import FOR_EVER_NS, Span, Standing, ref_name
from gateway.identity.links import clamped

_CACHED: Final = 50_000
_NOT_READ: Final = Standing("", 0)
FEW_SUBJECTS: Final = 32
"""So many subjects of a fan are looked up one by one; of more it is faster to look at all tracks."""
FILTER_BYTES: Final = 1 << 21
"""For a whole brand: of 100,000 linked subjects 0.6 % of all others are looked up in vain."""

WATCHED_BYTES: Final = 1 << 16
"""The same of those whose visits may reach a handover or a withdrawal: a hundredth of them, and any row of them is looked at."""


class Changed(NamedTuple):
    """Of a name whose standing is another now: times outside `from_ns` … `to_ns`, both included, mean whom they meant before.

    `from_ns` begins a millisecond, since a span holds for all of the one in which it begins.
    """

    name: str
    from_ns: int
    to_ns: int
    stores: tuple[str, ...] = ()
    """Where; () for everywhere. In others it means whom it meant before."""

    @property
    def is_subject(self) -> bool:
        """Return whether rows of presence bear the name; those of references and of fans name touches only."""
        return is_subject(self.name)

    def is_in(self, store: str) -> bool:
        """Return whether it may mean somebody else in a store."""
        return not self.stores or store in self.stores


class LinkIndex:
    """Looks standings up in the store; the latest look-ups stay in memory."""

    def __init__(self, store: FoldStore, filter_bytes: int = FILTER_BYTES) -> None:
        """`filter_bytes`, a power of two, is for all subjects that mean somebody; a filter too small costs look-ups, never an answer."""
        if filter_bytes < 8 or filter_bytes & (filter_bytes - 1):
            raise ValueError(f"the size of the filter must be a power of two of at least 8 bytes, not {filter_bytes}")
        self._store: Final = store
        self._cache: dict[int | str, Standing | None] = {}
        """By name, those of subjects by their number: it is at hand wherever a row is looked at."""
        self._subjects: dict[str, list[str]] = {}
        """By fan."""
        self._mask: Final = filter_bytes - 1
        self._maybe: Final = bytearray(filter_bytes)
        """A bit per hash of a name that has a standing (Bloom 1970, one hash): most names have none, and cost no look-up."""
        for name in store.names_with_standing():
            self._mark(_number(_key(name)))
        self.lent: Final = {int(subject, 16) for subject in store.lent_subjects()}
        """Subjects of things that are, or were, lent to somebody until a visit ends."""
        self.handed: Final = {int(subject, 16) for subject in store.subjects_that_may_pass()}
        """Subjects that may pass, or once may have, from one to another during a visit."""
        self.withdrawn: Final = {int(subject, 16) for subject in store.withdrawn_subjects()}
        """Subjects of those who have, or once had, withdrawn consent."""
        self._watched: Final = bytearray(WATCHED_BYTES)
        """A bit per hash of a subject of either kind."""
        for number in self.handed | self.withdrawn:
            self._watch(number)

    def fan_of(self, subject: int | str, time_ns: int, store: str = "") -> str:
        """Return the id of the fan in a store, "" for nobody known. Day subjects are nobody, by design."""
        span = self.span_of(subject, time_ns, store)
        return span.fan if span else ""

    def span_of(self, subject: int | str, time_ns: int, store: str = "") -> Span | None:
        """Return the span of a subject's standing that covers a time, as it holds in a store; None where it means nobody."""
        number = subject if isinstance(subject, int) else int(subject, 16)
        if number >= TOP_BIT or not self._maybe[number >> 3 & self._mask] >> (number & 7) & 1:
            return None  # asked for every visit and dwell: most end here
        found = self._cache.get(number) or self._kept(number, to_hex(number))
        if found and found.in_stores:
            found = found.within(store)
        return span_at(found, time_ns) if found else None

    def standing(self, name: str) -> Standing | None:
        """Return the standing of a subject, a reference or a fan; None while identity gave none."""
        key = _key(name)
        return self._kept(key, name) if self._may_have(_number(key)) else None

    def may_know(self, subjects: Sequence[str], ref: str) -> bool:
        """Return whether `standing` may find one of what a touch names; mostly it certainly does not."""
        for subject in subjects:
            if self._may_have(int(subject, 16)):
                return True
        return ref != "" and self._may_have(_number(ref_name(ref)))

    def _may_have(self, number: int) -> bool:
        """Return whether a name of this number may have a standing."""
        return bool(self._maybe[number >> 3 & self._mask] >> (number & 7) & 1)

    def _kept(self, key: int | str, name: str) -> Standing | None:
        found = self._cache.get(key, _NOT_READ)
        if found is _NOT_READ:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            found = self._cache[key] = self._store.standing(name)
        return found

    def read_ahead(self, subjects: npt.NDArray[np.uint64]) -> None:
        """Read the standings of subjects that `fan_of` is about to be asked for: one by one it takes three times as long."""
        linked = subjects[self.may_be_linked(subjects)]
        if len(linked):
            self._read_ahead({number: to_hex(number) for number in linked.tolist() if number not in self._cache})

    def _read_ahead(self, names: Mapping[int | str, str]) -> None:
        """Read what is not at hand, by its key."""
        if names:
            if len(self._cache) + len(names) > _CACHED:
                self._cache.clear()
            found = self._store.standings_saved(names.values())
            self._cache.update((key, found.get(name)) for key, name in names.items())

    def may_be_linked(self, subjects: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return for each subject whether `fan_of` may find a fan; most are certainly nobody's."""
        byte = np.frombuffer(self._maybe, np.uint8)[(subjects >> np.uint64(3)) & np.uint64(self._mask)]
        linked: npt.NDArray[np.bool_] = (byte >> (subjects & np.uint64(7)).astype(np.uint8)) & 1 == 1
        return linked & (subjects < np.uint64(TOP_BIT))

    def watched(self, subjects: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return for each subject whether its visit may reach a handover or a withdrawal; of most it certainly does not."""
        byte = np.frombuffer(self._watched, np.uint8)[(subjects >> np.uint64(3)) & np.uint64(WATCHED_BYTES - 1)]
        found: npt.NDArray[np.bool_] = (byte >> (subjects & np.uint64(7)).astype(np.uint8)) & 1 == 1
        return found

    def is_watched(self, subject: int) -> bool:
        """Return the same of one subject."""
        return bool(self._watched[subject >> 3 & WATCHED_BYTES - 1] >> (subject & 7) & 1)

    def _watch(self, number: int) -> None:
        self._watched[number >> 3 & WATCHED_BYTES - 1] |= 1 << (number & 7)

    def subjects_of(self, fan: str) -> list[str]:
        """Return every subject that was ever the fan's, in hex: rows that are yet to be given another fan are found, too."""
        subjects = self._subjects.get(fan)
        if subjects is None:
            if len(self._subjects) >= _CACHED:
                self._subjects.clear()
            subjects = self._subjects[fan] = self._store.subjects_of(fan)
        return subjects

    def add(self, standings: Sequence[Standing]) -> list[Changed]:
        """Store standings; return what they change, a name at most once. One that is no newer than what is known changes nothing."""
        keys, newest = {each.name: _key(each.name) for each in standings}, dict[str, Standing]()
        before = self._before(keys)
        for each in standings:
            name = each.name
            known = newest.get(name) or before.get(name)
            if known is None or each.number > known.number:
                newest[name] = each
        changes = [changed for name, each in newest.items() if (changed := _changed(before.get(name), each))]
        self._store.save_standings(newest.values())
        if len(self._cache) + len(newest) > _CACHED:
            self._cache.clear()
        for name, each in newest.items():
            self._take(keys[name], each)
        return changes

    def _before(self, keys: Mapping[str, int | str]) -> dict[str, Standing]:
        """Return what is known of names, by name."""
        some = {name: key for name, key in keys.items() if self._may_have(_number(key))}
        self._read_ahead({key: name for name, key in some.items() if key not in self._cache})
        return {name: found for name, key in some.items() if (found := self._kept(key, name))}

    def _take(self, key: int | str, standing: Standing) -> None:
        number = _number(key)
        self._mark(number)
        for fan in standing.fans() if self._subjects else ():
            self._subjects.pop(fan, None)
        self._cache[key] = standing
        if not isinstance(key, int):
            return
        if may_pass(standing):
            self.handed.add(number)
            self._watch(number)
            if standing.is_lent:
                self.lent.add(number)
        if standing.has_nobody:
            self.withdrawn.add(number)
            self._watch(number)

    def _mark(self, number: int) -> None:
        self._maybe[number >> 3 & self._mask] |= 1 << (number & 7)


def is_subject(name: str) -> bool:
    """Return whether a name is a subject's; "ref:…" and "fan:…" are others'."""
    return ":" not in name


def _key(name: str) -> int | str:
    """Return under what a standing is at hand."""
    return int(name, 16) if is_subject(name) else name


def _number(key: int | str) -> int:
    """Return by what the filter knows a name, by its key."""
    return key if isinstance(key, int) else crc32(key.encode())


def span_at(standing: Standing, time_ns: int) -> Span | None:
    """Return the span of a standing that covers a time, to the millisecond, as times are stored."""
    time_ms = time_ns // NS_PER_MS
    if len(standing.spans) == 1:
        (span,) = standing.spans
        return span if span.from_ns // NS_PER_MS <= time_ms < span.to_ns // NS_PER_MS else None
    at = bisect_right(standing.spans, time_ms, key=_from_ms) - 1
    return standing.spans[at] if at >= 0 and time_ms < standing.spans[at].to_ns // NS_PER_MS else None


def _from_ms(span: Span) -> int:
    return span.from_ns // NS_PER_MS


def _changed(before: Standing | None, after: Standing) -> Changed | None:
    if before is None and not after.in_stores:  # of an import all are
        return Changed(after.name, _begin(after.spans[0].from_ns), after.spans[-1].to_ns) if after.spans else None
    if before is None:
        before = Standing(after.name, 0, (), after.rank, after.only_by_ref)
    if (before.rank, before.only_by_ref) != (after.rank, after.only_by_ref):
        return Changed(after.name, -FOR_EVER_NS, FOR_EVER_NS)
    was, now = ({each.store: each for each in standing.in_stores} for standing in (before, after))
    own = sorted(store for store in was.keys() | now.keys() if was.get(store) != now.get(store))
    in_stores = {store: _spans(before.within(store)) ^ _spans(after.within(store)) for store in ("", *own)}
    stores = [store for store, spans in in_stores.items() if spans]
    if not stores:
        return None
    moved_ns = _moved(before, after, stores)  # where another fan comes in between, times outside of that span become handovers
    spans = [span for store in stores for span, _ in in_stores[store]]
    return Changed(
        after.name,
        _begin(min([*moved_ns, *(span.from_ns for span in spans)])),
        max([*moved_ns, *(span.to_ns for span in spans)]),
        () if "" in stores else tuple(stores),
    )


def _moved(before: Standing, after: Standing, stores: Iterable[str]) -> set[int]:
    """Return the times at which something passes on by one standing only."""
    if not (may_pass(before) or may_pass(after)):
        return set()
    return {time_ns for store in stores for time_ns in {*handovers_of(before, store)} ^ {*handovers_of(after, store)}}


def _begin(from_ns: int) -> int:
    """Return the begin of a time's millisecond."""
    return clamped(from_ns // NS_PER_MS * NS_PER_MS)


def _spans(standing: Standing) -> set[tuple[Span, bool]]:
    """Return each span with whether it ends with the visit in which it began."""
    return {(span, span.from_ns in standing.lent) for span in standing.spans}
