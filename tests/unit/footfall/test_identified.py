"""Identifiers are found in every kind of event, by the type of their keys."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from footfall.events import AnyEvent, Identifier, Touch
from footfall.identified import identifier_keys, sealed_keys, stated_identifiers


class Fact(BaseModel):
    """A kind of event that may come one day."""

    kind: Literal["fact"]
    identifier: Identifier
    more: Annotated[list[Identifier], Field(default_factory=list)]
    of: Annotated[tuple[Identifier, str] | None, Field(alias="of_link")] = None
    by: dict[str, Identifier] = Field(default_factory=dict)
    reason: str = ""


def test_a_key_with_identifiers_is_known_by_its_type() -> None:
    assert identifier_keys(Touch) == ("identifiers",)
    assert identifier_keys(Fact) == ("identifier", "more", "of_link", "by")


def test_all_that_an_event_states_is_found_wherever_it_stands() -> None:
    value = {"kind": "fact", "identifier": "a:1", "more": ["b:2", "c:3"], "of_link": ["d:4", "fan"], "by": {"x": "e:5"}, "reason": "f:6"}
    fact = Fact.model_validate(value)
    assert stated_identifiers(fact) == ["a:1", "b:2", "c:3", "d:4", "fan", "e:5"]
    assert sealed_keys(value, fact) == {key: value[key] for key in ("identifier", "more", "of_link", "by")}
    touch = Touch.model_validate({"kind": "touch", "what": "scan", "identifiers": []})
    assert (stated_identifiers(touch), sealed_keys({"identifiers": []}, touch)) == ([], {})


def test_every_kind_of_event_with_identifiers_may_have_them_sealed() -> None:
    for kind in get_args(AnyEvent):
        named = [name for name in kind.model_fields if "identifier" in name]
        assert set(named) <= set(identifier_keys(kind)), f"{kind.__name__}: a key with identifiers is of another type"
        assert not identifier_keys(kind) or "sealed" in kind.model_fields, f"{kind.__name__}: derive it from _OfPeople"
