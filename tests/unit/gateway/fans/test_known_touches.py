"""A touch as it was known at a time has the corrections of then, and states what it stated then."""

from __future__ import annotations

import json
from typing import Any

from gateway.fans.known_touches import FactsThen, TouchesThen
from gateway.fold.amends import TOUCH, amends_of
from gateway.fold.store import CorrectionRow, TouchRow
from gateway.fold.touch_facts import amended, facts_of_touch
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Mention
from tests.support.fan_brand import TYPES

ONE, TWO = "1" * 16, "2" * 16
FIRST: dict[str, Any] = {
    "what": "transaction", "time_ns": 10, "subjects": [ONE], "types": ["member"], "fan": "", "ref": "", "amount": 5.0,
}  # fmt: skip


def touch(values: dict[str, Any]) -> TouchRow:
    return TouchRow("s1", "till", 1, 10, 10, "t1", values["subjects"][0], "", "", 0, json.dumps(values))


def correction(kind: str, time_ns: int, **values: Any) -> CorrectionRow:
    return CorrectionRow("t1", "s1", "till", time_ns, kind, time_ns, 0, json.dumps({"set": values}))


AMENDS = [correction("amend", 20, amount=7.0), correction("amend", 30, subjects=[TWO])]
NOW = touch(amended(touch(FIRST), FIRST, amends_of(TOUCH, FIRST, AMENDS), TYPES))


def then(until_ns: int) -> tuple[float, list[str], int]:
    touches = TouchesThen([*AMENDS, correction("void", 40)], {"t1": NOW._replace(void=1)}.get, until_ns, TYPES)
    row = touches.rows.get(("s1", "till", 1), NOW._replace(void=1))
    values = json.loads(row.body)
    return values["amount"], values["subjects"], row.void


def test_a_touch_has_the_corrections_of_then() -> None:
    assert [then(until_ns) for until_ns in (10, 20, 30, 40)] == [(5.0, [ONE], 0), (7.0, [ONE], 0), (7.0, [TWO], 0), (7.0, [TWO], 1)]


def test_it_states_what_it_stated_then() -> None:
    store = MemoryFactStore()
    store.add([*facts_of_touch(touch(FIRST), FIRST), *facts_of_touch(NOW, json.loads(NOW.body))], [])
    before = FactsThen(store, TouchesThen(AMENDS, {"t1": NOW}.get, 20, TYPES))
    (mention,) = before.facts_naming([ONE])
    assert isinstance(mention, Mention) and mention.id == "t1"  # noqa: PT018
    assert before.facts_naming([TWO]) == []


def test_between_two_amends_a_return_of_what_was_lent_is_a_handback() -> None:
    """A tag was given back; the till said a member's card, then the tag, then the card again."""
    tag, card = ({"subjects": [each], "types": [kind]} for each, kind in ((ONE, "tag"), (TWO, "member")))
    amends = [correction("amend", 20, **tag), correction("amend", 30, **card)]
    sent = FIRST | {"what": "return", "amount": 0.0}
    stored = amended(touch(sent), sent, amends_of(TOUCH, sent, amends), TYPES)
    touches = [TouchesThen(amends, {"t1": touch(stored)}.get, until_ns, TYPES) for until_ns in (10, 20)]
    kinds = [json.loads(row.body)["what"] for each in touches for row in each.rows.values()]
    assert kinds == ["return", "handback"]
