"""Why a row is nobody's: one reason each, the first rule that holds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.identity.facts import FOR_EVER_NS, Span, Standing
from gateway.identity.nobody import MEANS, Nobody, Row, Shown, why_nobody
from gateway.site.identifier_types import IdentifierClass

T = 1_000
EVER = (-FOR_EVER_NS, FOR_EVER_NS)


def standing(name: str, *spans: tuple[int, int, str], label: str = "", rank: int = 50, only_by_ref: bool = False) -> Standing:
    return Standing(name, 1, tuple(Span(*span) for span in spans), rank, only_by_ref, (), label)


def named(name: str, fan: str, rank: int = 50) -> Standing:
    return standing(name, (*EVER, fan), rank=rank)


def shown(subject: str, klass: IdentifierClass = "device", to_ns: int = T) -> Shown:
    return Shown(subject, klass, T, to_ns)


def why(*identifiers: Shown, standings: Mapping[str, Standing] | None = None, fan: str = "", ref: str = "", junk: bool = False) -> Nobody:
    return why_nobody(Row(T, identifiers, fan, ref, junk), (standings or {}).get)


def test_nothing_that_names_anybody_is_a_reason_of_its_own() -> None:
    assert why() is Nobody.NOTHING


def test_a_beacon_that_nobody_registered_is_nobody_s_also_as_a_provisional_fan() -> None:
    assert why(shown("b")) is Nobody.UNREGISTERED
    assert why(shown("b"), standings={"b": named("b", "anon-1")}) is Nobody.UNREGISTERED


def test_a_link_of_another_time_names_nobody_now() -> None:
    assert why(shown("b"), standings={"b": standing("b", (T + 1, FOR_EVER_NS, "f"))}) is Nobody.UNREGISTERED


def test_what_paid_alone_is_a_payment_without_link_and_beside_a_phone_it_is_not() -> None:
    assert why(shown("a", "payment"), shown("r", "event")) is Nobody.PAYMENT
    assert why(shown("a", "payment"), shown("p", "contact")) is Nobody.UNREGISTERED


@pytest.mark.parametrize(("label", "reason"), [("conflict", Nobody.CONFLICT), ("household", Nobody.HOUSEHOLD), ("shared", Nobody.SHARED)])
def test_an_identifier_of_several_states_its_label(label: str, reason: Nobody) -> None:
    assert why(shown("p", "contact"), shown("a", "payment"), standings={"p": standing("p", label=label)}) is reason


def test_a_reference_that_names_two_fans_is_a_conflict() -> None:
    assert why(ref="r1", standings={"ref:r1": standing("ref:r1", (*EVER, ""), label="conflict")}) is Nobody.CONFLICT


def test_two_persons_of_one_rank_are_told_from_a_conflict() -> None:
    assert why(shown("p"), shown("q"), standings={"p": named("p", "f1"), "q": named("q", "f2")}) is Nobody.TWO_PERSONS


def test_consent_stands_before_all_also_if_it_is_withdrawn_before_the_visit_ends() -> None:
    gone = standing("b", (-FOR_EVER_NS, T + 5, "f"), (T + 5, FOR_EVER_NS, ""), label="conflict")
    assert why(shown("b", to_ns=T + 5), standings={"b": gone}) is Nobody.WITHDRAWN
    assert why(shown("b", to_ns=T + 4), standings={"b": gone._replace(label="")}) is Nobody.PENDING
    assert why(fan="f", standings={"fan:f": standing("fan:f", (*EVER, ""))}) is Nobody.WITHDRAWN


def test_junk_stands_before_what_was_shown_beside_it_and_behind_who_is_known_to_share() -> None:
    assert why(junk=True) is Nobody.JUNK
    assert why(shown("a", "payment"), junk=True) is Nobody.JUNK
    assert why(shown("p"), junk=True, standings={"p": standing("p", label="household")}) is Nobody.HOUSEHOLD


def test_what_is_lent_is_lent_to_nobody_whatever_its_standing_is_as_the_visit_may_have_ended_it() -> None:
    assert why(shown("t", "lent")) is Nobody.LENT
    assert why(shown("t", "lent"), standings={"t": named("t", "f")}) is Nobody.LENT


def test_who_became_known_meanwhile_is_named_soon() -> None:
    assert why(shown("b"), standings={"b": named("b", "f")}) is Nobody.PENDING


def test_a_bank_card_without_a_reference_names_nobody_although_it_stands_for_somebody() -> None:
    card = standing("c", (*EVER, "f"), only_by_ref=True)
    assert why(shown("c", "payment"), standings={"c": card}) is Nobody.PAYMENT
    assert why(shown("c", "payment"), standings={"c": card}, ref="r1") is Nobody.PENDING


def test_every_reason_is_explained() -> None:
    assert set(MEANS) == set(Nobody)
