"""Identity: what records state becomes links, for every shard."""

from __future__ import annotations

from gateway.identity.identify import Fact, facts_of_links, facts_of_touch, identify
from gateway.identity.links import FOR_EVER_NS, Link, encode_links

TOUCH = {"subjects": ["0a", "0b"], "fan": "", "ref": ""}


def test_a_touch_states_what_belongs_together() -> None:
    assert facts_of_touch(TOUCH) == [Fact(("0a", "0b"))]
    assert facts_of_touch(TOUCH | {"fan": "f", "ref": "r"}) == [Fact(("0a", "0b"), "f", "r")]
    assert facts_of_touch(TOUCH | {"subjects": [], "fan": "f", "ref": "r"}) == [Fact((), "f", "r")]


def test_what_stands_alone_states_nothing() -> None:
    for alone in ({"subjects": ["0a"]}, {"subjects": []}, {"subjects": [], "fan": "f"}, {"subjects": [], "ref": "r"}):
        assert facts_of_touch(TOUCH | alone) == []


def test_every_identifier_that_came_with_a_fan_is_the_fan_s() -> None:
    links = identify(facts_of_touch(TOUCH | {"fan": "f"}))
    assert links == [Link(subject, "f", -FOR_EVER_NS, FOR_EVER_NS, "touch", 0.9) for subject in ("0a", "0b")]


def test_identifiers_without_a_fan_are_nobody_yet() -> None:
    assert identify(facts_of_touch(TOUCH)) == []


def test_imported_links_pass_as_they_are() -> None:
    links = [Link("0a", "f", 5, 9, "crm", 1.0), Link("0b", "g", -FOR_EVER_NS, FOR_EVER_NS, "app", 0.5)]
    assert identify(facts_of_links(encode_links(links))) == links
