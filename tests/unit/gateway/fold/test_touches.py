"""Touches: what is stored of a plain event."""

from __future__ import annotations

import json

from gateway.records import RecordKind
from tests.support.journal_stories import Story, folded, of

SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 12.0, "items": [{"sku": "A1", "n": 1}]}
STORED = '[{"sku": "A1", "n": 1}]'


def test_a_basket_is_stored_as_documented() -> None:
    assert [row["items"] for row in of(folded(Story().event(0, SALE).records), "touch")] == [STORED]


def test_a_record_of_an_earlier_release_is_stored_so_as_well() -> None:
    told = Story().event(0, SALE)
    record = told.records[-1]
    assert record.kind == RecordKind.EVENT
    told.records[-1] = record._replace(body=json.dumps(json.loads(record.body) | {"items": '[["A1", 1]]'}).encode())
    assert [row["items"] for row in of(folded(told.records), "touch")] == [STORED]


def test_a_touch_that_an_earlier_release_stored_can_be_taken_back() -> None:
    """Its id did not name its store then."""
    told = Story().event(0, SALE)
    values = json.loads(told.records[-1].body)
    told.event(0, {"kind": "void", "id": "v", "of": "t1", "reason": "wrong", "actor": "till"})
    earlier = json.loads(told.records[-1].body)["of_earlier"]
    told.records[-2] = told.records[-2]._replace(body=json.dumps(values | {"id": earlier}).encode())
    assert [row["void"] for row in of(folded(told.records), "touch")] == [True]
