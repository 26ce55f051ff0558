"""What a preview of a handover counts is what then changes, also where the tag was silent and while its visit goes on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.fans.preview import Preview
from gateway.fans.reading import AllRows, timeouts
from gateway.identity.facts import Consent, Fact, Identifier, Link, Mention, Revoke
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes
from gateway.state.ledger import Ledger
from gateway.state.ledger_reader import ledger_reader
from tests.support.journal_stories import T0, S
from tests.support.shop_stories import PEOPLE, Shop, seen

TAG, TYPES, KEY = Identifier("tag", f"{PEOPLE['ben']:016x}"), IdentifierTypes(), b"a key of tests"
BEGIN_NS = T0 + -T0 // S % 60 * S
Kept = tuple[Mapping[Hashable, Hashable], ...]


def at(at_s: float) -> int:
    return BEGIN_NS + round(at_s * S)


def lent(fan: str, from_s: float) -> Link:
    return Link(id=f"lent-{fan}", learned_ns=at(from_s), source="desk", identifier=TAG, fan=fan, from_ns=at(from_s))


def given_back(at_s: float) -> Mention:
    time_ns = at(at_s)
    return Mention(id=f"back-{at_s}", learned_ns=time_ns, from_ns=time_ns, to_ns=time_ns, identifiers=(TAG,), returned=True)


def kept(rows: AllRows) -> Kept:
    """Return the visits, dwells and touches of the tag by their keys, with what may change of each."""
    visits = {(row.store, row.agent, row.key_ns): (row.fan, row.start_ns, row.last_ns) for row in rows.visits_of(TAG.subject)}
    dwells = {(row.store, row.zone, row.key_ns): (row.fan, row.start_ns, row.last_ns) for row in rows.dwells_of(TAG.subject)}
    return visits, dwells, {row.row: row.fan for row in rows.touches_of(TAG.subject)}


def differences(before: Kept, after: Kept) -> list[int]:
    return [sum(was.get(key) != now.get(key) for key in {*was, *now}) for was, now in zip(before, after, strict=True)]


Counted = list[tuple[int, int, float]]
"""Visits, touches and money of each preview."""


def counted(folder: Path, is_over: bool, before: Sequence[Fact], moves: Sequence[Sequence[Fact]]) -> Counted:
    """Return what previews count, each of which is what its facts then change. Nobody hears the device between 200 and 400 s."""
    ledger = Ledger(folder / "ledger.db")
    shop = Shop(ledger, identity=Identity(ledger, TYPES, KEY)).know(before)
    shop.hear(*[seen("ben", "a", at_s) for at_s in (100, 150, 200)])
    for at_s in (230, 270, 310):
        shop.wait(at_s - shop.now_s).touch("transaction", "ben", amount=10.0, event_id=f"at-{at_s}")
    shop.hear(*[seen("ben", "b", at_s) for at_s in (400, 450)])
    (shop.close() if is_over else shop).checkpoint()
    found = []
    for facts in moves:
        with ledger_reader(folder / "ledger.db") as reader:
            preview, was = Preview(reader, AllRows(reader), TYPES, KEY, timeouts(reader)), kept(AllRows(reader))
            preview.take(facts)
            effect = preview.effect()
        shop.know(facts).checkpoint()
        with ledger_reader(folder / "ledger.db") as reader:
            assert [effect.visits, effect.dwells, effect.touches] == differences(was, kept(AllRows(reader))), facts
        found.append((effect.visits, effect.touches, effect.money))
    return found


@pytest.mark.parametrize("is_over", [False, True])
def test_what_it_counts_of_a_tag_is_what_changes(is_over: bool, tmp_path: Path) -> None:
    moves: list[list[Fact]] = [
        [lent("fan-2", 300), lent("fan-3", 250)],
        [given_back(300)],
        [Revoke(id="r", learned_ns=at(500), of="lent-fan-3")],
        [given_back(240)],
        [Revoke(id="s", learned_ns=at(500), of="lent-fan-1")],
    ]
    first, *_ = counted(tmp_path, is_over, [lent("fan-1", 90)], moves)
    assert first == (2, 2, 20.0), "the first sale in the silence is the first one's, as it was"


@pytest.mark.parametrize("is_over", [False, True])
def test_what_it_counts_of_a_beacon_is_what_changes_whoever_has_withdrawn(is_over: bool, tmp_path: Path) -> None:
    beacon = Identifier("ibeacon", TAG.subject)
    one, other = (replace(lent(fan, from_s), identifier=beacon) for fan, from_s in (("fan-1", 0), ("fan-2", 300)))
    withdrawn = [
        Consent(id=f"c-{fan}", learned_ns=at(500), fan=fan, purpose="identify", granted=False, from_ns=at(from_s))
        for fan, from_s in (("fan-2", 0), ("fan-1", 350), ("fan-1", 150))
    ]  # fmt: skip
    moves: list[list[Fact]] = [
        [other],
        [withdrawn[1]],
        [replace(withdrawn[2], id="again")],
        [Revoke(id="r", learned_ns=at(500), of=other.id)],
    ]
    first, second, *_ = counted(tmp_path, is_over, [one, withdrawn[0]], moves)
    assert (first, second) == ((2, 1, 10.0), (0, 0, 0.0)), "who withdraws after having handed it on had the visit before"
