"""What is lent and not given back is its fan's until the visit ends in which it began; provisional fans are one, and known to nobody."""

from __future__ import annotations

import random

from footfall.frames import Kind
from gateway.fold.store import VisitRow
from gateway.identity.facts import FOR_EVER_NS, Identifier, Link, Span, Standing
from gateway.identity.facts_json import encode_facts
from gateway.pipeline.identity_stage import identity_on
from gateway.records import RecordKind
from gateway.state.ledger import Ledger
from tests.support import journal_stories as made
from tests.support.journal_stories import Row, S, Story, new_fold, of, pairs, store
from tests.support.memory_fold_store import MemoryStore
from tests.support.shards import shard_of
from tests.support.shop_stories import IDLE_S, Shop, seen
from tests.support.whole import small_or_whole

NEXT_S = IDLE_S + 200
EVER_S = 10.0**8
HIRE_NS = 700 * S


def shop_with_two_visits() -> Shop:
    """Ben is a tag, heard twice with a silence between that ends a visit."""
    shop = Shop().hear(seen("ben", "a", 100), seen("ben", "b", 160)).wait(2 * IDLE_S)
    return shop.hear(seen("ben", "a", 100 + 3 * IDLE_S))


def fans(shop: Shop) -> tuple[list[str], list[str]]:
    """Return the fans of visits, and of dwells, by time."""
    return [visit.fan for visit in shop.visits()], [dwell.fan for dwell in shop.dwells()]


def test_something_lent_is_the_fan_s_for_the_first_visit_after_the_handover() -> None:
    shop = shop_with_two_visits().stands("ben", (90, EVER_S, "fan-1"), lent=[90]).close()
    assert fans(shop) == (["fan-1", ""], ["fan-1", "fan-1", ""])


def test_so_it_is_when_the_handover_was_known_before() -> None:
    shop = Shop().stands("ben", (0, EVER_S, "fan-1"), lent=[0])
    shop.hear(seen("ben", "a", 100), seen("ben", "b", 160)).wait(2 * IDLE_S).hear(seen("ben", "a", 100 + 3 * IDLE_S)).close()
    assert fans(shop) == (["fan-1", ""], ["fan-1", "fan-1", ""])


def test_a_return_that_was_recorded_counts_alone() -> None:
    shop = shop_with_two_visits().stands("ben", (90, 100 + 4 * IDLE_S, "fan-1")).close()
    assert fans(shop) == (["fan-1", "fan-1"], ["fan-1", "fan-1", "fan-1"])


def test_the_next_handover_begins_another_visit_s_span() -> None:
    at_s = 90 + 3 * IDLE_S
    shop = shop_with_two_visits().stands("ben", (90, at_s, "fan-1"), (at_s, EVER_S, "fan-2"), lent=[90, at_s]).close()
    assert fans(shop) == (["fan-1", "fan-2"], ["fan-1", "fan-1", "fan-2"])


def test_what_was_handed_over_in_one_store_is_nobody_s_in_another_of_the_same_name() -> None:
    for in_store, fan in (("s1", "fan-1"), ("elsewhere", "")):
        shop = Shop().stands("ben", (90, EVER_S, "fan-1"), lent=[90], in_store=in_store).hear(seen("ben", "a", 100)).close()
        assert fans(shop) == ([fan], [fan])
        shop.stands("ben", (90, EVER_S, "fan-1"), lent=[90]).close()
        assert fans(shop) == (["fan-1"], ["fan-1"]), "without a store it is the fan's wherever it is heard"


def test_each_store_ends_what_is_lent_by_its_own_visits() -> None:
    """The tag is heard in the second store all the time; in the first its visit ended, and a new one is nobody's."""
    tag, story, rows = 9, Story(), {}
    at_s = [*range(10, 3000, 100)]
    for second, nth in zip(at_s, range(len(at_s)), strict=True):
        heard = [Row(Kind.STAY, tag)] if nth in (0, 1, 15, 16) else []
        story.wait(second - (story.now_ns - made.T0) / S).frame(0, heard).frame(1, []).frame(2, [Row(Kind.STAY, tag)])
    fold = new_fold()
    began_ns = made.T0 + 5 * S
    fold.link([Standing(f"{tag:016x}", 1, (Span(began_ns, FOR_EVER_NS, "fan-1"),), lent=(began_ns,))])
    store(fold.apply(pairs(story.end().records)), rows)
    visits = sorted((row["time_ns"], row["fan"]) for row in of(rows, "visit") if row["store"] == "s1")
    assert [fan for _, fan in visits] == ["fan-1", ""]
    assert [row["fan"] for row in of(rows, "visit") if row["store"] == "s2"] == ["fan-1"], "which the second store's own began with"


def test_what_is_handed_over_during_a_visit_begins_one_of_its_own_and_ends_with_it() -> None:
    shop = shop_with_two_visits().stands("ben", (130, EVER_S, "fan-1"), lent=[130]).close()
    assert fans(shop) == (["", "fan-1", ""], ["", "fan-1", ""])


def test_a_touch_after_the_visit_is_not_the_fan_s() -> None:
    shop = Shop().stands("ben", (0, EVER_S, "fan-1"), lent=[0]).hear(seen("ben", "a", 100))
    shop.touch("scan", who="ben", event_id="during").hear(seen("ben", "a", 200)).wait(3 * IDLE_S).touch("scan", who="ben", event_id="after")
    assert [touch.fan for touch in shop.touches()] == ["fan-1", ""]


def test_whoever_is_heard_with_it_first_after_the_timeout_is_nobody_known() -> None:
    late_s = 90 + IDLE_S + 1
    for shop in (Shop(), Shop().stands("ben", (90, EVER_S, "fan-1"), lent=[90])):
        shop.hear(seen("ann", "a", 95)).touch("scan", who="ben", event_id="before").wait(late_s - shop.now_s - 5)
        shop.hear(seen("ben", "a", late_s)).touch("scan", who="ben", event_id="with")
        shop.stands("ben", (90, EVER_S, "fan-1"), lent=[90]).close()
        assert [(visit.who, visit.fan) for visit in shop.visits()] == [("ann", ""), ("ben", "")]
        assert [dwell.fan for dwell in shop.dwells()] == ["", ""]
        assert [touch.fan for touch in shop.touches()] == ["fan-1", ""]


def test_what_no_store_hears_is_the_fan_s_for_a_day_at_most() -> None:
    shop = Shop().stands("ben", (0, EVER_S, "fan-1"), lent=[0]).hear(seen("ann", "a", 100)).wait(5 * IDLE_S)
    shop.touch("scan", who="ben", event_id="same-day").wait(86_400).touch("scan", who="ben", event_id="next-day")
    assert [touch.fan for touch in shop.touches()] == ["fan-1", ""]


def test_a_tag_of_another_store_that_is_heard_there_later_is_nobody_known_s() -> None:
    """Its own store hears it soon after the handover; the link states no return, and comes before or after all that."""
    tag = 1000
    for link_first in (True, False):
        story = Story()
        story.frame(0, []).frame(2, []).wait(5)
        at_ns, first = story.now_ns, len(story.records)
        story.wait(60).frame(0, [Row(Kind.STAY, tag, place=0)]).wait(60).frame(0, [Row(Kind.STAY, tag, place=1)])
        story.wait(2 * made.TIMEOUT_S).frame(2, [Row(Kind.STAY, tag, place=0)]).wait(60).frame(2, [Row(Kind.STAY, tag, place=0)])
        story.wait(86_400).frame(2, [Row(Kind.STAY, tag, place=0)])
        records = story.end().records
        link = Link(id="l", learned_ns=at_ns, source="desk", identifier=Identifier("tag", f"{tag:016x}"), fan="fan-1", from_ns=at_ns)
        where = first if link_first else len(records)
        fact = records[where - 1]._replace(kind=RecordKind.FACTS, store="", agent="", seq=0, body=encode_facts([link]))
        records.insert(where, fact)
        ledger = Ledger(":memory:")
        shard = shard_of(new_fold().fresh(ledger), identity=identity_on(ledger, b"secret"))
        rows = store(shard.fold_alone(pairs([record._replace(pos=pos) for pos, record in enumerate(records, 1)])).points, {})
        for name in ("visit", "dwell"):
            assert {(row["store"], row["fan"]) for row in of(rows, name)} == {("s1", "fan-1"), ("s2", "")}


def test_late_evidence_may_lengthen_the_visit_and_so_the_span() -> None:
    shop = Shop().stands("ben", (0, EVER_S, "fan-1"), lent=[0]).hear(seen("ben", "a", 100)).wait(IDLE_S + 60)
    shop.hear(seen("ben", "b", 300 + IDLE_S)).close()
    assert fans(shop)[0] == ["fan-1", ""]
    shop.late(seen("ben", "a", 300, agent="y")).close()
    assert [visit.fan for visit in shop.standing()] == ["fan-1"]
    assert set(fans(shop)[1]) == {"fan-1"}


def test_two_devices_of_a_provisional_fan_are_one_visit_and_nobody_known() -> None:
    anonymous = "anon-0123456789abcdef"
    shop = Shop().stands("ann", (0, EVER_S, anonymous)).stands("ben", (0, EVER_S, anonymous))
    shop.hear(seen("ann", "a", 100), seen("ben", "a", 110), seen("ann", "a", 130)).close()
    (visit,) = shop.standing()
    assert (visit.fan, visit.seconds) == (anonymous, 30)
    assert {dwell.fan for dwell in shop.dwells()} == {anonymous}
    assert (shop.minute(100)["visits_open"], shop.minute(100).get("known_open", 0)) == (1, 0)
    assert (shop.minute(100, "a")["present"], shop.minute(100, "a").get("known_present", 0)) == (1, 0)
    for who in ("ann", "ben"):
        shop.stands(who, (0, EVER_S, "fan-1"))
    (visit,) = shop.standing()
    assert visit.fan == "fan-1"
    assert (shop.minute(100)["known_open"], shop.minute(100, "a")["known_present"]) == (1, 1)


ROUNDS = small_or_whole(15, 50)


def test_of_many_handovers_some_without_a_return_nothing_is_on_the_wrong_side() -> None:
    """Ten tags, each handed over many times; every third return is not recorded; facts come shuffled, late ones among them."""
    drawn = random.Random(7)
    tags, story, whose, facts = range(1000, 1010), Story(), {}, []
    for round_ in range(ROUNDS):
        for number, tag in enumerate(tags):
            story.wait(5)
            from_ns, fan = story.now_ns, f"fan-{round_}-{number}"
            until = {} if (round_ + number) % 3 == 0 else {"to_ns": from_ns + HIRE_NS}
            one = Identifier("tag", f"{tag:016x}")
            link = Link(id=f"l-{fan}", learned_ns=from_ns, source="desk", identifier=one, fan=fan, from_ns=from_ns, **until)
            facts.append(link)
            whose[tag, round_] = (from_ns, fan)
        for _ in range(3):
            story.wait(100).frame(0, [Row(Kind.STAY, tag, place=0) for tag in tags]).frame(1, [])
        story.wait(made.TIMEOUT_S + 1000).frame(0, []).frame(1, [])
        if round_ % 2:  # somebody of the staff carries the tags about, after all were given back
            story.frame(0, [Row(Kind.STAY, tag, place=1) for tag in tags]).wait(made.TIMEOUT_S + 1000).frame(0, []).frame(1, [])
    records = story.end().records
    drawn.shuffle(facts)
    for fact in facts:
        at = drawn.randrange(1, len(records))
        records.insert(at, records[at - 1]._replace(kind=RecordKind.FACTS, store="", agent="", seq=0, body=encode_facts([fact])))
    ledger = Ledger(":memory:")
    shard = shard_of(new_fold().fresh(ledger), identity=identity_on(ledger, b"secret"))
    rows = store(shard.fold_alone(pairs([record._replace(pos=pos) for pos, record in enumerate(records, 1)])).points, {})
    wrong = []
    for row in [*of(rows, "visit"), *of(rows, "dwell")]:
        tag = int(row["subject"], 16)
        held = [(from_ns, fan) for (owner, _), (from_ns, fan) in whose.items() if owner == tag and from_ns <= row["time_ns"]]
        from_ns, fan = max(held)
        expected = fan if row["time_ns"] - from_ns < HIRE_NS else ""
        if row["fan"] != expected:
            wrong.append((row["subject"], row["time_ns"], row["fan"], expected))
    assert wrong == []
    assert sum(row["fan"] != "" for row in of(rows, "visit")) == len(tags) * ROUNDS


class CountingLedger(Ledger):
    """Counts the rows of visits that are read."""

    read = 0

    def visits(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        found = super().visits(subject, store, from_ns, to_ns)
        self.read += len(found)
        return found


def rows_read_of_visits(of_a_basket: int) -> int:
    """A basket is lent, and heard in so many visits afterwards; nobody records that it was given back."""
    ledger = CountingLedger(":memory:")
    shop = Shop(ledger).stands("ben", (90, EVER_S, "fan-1"), lent=[90])
    for nth in range(of_a_basket):
        shop.hear(seen("ben", "a", 100 + 3 * IDLE_S * nth))
    assert [visit.fan for visit in shop.close().visits()] == ["fan-1", *[""] * (of_a_basket - 1)]
    return ledger.read


def test_each_visit_of_what_was_never_given_back_takes_as_many_steps_as_the_one_before() -> None:
    first, second = rows_read_of_visits(15), rows_read_of_visits(30)
    assert second < 2.5 * first


def test_a_restart_knows_which_visits_of_what_is_lent_changed_since_the_last_second_ended() -> None:
    story, kept = Story(), MemoryStore()
    for _ in range(4):
        story.wait(60).frame(0, [Row(Kind.STAY, 5, 0)]).frame(1, [])
    fold = new_fold(kept)
    fold.apply(pairs(story.records))
    fold.link([Standing(f"{5:016x}", 1, (Span(made.T0, FOR_EVER_NS, "fan-1"),), lent=(made.T0,))])
    fold.checkpoint({})
    again = new_fold(kept)
    again.load(kept.state())
    changed = fold._visits.whose.take_changed()
    assert [each.name for each in changed] == [f"{5:016x}"]
    assert again._visits.whose.take_changed() == changed
