"""Dissolve: what is left of claims and joins once no identifier is over a limit and none stands between persons (rules 3 and 5). Pure.

To dissolve is one thing: every claim and every join of the identifier that holds at a moment when it is shared goes, over its whole span.
To refuse only the last one, or only the moment, would make the result depend on the order in which facts came.

What the desk states is a person's decision: its claim stays, and for its span the joins of the identifier alone go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.identity.claims import STRENGTHS, Piece
from gateway.identity.facts import FOR_EVER_NS
from gateway.identity.groups import Between, Group, Holders, between, directly_between, groups_of, holders_of, within_work
from gateway.identity.joins import Join, TypeOf
from gateway.identity.limits import label_of, neighbours_passed, persons_passed
from gateway.identity.spans import Interval, overlaps, united, within, without
from gateway.identity.types import IdentifierType

_DESK: Final = STRENGTHS["desk"]


class Left:
    """Claims and joins, of which `limit` and `separate` take away what does not hold."""

    def __init__(self, pieces: dict[str, Sequence[Piece]], joins: list[Join], type_of: TypeOf) -> None:
        self.pieces = pieces
        self.joins = joins
        self.labels: Final[dict[str, str]] = {}
        """By subject, why it dissolved."""
        self.lost: Final[dict[str, list[Interval]]] = defaultdict(list)
        """By subject, when what it lost held: it names nobody then."""
        self.beyond: Final[list[str]] = []
        """An identifier of each group that took more work than is allowed."""
        self._type_of: Final = type_of

    def limit(self, types: Mapping[str, str]) -> None:
        """Dissolve what has too many persons, or too many identifiers of one type beside it; `types`: the name of each one's type."""
        passed = []
        for subject, mine in self.pieces.items():
            if len(mine) > 1 and (over := persons_passed(self._type_of(subject), mine)):
                passed += [Between(subject, each, over.persons) for each in over.over]
        for subject, beside in self._by_subject().items():
            if over := neighbours_passed(subject, beside, types, self._type_of):
                passed += [Between(subject, each, 0) for each in over.over]
        self._dissolve(passed)

    def separate(self) -> None:
        """Dissolve what stands between persons, of the weakest class first and all of a class at once, until nothing does."""
        while self.joins:
            holders = holders_of(self.pieces)
            groups = self._within_work(holders)
            found = [each for group in groups for each in between(group, holders, self._type_of)]
            found += directly_between(self.joins, holders, self._type_of)
            if not found:
                return
            weakest = min(self._type_of(each.subject).strength for each in found)
            self._dissolve([each for each in found if self._type_of(each.subject).strength == weakest])

    def groups(self) -> list[Group]:
        """Return what hangs together through identifiers that are not claimed at all times."""
        return groups_of(self.joins, {} if not self.joins else {subject for subject, mine in self.pieces.items() if _is_always(mine)})

    def _within_work(self, holders: Holders) -> list[Group]:
        groups = self.groups()
        kept = [within_work(group, holders) for group in groups]
        if any(len(joins) < len(group.joins) for joins, group in zip(kept, groups, strict=True)):
            dropped = {join for joins, group in zip(kept, groups, strict=True) for join in set(group.joins).difference(joins)}
            over = (group for joins, group in zip(kept, groups, strict=True) if len(joins) < len(group.joins))
            self.beyond.extend(min(min(each.first, each.second) for each in group.joins) for group in over)
            self.joins = [each for each in self.joins if each not in dropped]
            return self.groups()
        return groups

    def _by_subject(self) -> dict[str, list[Join]]:
        found: dict[str, list[Join]] = defaultdict(list)
        for each in self.joins:
            found[each.first].append(each)
            found[each.second].append(each)
        return found

    def _dissolve(self, shared: Sequence[Between]) -> None:
        if not shared:
            return
        moments, persons = defaultdict(list), defaultdict[str, int](int)
        for each in shared:
            moments[each.subject].append(each.moment)
            persons[each.subject] = max(persons[each.subject], each.persons)
        joins, cuts = self._by_subject(), defaultdict[Join, list[Interval]](list)
        for subject, when in moments.items():
            own, over = joins.get(subject, ()), united(when)
            decided = _decided(self._type_of(subject), self.pieces.get(subject, ()))
            for span in decided:
                beside = within(span, over)
                for join in own:
                    if overlaps(join[:2], beside):
                        cuts[join].append(span)
            stays = united(decided)
            if undecided := [left for each in over for left in without(each, stays)]:
                self.labels.setdefault(subject, label_of(self._type_of(subject), persons[subject]))
                for join in self._lose(subject, own, undecided, stays):
                    cuts[join].append(join[:2])
        self.joins = [left for join in self.joins for left in (_cut(join, cuts[join]) if join in cuts else (join,))]

    def _lose(self, subject: str, joins: Sequence[Join], over: Sequence[Interval], stays: Sequence[Interval]) -> list[Join]:
        """Take from an identifier the claims that hold at a moment of `over`; return the joins that do.

        It names nobody while they held, but for the spans in which it `stays` somebody's.
        """
        mine = self.pieces.get(subject, ())
        gone = [join for join in joins if overlaps(join[:2], over)]
        out = {id(piece.claim) for piece in mine if overlaps(piece[:2], over)}
        lost = [*(join[:2] for join in gone), *(piece[:2] for piece in mine if id(piece.claim) in out)]
        self.lost[subject] += [left for each in lost for left in without(each, stays)]
        if mine:
            self.pieces[subject] = [piece for piece in mine if id(piece.claim) not in out]
        return gone


def _cut(join: Join, cuts: Sequence[Interval]) -> list[Join]:
    return [join._replace(from_ns=from_ns, to_ns=to_ns) for from_ns, to_ns in without(join[:2], united(cuts))]


def _decided(of_type: IdentifierType, pieces: Sequence[Piece]) -> list[Interval]:
    """Return the spans of what the desk claims, where it does not itself state more persons than may have an identifier."""
    if not (stated := [piece for piece in pieces if piece.claim.strength == _DESK]):
        return []
    passed = persons_passed(of_type, stated)
    return [piece[:2] for piece in stated if not (passed and overlaps(piece[:2], passed.over))]


def _is_always(pieces: Sequence[Piece]) -> bool:
    if len(pieces) == 1:
        return pieces[0].from_ns <= -FOR_EVER_NS and pieces[0].to_ns >= FOR_EVER_NS
    if not any(piece.from_ns <= -FOR_EVER_NS for piece in pieces):
        return False
    return united(piece[:2] for piece in pieces) == [(-FOR_EVER_NS, FOR_EVER_NS)]
