"""Whom a touch is, and whose the touches of one reference are."""

from __future__ import annotations

import pytest

from gateway.identity.facts import FOR_EVER_NS, Identifier, Mention, Span, Standing
from gateway.identity.naming import UNHEARD_NS, fan_at, name_of_touch, standing_of_ref, whom
from tests.support.identity_facts import identifier, touch


def _standing(name: str, *fans: tuple[int, int, str] | tuple[int, int, str, str], rank: int = 0, only_by_ref: bool = False) -> Standing:
    return Standing(name, 1, tuple(Span(*each) for each in fans), rank, only_by_ref)


def _ever(name: str, fan: str, rank: int = 0, only_by_ref: bool = False) -> Standing:
    return _standing(name, (-FOR_EVER_NS, FOR_EVER_NS, fan), rank=rank, only_by_ref=only_by_ref)


KNOWN = {
    each.name: each
    for each in [
        _ever("card-a", "A", 90),
        _ever("card-b", "B", 90),
        _ever("phone-b", "B", 45),
        _ever("bank-b", "B", 99, only_by_ref=True),
        _ever("gone", "", 90),
        _ever("web-1", "anon-1", 30),
        _ever("web-2", "anon-2", 30),
        _ever("openid-3", "anon-3", 80),
        _standing("lost"),
        _standing("passed", (0, 10, "A"), (20, 30, "B"), rank=45),
        _ever("fan:Y", "Z"),
        _standing("fan:W", (-FOR_EVER_NS, 10, "W"), (10, FOR_EVER_NS, "")),
        _ever("ref:a", "A"),
        _ever("ref:anon", "anon-9"),
        _ever("ref:gone", ""),
    ]
}


@pytest.mark.parametrize(
    ("subjects", "fan", "ref", "name"),
    [
        ("", "", "", ""),
        ("stranger", "", "", ""),
        ("card-a", "", "", "A"),
        ("stranger card-a", "", "", "A"),
        ("card-a stranger", "", "", "A"),
        ("phone-b card-a", "", "", "A"),
        ("card-a card-b", "", "", ""),
        ("card-b phone-b", "", "", "B"),
        ("web-1 phone-b", "", "", "B"),
        ("bank-b", "", "", ""),
        ("bank-b", "", "r", "B"),
        ("bank-b card-a", "", "", "A"),
        ("bank-b card-a", "", "r", "B"),
        ("gone", "", "", ""),
        ("gone phone-b", "", "a", ""),
        ("card-a", "B", "", "B"),
        ("card-a", "Y", "", "Z"),
        ("card-a", "W", "a", ""),
        ("", "", "a", "A"),
        ("card-b", "", "a", "B"),
        ("card-a card-b", "", "a", ""),
        ("lost", "", "a", "A"),
        ("web-1", "", "a", "A"),
        ("web-1", "", "gone", ""),
        ("", "", "none", ""),
        ("web-1", "", "", "anon-1"),
        ("web-1 openid-3", "", "", "anon-3"),
        ("web-1 web-2", "", "", ""),
        ("", "", "anon", "anon-9"),
        ("web-1", "", "anon", "anon-1"),
        ("lost", "", "", ""),
    ],
)
def test_a_touch_is_its_fan_else_its_strongest_identifier_s_else_its_reference_s(subjects: str, fan: str, ref: str, name: str) -> None:
    assert name_of_touch(KNOWN.get, subjects.split(), fan, ref, 50) == name


@pytest.mark.parametrize(("time", "fan"), [(-1, None), (0, "A"), (9, "A"), (10, None), (20, "B"), (29, "B"), (30, None)])
def test_a_span_has_its_begin_and_not_its_end(time: int, fan: str | None) -> None:
    assert whom(KNOWN["passed"], time) == fan


def test_a_fan_id_without_a_standing_is_itself() -> None:
    assert [fan_at(KNOWN.get, fan, 5) for fan in ("X", "Y", "W")] == ["X", "Z", "W"]
    assert fan_at({"fan:X": Standing("fan:X", 2)}.get, "X", 5) == "X"


def _of_ref(*subjects_and_fans: tuple[str, str]) -> tuple[list[str], str]:
    names = {identifier(f"t:{each}").subject: standing for each, standing in KNOWN.items()} | {
        each: standing for each, standing in KNOWN.items() if each.startswith("fan:")
    }
    mentions = [touch(0, " ".join(f"t:{each}" for each in subjects.split()), fan, "r") for subjects, fan in subjects_and_fans]
    standing = standing_of_ref(names.get, "r", mentions)
    assert standing.name == "ref:r"
    return [span.fan for span in standing.spans], standing.label


@pytest.mark.parametrize(
    ("mentions", "fans", "label"),
    [
        ([("", ""), ("card-a", "")], ["A"], ""),
        ([("card-a", ""), ("phone-b", "")], ["A"], ""),
        ([("card-a", ""), ("card-b", "")], [""], ""),
        ([("card-a", ""), ("", "Y")], ["Z"], ""),
        ([("", "X"), ("", "Y")], [""], "conflict"),
        ([("bank-b", ""), ("card-a", "")], ["B"], ""),
        ([("web-1", ""), ("", "")], ["anon-1"], ""),
        ([("web-1", ""), ("web-2", "")], [], ""),
        ([("stranger", ""), ("", "")], [], ""),
        ([("gone", ""), ("phone-b", "")], [""], ""),
    ],
)
def test_a_reference_is_whose_all_its_touches_together_are(mentions: list[tuple[str, str]], fans: list[str], label: str) -> None:
    assert _of_ref(*mentions) == (fans, label)


def test_what_was_lent_and_never_given_back_names_the_others_of_a_reference_for_a_day() -> None:
    lent = Standing("t", 1, (Span(0, FOR_EVER_NS, "A"),), lent=(0,))
    for time_ns, fans in ((UNHEARD_NS - 1, ["A"]), (UNHEARD_NS, [])):
        sale = Mention(id="s", learned_ns=0, from_ns=time_ns, to_ns=time_ns, identifiers=(Identifier("tag", "t"),), ref="r")
        assert [span.fan for span in standing_of_ref({"t": lent}.get, "r", [sale]).spans] == fans


class TestWithdrawnBetween:
    """A touch of a time at which consent is withdrawn tells whose the others of its reference are; itself it names nobody."""

    A = _standing("fan:A", (-FOR_EVER_NS, 20, "A"), (20, 40, "", "A"), (40, FOR_EVER_NS, "A"))
    CARD = A._replace(name="a")

    def of_ref(self, *standings: Standing, fan: str = "") -> list[str]:
        known = {each.name: each for each in (self.A, *standings)}
        payment = Mention(id="p", learned_ns=30, from_ns=30, to_ns=30, identifiers=(Identifier("member", "a"),), fan=fan, ref="r")
        return [span.fan for span in standing_of_ref(known.get, "r", [payment]).spans]

    def test_by_its_fan(self) -> None:
        assert self.of_ref(fan="A") == ["A", "", "A"]

    def test_by_its_identifiers(self) -> None:
        assert self.of_ref(self.CARD) == ["A", "", "A"]
        assert self.of_ref(self.CARD._replace(spans=self.CARD.spans[1:2])) == ["A", "", "A"], "also by one that is theirs only then"

    def test_by_the_spans_beside_where_an_earlier_release_kept_no_more(self) -> None:
        earlier = _standing("a", (-FOR_EVER_NS, 20, "A"), (20, 40, ""), (40, FOR_EVER_NS, "A"))
        assert self.of_ref(earlier) == self.of_ref(earlier._replace(spans=earlier.spans[:2])) == ["A", "", "A"]
        assert self.of_ref(earlier._replace(spans=earlier.spans[1:])) == ["A", "", "A"]
        assert self.of_ref(_standing("a", (-FOR_EVER_NS, 15, "A"), (15, 45, ""), (45, FOR_EVER_NS, "A"))) == [""], "at another time"

    def test_a_fan_and_whom_it_was_merged_into_are_one_though_consent_is_withdrawn_for_ever(self) -> None:
        away = [_standing(f"fan:{fan}", (-FOR_EVER_NS, FOR_EVER_NS, "", "A")) for fan in "AB"]
        touches = [touch(1, fan="A", ref="r"), touch(2, fan="B", ref="r")]
        found = standing_of_ref({each.name: each for each in away}.get, "r", touches)
        assert ([span.fan for span in found.spans], found.label) == ([""], "")

    def test_not_by_what_names_nobody_for_another_reason(self) -> None:
        assert self.of_ref(_standing("a", (20, 40, ""))) == [""]
