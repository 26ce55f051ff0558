"""Facts are found under every name that they mention; a provisional fan is not registered."""

from __future__ import annotations

import pytest

from gateway.identity.facts import (
    Consent,
    Distinct,
    Fact,
    Identifier,
    Link,
    Mention,
    Merge,
    Revoke,
    RevokeLink,
    Same,
    Split,
    is_registered,
    names_of,
)

A, B = Identifier("member", "0a"), Identifier("phone", "0b")


@pytest.mark.parametrize(
    ("fact", "names"),
    [
        (Link(id="1", learned_ns=0, identifier=A, fan="f"), {"fact:1", "0a", "claims:f"}),
        (Same(id="1", learned_ns=0, identifiers=(A, B)), {"fact:1", "0a", "0b"}),
        (Merge(id="1", learned_ns=0, fans=("f", "g")), {"fact:1", "fan:f", "fan:g"}),
        (Distinct(id="1", learned_ns=0, fans=("f", "g")), {"fact:1", "fan:f", "fan:g"}),
        (Split(id="1", learned_ns=0, of="2"), {"fact:1", "fact:2"}),
        (Revoke(id="1", learned_ns=0, of="2"), {"fact:1", "fact:2"}),
        (RevokeLink(id="1", learned_ns=0, identifier=A, fan="f"), {"fact:1", "0a", "claims:f"}),
        (Consent(id="1", learned_ns=0, fan="f", purpose="identify", granted=False), {"fact:1", "fan:f"}),
        (Mention(id="1", learned_ns=0, identifiers=(A, B), fan="f", ref="r"), {"fact:1", "0a", "0b", "claims:f", "ref:r"}),
        (Mention(id="1", learned_ns=0, ref="r"), {"fact:1", "ref:r"}),
    ],
)
def test_a_fact_is_found_under_every_name_that_it_mentions(fact: Fact, names: set[str]) -> None:
    assert set(names_of(fact)) == names


def test_a_provisional_fan_is_not_registered() -> None:
    assert [fan for fan in ("", "anon-00", "F1") if is_registered(fan)] == ["F1"]
