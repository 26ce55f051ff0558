"""Whose a fan is when something is sold: what is stated holds from its time on, before that who registered the fan first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.fold.fan_owners import FanOwners
from gateway.fold.outcome_days import EVER_NS, Reowned
from gateway.identity.facts import Fact, Merge, Ownership, Revoke
from gateway.identity.facts_json import encode_facts
from gateway.outcome.journey import UNOWNED, OwnedBy
from gateway.pipeline.identity_stage import identity_on
from gateway.records import RecordKind
from gateway.site import Staff
from gateway.site.recorded import record_site
from gateway.state.ledger import Ledger
from tests.support.journal_stories import T0, S, Story, new_fold, pairs, site_of
from tests.support.shards import shard_of

COMMON: Final[dict[str, Any]] = {"learned_ns": 0, "source": "crm"}
NOON_NS, EVENING_NS = T0 + 43_200 * S, T0 + 64_800 * S
STAFF = (Staff(staff_id="anna", department="shoes", squad="early", store="s2"), Staff(staff_id="ben", department="optics"))


def owned(fact_id: str, fan: str, from_ns: int, **owner: str) -> Ownership:
    return Ownership(id=fact_id, fan=fan, from_ns=from_ns, **{"staff_id": "", "store": ""} | owner, **COMMON)


def registration(fan: str, staff_id: str = "", event_id: str = "r1") -> dict[str, Any]:
    return {"kind": "touch", "what": "registration", "id": event_id, "fan": fan, "staff_id": staff_id or None}


class Brand:
    """A brand whose staff is listed; `tell` it events of the store s1, and facts, a minute apart."""

    def __init__(self, staff: Sequence[Staff] = STAFF) -> None:
        ledger = Ledger(":memory:")
        self._shard: Final = shard_of(new_fold().fresh(ledger), identity=identity_on(ledger, b"a secret, for tests only"))
        self._story: Final = Story().add(RecordKind.SITE, record_site(site_of().model_copy(update={"staff": staff})))
        self._told = 0
        self.owners: Final = FanOwners(self._shard.core.state)

    def tell(self, *told: dict[str, Any] | Fact) -> FanOwners:
        for each in told:
            self._story.wait(60)
            if isinstance(each, dict):
                self._story.event(0, each)
            else:
                self._story.add(RecordKind.FACTS, encode_facts([each]))
        records = self._story.wait(5).tick().records
        self._shard.fold_alone(pairs(records[self._told :]))
        self._told = len(records)
        self.owners.prepare(["fan-1", "fan-2"])
        return self.owners


def owners(*told: dict[str, Any] | Fact) -> FanOwners:
    return Brand().tell(*told)


def test_who_registered_a_fan_first_owns_it_at_all_times_with_the_store_where_that_was() -> None:
    found = owners(registration("fan-1", "anna"), registration("fan-1", "ben", "r2"))
    assert found.of("fan-1", EVENING_NS) == found.of("fan-1", T0) == OwnedBy("anna", "s1", "shoes", "early")


def test_a_store_that_registered_a_fan_without_staff_owns_it() -> None:
    assert owners(registration("fan-1")).of("fan-1", EVENING_NS) == OwnedBy("", "s1")


def test_what_is_stated_holds_from_its_time_on_and_the_store_of_staff_is_theirs() -> None:
    found = owners(registration("fan-1", "ben"), owned("o1", "fan-1", NOON_NS, staff_id="anna"))
    assert found.of("fan-1", NOON_NS - 1) == OwnedBy("ben", "s1", "optics")
    assert found.of("fan-1", NOON_NS) == OwnedBy("anna", "s2", "shoes", "early")


def test_what_is_stated_of_one_id_of_a_fan_holds_for_the_one_that_it_was_merged_into() -> None:
    found = owners(owned("o1", "fan-2", T0, store="s2"), Merge(id="m", fans=("fan-1", "fan-2"), **COMMON))
    assert found.of("fan-1", NOON_NS) == found.of("fan-2", NOON_NS) == OwnedBy("", "s2")


def test_staff_whom_the_site_does_not_list_own_a_fan_all_the_same() -> None:
    assert Brand(staff=()).tell(registration("fan-1", "cleo")).of("fan-1", NOON_NS) == OwnedBy("cleo", "s1")


def test_nobody_owns_who_is_not_known_or_was_registered_by_nobody() -> None:
    found = owners(registration("fan-1", "anna"))
    assert [found.of(fan, NOON_NS) for fan in ("", "anon-1", "fan-2")] == [UNOWNED] * 3


def test_a_registration_that_was_taken_back_owns_nobody() -> None:
    void = {"kind": "void", "id": "v1", "of": "r1", "reason": "wrong", "actor": "kim"}
    assert owners(registration("fan-1", "anna"), void).of("fan-1", NOON_NS) == UNOWNED


def test_a_change_is_of_the_fan_under_every_name_since_when_it_holds() -> None:
    found = owners(owned("o1", "fan-2", NOON_NS, store="s2"), Merge(id="m", fans=("fan-1", "fan-2"), **COMMON))
    assert sorted(found.changed(Reowned("fan-2", NOON_NS, ""))) == [("fan-1", NOON_NS), ("fan-2", NOON_NS)]


def test_a_fact_that_is_taken_back_changes_what_it_stated_and_another_nothing() -> None:
    found = owners(registration("fan-1", "ben"), owned("o1", "fan-1", NOON_NS, staff_id="anna"), Revoke(id="r", of="o1", **COMMON))
    assert found.changed(Reowned("", EVER_NS, "o1")) == [("fan-1", NOON_NS)]
    assert found.changed(Reowned("", EVER_NS, "o2")) == []
    assert found.of("fan-1", NOON_NS) == OwnedBy("ben", "s1", "optics")


def test_who_registered_a_fan_is_remembered_until_a_change_is_told() -> None:
    brand = Brand()
    assert brand.tell().of("fan-1", NOON_NS) == UNOWNED
    found = brand.tell(registration("fan-1", "ben"))
    assert found.of("fan-1", NOON_NS) == UNOWNED
    found.changed(Reowned("fan-1", EVER_NS, ""))
    assert found.of("fan-1", NOON_NS) == OwnedBy("ben", "s1", "optics")
