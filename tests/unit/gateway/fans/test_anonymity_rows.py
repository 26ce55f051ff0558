"""What an order's touches say of it: why it is nobody's, and which remedies are about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gateway.fans.anonymity_decided import named_by_deciding
from gateway.fans.anonymity_rows import Among, Counted, Remedy, names_a_device, order_of, visit_of
from gateway.fold.store import TouchRow
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import FOR_EVER_NS, Fact, Identifier, Link, Mention, Span, Standing
from gateway.identity.identity import Identity
from gateway.identity.nobody import Nobody, Shown
from gateway.identity.types import IdentifierTypes
from gateway.site.identifier_types import IdentifierClass

TYPES = IdentifierTypes()
T = 1_000_000_000


def class_of(id_type: str, subject: str) -> IdentifierClass:
    return TYPES.of(id_type).klass


def touch(what: str, *identifiers: tuple[str, str], fan: str = "", ref: str = "r1", **more: Any) -> TouchRow:
    body = {"what": what, "subjects": [subject for _, subject in identifiers], "types": [kind for kind, _ in identifiers], "ref": ref}
    return TouchRow("s1", "till", 1, T, T, "t1", "", "", fan, 0, json.dumps(body | more))


def order(*touches: TouchRow, known: Sequence[str] = (), fan: str = "") -> Counted:
    """The order; `known` are subjects that name a fan."""
    standings = {name: Standing(name, 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, "f"),), 50) for name in known}
    return order_of("s1", touches, fan, standings.get, class_of)


def test_an_order_without_anything_is_about_asking_at_the_till() -> None:
    found = order(touch("transaction", ref=""))
    assert (found.among, found.why, found.about, found.done) == (Among.ORDERS, Nobody.NOTHING, {Remedy.ASK}, set())


def test_a_guest_who_showed_something_was_asked_also_if_it_is_nobody_s() -> None:
    found = order(touch("transaction", ("member", "m")))
    assert (found.why, found.about, found.done) == (Nobody.UNREGISTERED, {Remedy.ASK}, {Remedy.ASK})


def test_an_order_that_is_known_by_its_payment_is_about_no_till() -> None:
    found = order(touch("transaction"), touch("payment", ("alipay", "a")), known=["a"], fan="f")
    assert (found.why, found.about, found.done) == (None, {Remedy.LINK}, set())


def test_an_order_that_is_known_at_the_till_is_about_no_payment() -> None:
    found = order(touch("transaction", ("member", "m")), touch("payment", ("alipay", "a")), known=["m"], fan="f")
    assert (found.about, found.done) == ({Remedy.ASK}, {Remedy.ASK})
    given = order(touch("transaction", fan="f"), touch("payment", ("alipay", "a")), fan="f")
    assert (given.about, given.done) == ({Remedy.ASK}, {Remedy.ASK})


def test_a_payment_that_names_something_beside_the_account_is_linked() -> None:
    found = order(touch("transaction"), touch("payment", ("alipay", "a"), ("phone", "p")))
    assert (found.why, found.about, found.done) == (Nobody.UNREGISTERED, {Remedy.ASK, Remedy.LINK}, {Remedy.LINK})
    alone = order(touch("transaction", ("alipay", "a")))
    assert (alone.why, alone.about, alone.done) == (Nobody.PAYMENT, {Remedy.ASK, Remedy.LINK}, set())


def test_what_is_bought_elsewhere_is_about_no_till() -> None:
    assert order(touch("transaction", channel="web")).about == set()
    assert order(touch("transaction", channel="store")).about == {Remedy.ASK}
    assert order(touch("transaction", channel="own_store")).about == {Remedy.ASK}


def test_junk_was_asked_for_and_a_number_alone_shows_what_it_might_have_been() -> None:
    junk = order(touch("transaction", blocked=["phone"]))
    assert (junk.why, junk.about, junk.done) == (Nobody.JUNK, {Remedy.ASK, Remedy.CLEAN}, {Remedy.ASK})
    real = order(touch("transaction", ("phone", "p")), known=["p"], fan="f")
    assert (real.about, real.done) == ({Remedy.ASK}, {Remedy.ASK, Remedy.CLEAN})


def test_visits_are_about_what_is_heard() -> None:
    def visit(shown: Shown | None, fan: str = "") -> Counted:
        return visit_of("s1", shown, fan, {}.get, T)

    assert (visit(None).why, visit(None).about) == (Nobody.NOTHING, set())
    assert visit(Shown("b", "device", T, T)).about == {Remedy.REGISTER}
    lent = visit(Shown("t", "lent", T, T), fan="f")
    assert (lent.why, lent.about, lent.done) == (None, {Remedy.LEND}, {Remedy.LEND})


def test_a_registration_may_name_what_can_be_heard() -> None:
    assert names_a_device(touch("registration", ("member", "m"), ("ibeacon", "b")), class_of)
    assert not names_a_device(touch("registration", ("member", "m"), ("phone", "p")), class_of)


def brand(*facts: Fact) -> MemoryFactStore:
    store = MemoryFactStore()
    Identity(store, TYPES, b"k").take(facts)
    return store


def link(id_type: str, subject: str, fan: str, nth: int = 0) -> Link:
    return Link(id=f"{subject}-{fan}-{nth}", learned_ns=1, source="crm", identifier=Identifier(id_type, subject), fan=fan)


def waiting(store: MemoryFactStore, subject: str) -> Counted:
    row = touch("transaction", ("phone", subject))
    return order_of("s1", [row], "", lambda name: store.standings([name]).get(name), class_of)


def test_a_household_that_somebody_decides_is_named_also_where_it_was_shown_beside_a_card_of_the_other() -> None:
    decidable = brand(link("phone", "p", "f1"), link("phone", "p", "f2"))
    row = waiting(decidable, "p")
    assert (row.why, row.about, [each.subject for each in row.waits_for]) == (Nobody.HOUSEHOLD, {Remedy.ASK, Remedy.DECIDE}, ["p"])
    assert named_by_deciding({row: 1}, decidable, TYPES, b"k", 2) == {(Remedy.DECIDE, Among.ORDERS): 1}
    shown = Mention(
        id="t", learned_ns=1, from_ns=T, to_ns=T, source="touch", identifiers=(Identifier("member", "m2"), Identifier("phone", "p"))
    )
    beside = brand(link("phone", "p", "f1"), link("phone", "p", "f1", 1), link("phone", "p", "f2"), link("member", "m2", "f2"), shown)
    assert named_by_deciding({waiting(beside, "p"): 1}, beside, TYPES, b"k", 2) == {(Remedy.DECIDE, Among.ORDERS): 1}
