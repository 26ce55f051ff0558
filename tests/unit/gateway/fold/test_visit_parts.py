"""A visit during which its subject passes from one to another ends there, and another begins; nothing else cuts one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold.rebuilt import visits_of_rows
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.visit_parts import parts_of, whole_of
from gateway.fold.visit_rows import Segment, VisitKey
from gateway.identity.facts import Identifier, Link
from gateway.identity.facts_json import encode_facts
from gateway.pipeline.identity_stage import identity_on
from gateway.records import RecordKind
from gateway.state.ledger import Ledger
from tests.support.journal_stories import T0, Row, S, Story, new_fold, of, pairs, store
from tests.support.shards import shard_of
from tests.support.shop_stories import IDLE_S, PEOPLE, Shop, seen

EVER_S = 10.0**8
MS = 10**6
TAGS, ROUNDS = 3, 17
Told = list[tuple[str, float, float]]


def told(shop: Shop) -> Told:
    """Whose the visits that stand are, when they begin, and how long they last."""
    return [(visit.fan, visit.begin_s, visit.seconds) for visit in shop.standing()]


def heard(shop: Shop, *until_s: int, who: str = "ben", from_s: int = 100) -> Shop:
    """The tag is heard every minute up to the last of these."""
    return shop.hear(*[seen(who, "a" if at_s < 400 else "b", at_s) for at_s in range(from_s, until_s[-1] + 1, 60)])


def lend(shop: Shop, *spans: tuple[float, float, str], ends: Sequence[float] = ()) -> Shop:
    """Tags are lent: spans that begin at `ends` have a return that somebody stated."""
    return shop.stands("ben", *spans, lent=[each[0] for each in spans if each[0] not in ends], given_back=ends)


TWO = [("fan-1", 100.0, 300.0), ("fan-2", 400.0, 300.0)]


def test_a_tag_that_is_handed_on_without_a_pause_is_two_visits() -> None:
    shop = lend(heard(Shop(), 700).close(), (90, 400, "fan-1"), (400, EVER_S, "fan-2"))
    assert told(shop) == TWO
    assert [visit.zones for visit in shop.standing()] == [1, 1]
    assert (shop.total("visits_started"), shop.total("visits_closed"), shop.total("dwell_sum_s")) == (2, 2, 600)


def test_so_it_is_when_both_handovers_were_known_before() -> None:
    shop = heard(lend(Shop(), (90, 400, "fan-1"), (400, EVER_S, "fan-2")), 700).close()
    assert told(shop) == TWO
    assert (shop.total("visits_started"), shop.total("visits_closed"), shop.total("dwell_sum_s")) == (2, 2, 600)


def test_so_it_is_when_the_handover_becomes_known_meanwhile() -> None:
    shop = heard(lend(Shop(), (90, EVER_S, "fan-1")), 560)
    lend(shop, (90, 400, "fan-1"), (400, EVER_S, "fan-2"))
    assert [(visit.fan, visit.is_open) for visit in shop.standing()] == [("fan-1", False), ("fan-2", True)]
    assert told(heard(shop, 700, from_s=580).close()) == [("fan-1", 100.0, 300.0), ("fan-2", 400.0, 300.0)]


def test_a_handover_that_is_taken_back_was_none() -> None:
    for shop in (heard(Shop(), 700).close(), heard(Shop(), 500)):
        lend(shop, (90, 400, "fan-1"), (400, EVER_S, "fan-2"))
        lend(shop, (90, EVER_S, "fan-1"))
        if shop.now_s < 600:
            heard(shop, 700, from_s=520).close()
        assert told(shop) == [("fan-1", 100.0, 600.0)]
        assert (shop.total("visits_started"), shop.total("visits_closed"), shop.total("dwell_sum_s")) == (1, 1, 600)


def test_a_handover_that_was_at_another_time_moves() -> None:
    shop = lend(heard(Shop(), 700).close(), (90, 400, "fan-1"), (400, EVER_S, "fan-2"))
    assert told(lend(shop, (90, 520, "fan-1"), (520, EVER_S, "fan-2"))) == [("fan-1", 100.0, 420.0), ("fan-2", 520.0, 180.0)]


def test_between_its_return_and_the_next_handover_it_is_nobody_known_s() -> None:
    shop = lend(heard(Shop(), 700).close(), (90, 300, "fan-1"), (500, 600, "fan-2"), ends=[90, 500])
    assert told(shop) == [("fan-1", 100.0, 200.0), ("", 300.0, 200.0), ("fan-2", 500.0, 100.0), ("", 600.0, 100.0)]


def test_nobody_known_before_a_loan_and_after_its_return_are_two() -> None:
    parts = [("", 100.0, 200.0), ("fan-1", 300.0, 100.0), ("", 400.0, 300.0)]
    known_before = heard(lend(Shop(), (300, 400, "fan-1"), ends=[300]), 700).close()
    for shop in (lend(heard(Shop(), 700).close(), (300, 400, "fan-1"), ends=[300]), known_before):
        assert told(shop) == parts
        assert (shop.total("visits_started"), shop.total("visits_closed"), shop.total("dwell_sum_s")) == (3, 3, 600)
    assert told(known_before.stands("ben")) == [("", 100.0, 600.0)]


def test_what_is_handed_on_or_given_back_when_it_was_heard_last_is_one_visit() -> None:
    assert told(lend(heard(Shop(), 700).close(), (90, 700, "fan-1"), (700, EVER_S, "fan-2"))) == [("fan-1", 100.0, 600.0)]
    shop = lend(heard(Shop(), 700).close(), (90, 700, "fan-1"), ends=[90])
    assert told(shop) == [("fan-1", 100.0, 600.0)]
    shop = lend(heard(Shop(), 700), (90, 700, "fan-1"), (700, EVER_S, "fan-2"))
    assert told(heard(shop, 760, from_s=760).close()) == [("fan-1", 100.0, 600.0), ("fan-2", 700.0, 60.0)]


def test_handed_to_the_same_fan_again_it_is_the_same_visit() -> None:
    for spans in ([(90.0, 400.0, "fan-1"), (400.0, EVER_S, "fan-1")], [(90.0, 300.0, "fan-1"), (400.0, EVER_S, "fan-1")]):
        shop = lend(heard(Shop(), 700).close(), *spans, ends=[90] if spans[0][1] == 300 else [])
        assert [each for each in told(shop) if each[0]] == [("fan-1", 100.0, 600.0)]


def test_handed_again_to_the_fan_whose_loan_was_over_it_is_the_fan_s_from_then_on() -> None:
    """The first loan ended since nobody heard it for longer than the timeout."""
    begin_s = int(IDLE_S) + 200
    for known_before in (True, False):
        shop = lend(Shop(), (90, begin_s + 300, "fan-1"), (begin_s + 300, EVER_S, "fan-1")) if known_before else Shop()
        heard(shop, begin_s + 600, from_s=begin_s).close()
        if not known_before:
            lend(shop, (90, begin_s + 300, "fan-1"), (begin_s + 300, EVER_S, "fan-1"))
        assert told(shop) == [("", begin_s, 300.0), ("fan-1", begin_s + 300, 300.0)]
        assert (shop.total("visits_started"), shop.total("dwell_sum_s")) == (2, 600)


def test_a_member_s_beacon_passes_on_too_and_a_new_member_s_does_not() -> None:
    shop = heard(Shop(), 700).close().stands("ben", (0, 400, "fan-1"), (400, EVER_S, "fan-2"))
    assert told(shop) == TWO
    for spans in ([(0.0, 400.0, "anon-1"), (400.0, EVER_S, "fan-2")], [(400.0, EVER_S, "fan-2")], [(0.0, 400.0, "fan-1")]):
        shop = heard(Shop(), 700).close().stands("ben", *spans)
        assert [each[1:] for each in told(shop)] == [(100.0, 600.0)]


def test_a_handover_while_nobody_hears_the_tag_leaves_out_the_silence() -> None:
    shop = Shop().hear(seen("ben", "a", 100), seen("ben", "a", 300), seen("ben", "a", 500), seen("ben", "a", 540))
    assert told(lend(shop.close(), (90, 400, "fan-1"), (400, EVER_S, "fan-2"))) == [("fan-1", 100.0, 200.0), ("fan-2", 500.0, 40.0)]


def test_late_evidence_of_before_the_handover_is_of_the_first_visit() -> None:
    shop = Shop().hear(*[seen("ben", "a", at_s) for at_s in range(200, 701, 60)])
    lend(shop, (90, 380, "fan-1"), (380, EVER_S, "fan-2"))
    shop.late(seen("ben", "a", 100, agent="y"), seen("ben", "a", 330, agent="y"))
    assert told(shop.close()) == [("fan-1", 100.0, 280.0), ("fan-2", 380.0, 300.0)]


def test_what_else_the_next_fan_carries_is_of_the_same_visit() -> None:
    shop = Shop().hear(*[seen("ben", "a", at_s) for at_s in range(100, 701, 60)], *[seen("ann", "b", at_s) for at_s in range(460, 761, 60)])
    shop.close().stands("ann", (0, EVER_S, "fan-2"))
    lend(shop, (90, 400, "fan-1"), (400, EVER_S, "fan-2"))
    assert told(shop) == [("fan-1", 100.0, 300.0), ("fan-2", 400.0, 360.0)]
    lend(shop, (90, EVER_S, "fan-1"))
    assert told(shop) == [("fan-1", 100.0, 600.0), ("fan-2", 460.0, 300.0)]


def test_who_withdraws_during_a_visit_hands_nothing_over() -> None:
    shop = heard(Shop(), 700).close().stands("ben", (0, 300, "fan-1"), (300, 400, ""), (400, EVER_S, "fan-1"))
    assert told(shop) == [("", 100.0, 600.0)]
    shop = heard(Shop(), 700).close().stands("ben", (90, 300, "fan-1"), (300, 400, ""), (400, EVER_S, "fan-2"), lent=[90, 400])
    assert told(shop) == [("", 100.0, 300.0), ("fan-2", 400.0, 300.0)]


@pytest.mark.parametrize("is_known_before", [True, False])
def test_a_member_s_beacon_is_the_member_s_also_before_and_after_somebody_without_consent_has_it(
    is_known_before: bool,
) -> None:
    before, alone = (0.0, 400.0, "fan-1"), (400.0, EVER_S, "", "fan-2")
    stories = {
        (before, alone): [("fan-1", 100.0, 300.0), ("", 400.0, 300.0)],
        (before, (400.0, 520.0, "", "fan-2"), (520.0, EVER_S, "fan-1")): [("fan-1", 100.0, 600.0), ("", 400.0, 120.0)],
        ((0.0, 400.0, "", "fan-2"), (400.0, EVER_S, "fan-1")): [("", 100.0, 300.0), ("fan-1", 400.0, 300.0)],
        (before, (400.0, EVER_S, "", "fan-1")): [("", 100.0, 600.0)],
        ((0.0, 400.0, "anon-1"), alone): [("", 100.0, 600.0)],
        (before, (400.0, 520.0, "", "fan-2"), (520.0, EVER_S, "", "fan-1")): [
            ("fan-1", 100.0, 300.0),
            ("", 400.0, 120.0),
            ("", 520.0, 180.0),
        ],
    }
    for spans, expected in stories.items():
        shop = heard(Shop().stands("ben", *spans), 700).close() if is_known_before else heard(Shop(), 700).close().stands("ben", *spans)
        assert told(shop) == expected


def test_handed_to_one_who_had_withdrawn_it_was_the_fan_s_before_until_then() -> None:
    for spans, after in (([], [("", 400.0, 300.0)]), ([(520.0, EVER_S, "fan-3")], [("", 400.0, 120.0), ("fan-3", 520.0, 180.0)])):
        until_s = spans[0][0] if spans else EVER_S
        shop = lend(heard(Shop(), 700).close(), (90, 400, "fan-1"), (400, until_s, ""), *spans)
        assert told(shop) == [("fan-1", 100.0, 300.0), *after]


def test_a_restart_goes_on_with_the_part() -> None:
    shop = heard(lend(Shop(), (90, 400, "fan-1"), (400, EVER_S, "fan-2")), 500).checkpoint()
    assert told(heard(shop, 700, from_s=520).wait(2 * IDLE_S)) == TWO


def test_a_rebuild_compares_a_visit_that_was_cut_as_a_whole_one() -> None:
    found = []
    for spans in ([], [(90.0, 300.0, "fan-1"), (500.0, EVER_S, "fan-2")]):
        ledger = Ledger(":memory:")
        shop = Shop(ledger).hear(*[seen("ben", "a", at_s) for at_s in (100, 160, 250, 360, 420, 480, 540)]).close()
        (lend(shop, *spans, ends=[90]) if spans else shop).checkpoint()
        rows = ledger.visits_of(f"{PEOPLE['ben']:016x}")
        found.append((len(rows), visits_of_rows(rows)))
    assert [parts for parts, _ in found] == [1, 3]
    assert found[0][1] == found[1][1]


times_ms = st.integers(0, 1000)


@given(st.lists(times_ms, min_size=2, max_size=8, unique=True), st.lists(times_ms, max_size=5, unique=True), st.integers(0, 7))
@settings(max_examples=200)
def test_parts_make_the_segment_whole_again(rows_ms: list[int], handovers_ms: list[int], zones: int) -> None:
    """Its absences are the silences that are long enough; parts cover all that was heard, each side of a handover by another."""
    rows = sorted(each * MS + 17 for each in rows_ms)
    away = tuple((one, other) for one, other in pairwise(rows) if other - one > 100 * MS)
    whole = Segment(
        VisitKey(0, rows[0] // MS * MS + 5, 0), "0" * 16, rows[0], rows[-1], 15, False, True, "", NO_CODE, False, None, False, away
    )  # fmt: skip
    handovers = sorted(each * MS for each in handovers_ms)
    parts = parts_of(whole, handovers, lambda from_ns, to_ns: zones)
    assert whole_of(parts) == whole
    assert len({each.key for each in parts}) == len(parts)
    for row in rows:
        (mine,) = [nth for nth, each in enumerate(parts) if each.start_ns <= row <= each.last_ns]
        assert sum(each <= row for each in handovers) >= mine
    for each in parts:
        assert not any(each.start_ns < time_ns < each.last_ns // MS * MS for time_ns in handovers)
        assert each.zones


def test_of_51_handovers_without_a_pause_no_visit_is_on_the_wrong_side() -> None:
    """Tags are heard all day, each handed over 17 times; of two in three the return is recorded. Facts come shuffled."""
    drawn = random.Random(7)
    tags, story, facts, told = range(1000, 1000 + TAGS), Story(), [], set[tuple[str, str, int, int]]()
    story.frame(0, []).frame(1, [])
    for round_ in range(ROUNDS):
        for number, tag in enumerate(tags):
            fan, from_ns, is_back = f"fan-{round_}-{number}", story.now_ns + number * S, (round_ + number) % 3 > 0
            until_ns = from_ns + (150 if is_back else 240) * S + (drawn.randrange(60) * S if is_back else 0)
            one, until = Identifier("tag", f"{tag:016x}"), {"to_ns": until_ns} if is_back else {}
            facts.append(Link(id=f"l-{fan}", learned_ns=from_ns, source="desk", identifier=one, fan=fan, from_ns=from_ns, **until))
            told.add((f"{tag:016x}", fan, from_ns // MS, until_ns // MS))
        for _ in range(4):
            story.wait(60).frame(0, [Row(Kind.STAY, tag, place=drawn.randrange(2)) for tag in tags]).frame(1, [])
    heard_ns, records = story.now_ns, story.end().records
    drawn.shuffle(facts)
    for fact in facts:
        at = drawn.randrange(1, len(records))
        records.insert(at, records[at - 1]._replace(kind=RecordKind.FACTS, store="", agent="", seq=0, body=encode_facts([fact])))
    ledger = Ledger(":memory:")
    shard = shard_of(new_fold().fresh(ledger), identity=identity_on(ledger, b"secret"))
    rows = store(shard.fold_alone(pairs([record._replace(pos=pos) for pos, record in enumerate(records, 1)])).points, {})
    visits = [row for row in of(rows, "visit") if not row["void"]]
    stood = {(row["subject"], row["fan"], row["started_ms"], row["started_ms"] + round(row["seconds"] * 1000)) for row in visits}
    firsts = {each for each in told if each[1].startswith("fan-0-")}  # handed over before they were heard first
    assert {each[:2] for each in stood if each[1]} == {each[:2] for each in told}
    assert {each for each in told - firsts if each[3] < heard_ns // MS} <= stood
    totals = sum(row["visits_started"] for row in of(rows, "traffic")), sum(row["visits_closed"] for row in of(rows, "traffic"))
    assert totals == (len(visits), len(visits))


def test_over_midnight_it_is_as_at_any_other_time() -> None:
    midnight_s = -T0 // S % 86_400 - -T0 // S % 60
    shop = heard(Shop(), midnight_s + 300, from_s=midnight_s - 300).close()
    lend(shop, (midnight_s - 310, midnight_s + 60, "fan-1"), (midnight_s + 60, EVER_S, "fan-2"))
    assert told(shop) == [("fan-1", midnight_s - 300, 360.0), ("fan-2", midnight_s + 60, 240.0)]


def test_a_touch_that_gives_back_at_the_moment_of_the_next_handover_is_of_who_had_it() -> None:
    handed_s = 400.002  # the touch is sent 2.5 ms after the shop's time
    for at_s, fan in ((399.0, "fan-1"), (400.0, "fan-1"), (401.0, "fan-2")):
        shop = lend(heard(Shop(), 340), (90, handed_s, "fan-1"), (handed_s, EVER_S, "fan-2"))
        shop.wait(at_s - shop.now_s).touch("return", "ben")
        assert [each.fan for each in shop.touches()] == [fan]
    assert [each.fan for each in shop.wait(60).touch("scan", "ben", event_id="t2").touches()] == ["fan-2", "fan-2"]


@pytest.mark.parametrize("first", [(), (478,), (296, 478)])
def test_a_handover_that_is_learned_late_cuts_what_lies_before_the_last_part(first: tuple[int, ...]) -> None:
    """The track has the last part alone, which begins after the handover that is learned."""
    ends_s = {121: 565, 296: 885, 478: 716}

    def stand(shop: Shop, *known: int) -> Shop:
        nexts = dict(pairwise(sorted(known)))
        spans = [(each, min(ends_s[each], nexts.get(each, EVER_S)), "fan-1") for each in sorted(known)]
        return lend(shop, *spans, ends=known)

    shop = stand(Shop(), *first) if first else Shop()
    shop.hear(*[seen("ben", "a", 100 + 60 * nth) for nth in range(4)], *[seen("ben", "b", 490 + 60 * nth) for nth in range(2)]).close()
    assert told(stand(shop, 121, 296, 478)) == [("", 100.0, 21.0), ("fan-1", 121.0, 429.0)]
    assert (shop.total("visits_started"), shop.total("visits_closed"), shop.total("dwell_sum_s")) == (2, 2, 450)


def test_whoever_had_it_in_between_makes_what_comes_after_another_s_though_that_is_learned_late() -> None:
    """A beacon that was the same member's before and after is handed on twice once another had it between."""
    fan_1 = (0.0, 100.0, "fan-1"), (500.0, EVER_S, "fan-1")
    known = heard(Shop().stands("ben", fan_1[0], (200, 300, "fan-2"), fan_1[1]), 700, from_s=320).close()
    late = heard(Shop().stands("ben", *fan_1), 700, from_s=320).close().stands("ben", fan_1[0], (200, 300, "fan-2"), fan_1[1])
    assert told(late) == told(known) == [("", 320.0, 180.0), ("fan-1", 500.0, 180.0)]
