"""Touches: what is stored and counted of a plain event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.fold.store import TouchRow
from gateway.fold.touch_names import name_rows, names_of
from gateway.identity.facts import Consent, Fact, Merge, Split
from gateway.identity.facts_json import encode_facts
from gateway.identity.links import FOR_EVER_NS, Link
from gateway.records import RecordKind
from gateway.site.identifier_types import IdentifierTypeEntry
from gateway.site.recorded import record_site
from gateway.state.ledger import Ledger
from tests.property.test_facts import stage
from tests.support.journal_stories import Story, folded, of, pairs, pseudonym, site_of, store
from tests.support.shop_stories import Shop, Touch

SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 12.0, "items": [{"sku": "A1", "n": 1}]}
STORED = '[{"sku": "A1", "n": 1}]'


def test_a_basket_is_stored_as_documented() -> None:
    assert [row["items"] for row in of(folded(Story().event(0, SALE).records), "touch")] == [STORED]


def test_a_record_of_an_earlier_release_is_stored_so_as_well() -> None:
    story = Story().event(0, SALE)
    record = story.records[-1]
    assert record.kind == RecordKind.EVENT
    story.records[-1] = record._replace(body=json.dumps(json.loads(record.body) | {"items": '[["A1", 1]]'}).encode())
    assert [row["items"] for row in of(folded(story.records), "touch")] == [STORED]


def test_a_touch_that_an_earlier_release_stored_can_be_taken_back() -> None:
    """Its id did not name its store then."""
    story = Story().event(0, SALE)
    values = json.loads(story.records[-1].body)
    story.event(0, {"kind": "void", "id": "v", "of": "t1", "reason": "wrong", "actor": "till"})
    earlier = json.loads(story.records[-1].body)["of_earlier"]
    story.records[-2] = story.records[-2]._replace(body=json.dumps(values | {"id": earlier}).encode())
    assert [row["void"] for row in of(folded(story.records), "touch")] == [True]


def test_a_purchase_is_the_fan_s_whom_it_names() -> None:
    assert Shop().hear().touch("transaction", fan="fan-1", amount=9.0).touches() == [Touch("transaction", "fan-1", 9.0, is_void=False)]


def test_a_purchase_that_names_nobody_is_the_fan_s_whom_links_give_its_subject() -> None:
    shop = Shop().hear().touch("transaction", who="ann", amount=9.0)
    assert [touch.fan for touch in shop.touches()] == [""]
    assert [touch.fan for touch in shop.link("ann", "fan-1").touches()] == ["fan-1"]


def test_the_fan_that_a_purchase_names_itself_is_stronger_than_a_link() -> None:
    shop = Shop().hear().link("ann", "fan-1").touch("transaction", who="ann", fan="fan-2")
    assert [touch.fan for touch in shop.touches()] == ["fan-2"]


def test_a_purchase_counts_in_its_minute_and_a_return_takes_its_amount_from_revenue() -> None:
    shop = Shop().hear().touch("transaction", fan="fan-1", amount=30.0, event_id="t1").touch("return", amount=10.0, event_id="t2")
    assert (shop.total("transactions"), shop.total("transactions_known"), shop.total("returns")) == (1, 1, 1)
    assert shop.total("revenue") == 20.0


def returned(**stated: object) -> tuple[list[str], int]:
    """What a return is stored as, and how many of goods are counted."""
    story = Story().event(0, {"kind": "touch", "what": "return", "id": "t1", **stated}).wait(2).tick().wait(2).tick()
    rows = folded(story.records)
    return [row["what"] for row in of(rows, "touch")], sum(row["returns"] for row in of(rows, "traffic"))


def test_a_return_that_hands_back_something_lent_is_no_return_of_goods() -> None:
    assert returned(identifiers=["tag:17"]) == (["handback"], 0)
    assert returned(subjects=["0a" * 8], types=["tag.ski"]) == (["handback"], 0)


@pytest.mark.parametrize("stated", [
    {"identifiers": ["tag:17"], "amount": 5.0}, {"identifiers": ["tag:17"], "ref": "r1"}, {"identifiers": ["member:7"]},
    {"identifiers": ["tag:17"], "items": [{"sku": "A1", "n": 1}]}, {"identifiers": ["tag:17", "member:7"]}, {"subjects": ["0a" * 8]},
    {},
])  # fmt: skip
def test_a_return_is_of_goods_if_it_states_any_or_names_nothing_that_is_lent(stated: dict[str, object]) -> None:
    assert returned(**stated) == (["return"], 1)


def test_which_types_are_lent_is_what_the_site_of_then_says() -> None:
    lent = IdentifierTypeEntry.model_validate({"type": "skis", "class": "lent"})
    site = site_of().model_copy(update={"identifier_types": (lent,)})
    skis = {"kind": "touch", "what": "return", "identifiers": ["skis:3"]}
    story = Story().event(0, skis | {"id": "t1"}).wait(1).add(RecordKind.SITE, record_site(site)).wait(1).event(0, skis | {"id": "t2"})
    assert [row["what"] for row in of(folded(story.records), "touch")] == ["return", "handback"]


def test_a_purchase_of_a_provisional_fan_is_a_known_one_s_only_once_that_is_registered() -> None:
    shop = Shop().hear().stands("ann", (-1e8, 1e8, "anon-0123456789abcdef")).touch("transaction", who="ann", amount=30.0)
    assert ([touch.fan for touch in shop.touches()], shop.total("transactions_known")) == (["anon-0123456789abcdef"], 0)
    shop.stands("ann", (-1e8, 1e8, "fan-1"))
    assert ([touch.fan for touch in shop.touches()], shop.total("transactions_known")) == (["fan-1"], 1)


def test_a_scan_is_a_touch_and_no_transaction() -> None:
    shop = Shop().hear().touch("scan", fan="fan-1")
    assert (shop.total("touches"), shop.total("transactions"), shop.total("revenue")) == (1, 0, 0)


def test_what_is_taken_back_stays_as_a_void_point_and_counts_no_more() -> None:
    shop = Shop().hear().touch("transaction", amount=30.0, event_id="t1").void("t1")
    assert [touch.is_void for touch in shop.touches()] == [True]
    assert (shop.total("touches"), shop.total("transactions"), shop.total("revenue")) == (0, 0, 0)


def test_people_of_a_door_s_event_are_counted_and_taken_back() -> None:
    shop = Shop().hear().count(5, 2, event_id="c1")
    assert (shop.total("in"), shop.total("out"), shop.doors()) == (5, 2, [(5, 2)])
    shop.void("c1")
    assert (shop.total("in"), shop.total("out"), shop.doors()) == (0, 0, [(0, 0)])


def named(*identifiers: str, **more: object) -> dict[str, object]:
    return {"kind": "touch", "what": "transaction", "amount": 9.0, "identifiers": list(identifiers), "id": "t1", **more}


@pytest.mark.parametrize("order", [("wechat:unknown", "phone:known"), ("phone:known", "wechat:unknown")])
def test_any_identifier_of_a_touch_may_say_whose_it_is(order: tuple[str, ...]) -> None:
    story = Story().event(0, named(*order))
    subject = pseudonym("phone:known")
    story.links([Link(subject, "fan-1", -FOR_EVER_NS, FOR_EVER_NS, "crm", 1.0)]).tick()
    assert [row["fan"] for row in of(folded(story.records), "touch")] == ["fan-1"]


def test_a_touch_has_the_names_by_which_identity_finds_it() -> None:
    values = {"subjects": ["a" * 16, "b" * 16], "ref": "r1", "fan": "fan-1"}
    assert names_of(values) == ["a" * 16, "b" * 16, "ref:r1", "fan:fan-1"]
    row = TouchRow("s", "x", 1, 10, 10, None, "a" * 16, "", "fan-1", 0, "{}")
    assert [each.name for each in name_rows(row, values)] == ["b" * 16, "ref:r1", "fan:fan-1"]
    assert names_of({"subjects": [], "ref": "", "fan": ""}) == []


def test_who_shared_follows_merges_splits_and_consent() -> None:
    def sharer(*learned: Fact) -> str:
        story = Story().event(0, SALE | {"fan": "fan-3", "shared_by": "fan-2"}).wait(2)
        for fact in learned:
            story.add(RecordKind.FACTS, encode_facts([fact])).wait(2)
        rows = store(stage(Ledger(":memory:")).fold_alone(pairs(story.tick().wait(2).tick().records)).points, {})
        return str(of(rows, "touch")[0]["shared_by"])

    known: dict[str, Any] = {"learned_ns": 0, "source": "crm"}
    merge, split = Merge(id="m", fans=("fan-1", "fan-2"), **known), Split(id="s", of="m", **known)
    assert (sharer(), sharer(merge), sharer(merge, split)) == ("fan-2", "fan-1", "fan-2")
    assert sharer(Consent(id="c", fan="fan-2", purpose="identify", granted=False, from_ns=-FOR_EVER_NS, **known)) == ""
