"""What the API answers about fans: whole for headquarters; of their own stores, and without identifiers, for stores and areas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.fans.decisions import Deciding
from gateway.fans.import_plan import Stamp
from gateway.fold.store import CorrectionRow
from gateway.identity.facts import Fact
from gateway.identity.ownership import Owner
from gateway.state.facts_tail import facts_after
from gateway.state.ledger import Ledger
from gateway.state.ledger_reader import LedgerReader
from serve.idempotency import Answers
from serve.roles import Role
from serve.routes import corrections
from tests.support.served_brand import ServedBrand
from tests.support.served_ledger import DAY_NS, NOW_NS, SUBJECTS, sale

MERGE = {"fans": ["f-1", "f-2"], "reason": "one address"}


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    return ServedBrand(tmp_path_factory.mktemp("brand"))


def decide(brand: ServedBrand, what: str, values: object, role: Role = Role.HEADQUARTERS, **headers: str) -> tuple[int, dict[str, object]]:
    answer = brand.ask("POST", f"/api/decisions/{what}", role, json.dumps(values).encode(), **headers)
    return answer.status, answer.json()


def test_headquarters_sees_the_whole_history_by_any_id(brand: ServedBrand) -> None:
    found = brand.ask("GET", "/api/fans/f-1", Role.HEADQUARTERS).json()
    assert (found["fan"], found["visits_total"], found["purchases_total"]) == ("f-1", 3, 2)
    assert [each["subject"] for each in found["identifiers"]] == [SUBJECTS["f-1"]]
    old = brand.ask("GET", "/api/fans/f-old", Role.HEADQUARTERS).json()
    assert (old["fan"], old["asked"], old["visits"]) == ("f-1", "f-old", found["visits"])


@pytest.mark.parametrize("role", [Role.STORE, Role.AREA])
def test_a_store_sees_what_happened_there_without_identifiers(brand: ServedBrand, role: Role) -> None:
    answer = brand.ask("GET", "/api/fans/f-1", role)
    found = answer.json()
    assert ([each["store"] for each in found["visits"]], found["identifiers"]) == (["s1", "s1"], [])
    assert [each["amount"] for each in found["purchases"]] == [10.0]
    assert SUBJECTS["f-1"] not in answer.body.decode()
    for what in ("visits", "purchases", "profile"):
        assert '"s2"' not in brand.ask("GET", f"/api/fans/f-1/{what}", role).body.decode()


def test_who_brought_a_fan_is_named_where_a_store_knows_them(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    ledger = Ledger(brand.folder / "state" / "ledger.db")
    ledger.save_touches([sale("f-1", "s1", 0, 5.0, shared_by="f-2"), sale("f-1", "s1", 2, 10.0, shared_by="f-old")])
    ledger.checkpoint([])
    ledger.close()
    found = {role: brand.ask("GET", "/api/fans/f-1", role).json() for role in (Role.STORE, Role.HEADQUARTERS)}
    for role, expected in ((Role.STORE, {"", "f-old"}), (Role.HEADQUARTERS, {"", "f-2", "f-old"})):
        seen = [*found[role]["touches"], *found[role]["purchases"], *(each for visit in found[role]["visits"] for each in visit["touches"])]
        assert {each["shared_by"] for each in seen} == expected


def test_a_fan_of_another_store_is_answered_as_one_that_is_not_there(brand: ServedBrand) -> None:
    there, nobody = (brand.ask("GET", f"/api/fans/{fan}", Role.STORE) for fan in ("f-2", "f-9"))
    assert (there.status, nobody.status) == (404, 404)
    assert there.body.replace(b"f-2", b"f-9") == nobody.body


def test_pages_of_visits_and_purchases(brand: ServedBrand) -> None:
    first = brand.ask("GET", "/api/fans/f-1/visits?limit=2", Role.HEADQUARTERS).json()
    second = brand.ask("GET", "/api/fans/f-1/visits?limit=2&offset=2", Role.HEADQUARTERS).json()
    whole = brand.ask("GET", "/api/fans/f-1/visits", Role.HEADQUARTERS).json()
    assert (first["total"], first["visits"] + second["visits"]) == (3, whole["visits"])
    (latest, _) = brand.ask("GET", "/api/fans/f-1/purchases", Role.HEADQUARTERS).json()["purchases"]
    assert (latest["amount"], latest["visits_before"]) == (10.0, 1)
    for wrong in ("limit=1000000", "limit=0", "limit=x", "offset=-1"):
        refused = brand.ask("GET", f"/api/fans/f-1/visits?{wrong}", Role.HEADQUARTERS)
        assert (refused.status, refused.json()["reason"]) == (400, "request")


def test_a_history_as_of_a_time_has_nothing_of_later(brand: ServedBrand) -> None:
    then = brand.ask("GET", "/api/fans/f-1?at=2026-09-22T16:00:00Z", Role.HEADQUARTERS).json()
    assert (then["as_of"], then["visits_total"], then["purchases_total"], then["now"]) == ("2026-09-22T16:00:00.000Z", 2, 1, None)
    in_store = brand.ask("GET", "/api/fans/f-1?at=2026-09-21T14:20:00Z", Role.STORE).json()
    assert (in_store["now"]["store"], in_store["now"]["zone"], in_store["visits"][0]["end"]) == ("s1", "a", None)
    for what, total in (("visits", 2), ("purchases", 1)):
        assert brand.ask("GET", f"/api/fans/f-1/{what}?at=2026-09-22T16:00:00Z", Role.HEADQUARTERS).json()["total"] == total
        later = brand.ask("GET", f"/api/fans/f-1/{what}?at=2030-01-01", Role.HEADQUARTERS)
        assert (later.status, later.json()["reason"]) == (400, "fan")


def test_a_profile_and_why(brand: ServedBrand) -> None:
    assert brand.ask("GET", "/api/fans/f-1/profile", Role.HEADQUARTERS).json()["ever"]["purchases"] == 2
    assert brand.ask("GET", "/api/fans/f-1/profile", Role.STORE).json()["ever"]["purchases"] == 1
    then = brand.ask("GET", "/api/fans/f-1/profile?at=2026-09-22", Role.HEADQUARTERS).json()
    assert (then["at"][:10], then["ever"]["purchases"]) == ("2026-09-22", 0)
    later = brand.ask("GET", "/api/fans/f-1/profile?at=2030-01-01", Role.HEADQUARTERS)
    assert (later.status, later.json()["reason"]) == (400, "fan")
    because = brand.ask("GET", "/api/fans/f-old/why", Role.HEADQUARTERS).json()
    assert (because["fan"], [fact["id"] for fact in because["path"]]) == ("f-1", ["merge-1"])
    assert brand.ask("GET", "/api/fans/f-9/why", Role.HEADQUARTERS).status == 404


def test_an_integrator_reads_the_facts_that_its_publisher_stated_and_no_other(brand: ServedBrand) -> None:
    assert brand.ask("GET", "/api/facts/link-f-1", Role.INTEGRATOR).json()["facts"][0]["fan"] == "f-1"
    mine, none = (brand.ask("GET", f"/api/facts/{fact}", Role.INTEGRATOR) for fact in ("merge-1", "merge-9"))
    assert mine.body.replace(b"merge-1", b"merge-9") == none.body
    assert brand.ask("GET", "/api/facts/merge-1", Role.HEADQUARTERS).json()["facts"][0]["fans"] == ["f-1", "f-old"]


def test_touches_have_the_department_and_the_squad_of_their_staff_as_questions_do(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    site = brand.folder / "site.toml"
    site.write_text(site.read_text() + '[[staff]]\nstaff_id = "ann"\ndepartment = "footwear"\nsquad = "north"\n')
    brand.pages.estate.look()
    found = brand.ask("GET", "/api/fans/f-1", Role.HEADQUARTERS).json()
    assert {(each["department"], each["squad"]) for each in found["touches"] + found["purchases"]} == {("footwear", "north")}


def test_corrections_are_listed_of_own_stores_and_facts_for_headquarters_alone(brand: ServedBrand) -> None:
    ids = {role: {each["id"] for each in brand.ask("GET", "/api/corrections", role).json()} for role in (Role.STORE, Role.HEADQUARTERS)}
    assert ids[Role.STORE] == {"void-s1"}
    assert {"void-s1", "void-s2", "merge-1"} <= ids[Role.HEADQUARTERS]
    assert [each["id"] for each in brand.ask("GET", "/api/corrections?store=s2", Role.HEADQUARTERS).json()] == ["void-s2"]
    assert brand.ask("GET", "/api/corrections?since=soon", Role.HEADQUARTERS).json()["reason"] == "audit"


def test_a_store_s_corrections_have_no_pseudonym(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    body = json.dumps({"id": "amend-1", "of_id": "t-1", "set": {"amount": 2.0, "subjects": [SUBJECTS["f-2"]]}})
    ledger = Ledger(brand.folder / "state" / "ledger.db")
    ledger.save_corrections([CorrectionRow("t-1", "s1", "crm", 1, "amend", NOW_NS, 0, body)])
    ledger.checkpoint([])
    ledger.close()
    shown = {role: brand.ask("GET", "/api/corrections?kind=amend", role).json()[0]["what"] for role in (Role.STORE, Role.HEADQUARTERS)}
    assert shown[Role.STORE] == "event t-1 has amount = 2.0, subjects = others"
    assert SUBJECTS["f-2"] in shown[Role.HEADQUARTERS]


def test_of_facts_only_what_may_be_asked_for_is_read(brand: ServedBrand, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Fact] = []
    facts = LedgerReader._facts

    def counted(self: LedgerReader, where: str, values: tuple[Any, ...]) -> Iterator[Fact]:
        for fact in facts(self, where, values):
            read.append(fact)
            yield fact

    monkeypatch.setattr(LedgerReader, "_facts", counted)
    for role, query in ((Role.STORE, ""), (Role.AREA, "?limit=1000"), (Role.HEADQUARTERS, "?store=s2"), (Role.HEADQUARTERS, "?kind=void"),
                        (Role.HEADQUARTERS, "?waiting=true")):  # fmt: skip
        assert brand.ask("GET", f"/api/corrections{query}", role).status == 200
    assert read == []
    assert len(brand.ask("GET", "/api/corrections?kind=merge", Role.HEADQUARTERS).json()) == len(read) == 1


def test_no_more_entries_are_looked_through_than_a_bound(brand: ServedBrand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "MOST_LOOKED_AT", 2)
    assert brand.ask("GET", "/api/corrections?limit=2", Role.HEADQUARTERS).status == 200
    refused = brand.ask("GET", "/api/corrections?text=nowhere", Role.HEADQUARTERS)
    assert (refused.status, refused.json()["reason"]) == (400, "audit")
    assert "the newest 2 reach back to 20" in refused.json()["message"]


def test_a_decision_is_tried_then_stated_by_the_user_of_the_token(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    journal = brand.folder / "state" / "journal.db"
    status, tried = decide(brand, "merge", {"fans": ["f-1", "f-2"], "dry_run": True})
    assert (status, tried["stated"], facts_after(journal, 0)) == (200, False, [])
    assert tried["effect"]["visits"] == 1  # type: ignore[index] # an object
    status, stated = decide(brand, "merge", MERGE, idempotency_key="k-1")
    assert (status, decide(brand, "merge", MERGE, idempotency_key="k-1")) == (200, (200, stated))
    (fact,) = facts_after(journal, 0)
    assert (fact.actor, fact.reason, fact.source) == ("headquarters", "one address", "desk")
    assert brand.ask("GET", f"/api/facts/{fact.id}", Role.HEADQUARTERS).status == 200, "also before it is folded"
    assert decide(brand, "split", {"of": fact.id, "reason": "two people"})[0] == 200


def test_a_decision_that_the_server_did_not_live_to_answer_is_stated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ServedBrand(tmp_path / "brand")
    with monkeypatch.context() as patched:
        patched.delattr(Answers, "finish")
        with pytest.raises(AttributeError):
            decide(before, "merge", MERGE, idempotency_key="k-1")
    after = ServedBrand(tmp_path / "brand", users=False)
    after.tokens.update(before.tokens)
    status, stated = decide(after, "merge", MERGE, idempotency_key="k-1")
    assert (status, decide(after, "merge", MERGE, idempotency_key="k-1")) == (200, (200, stated))
    assert decide(after, "merge", {**MERGE, "reason": "other"}, idempotency_key="k-1")[0] == 409
    first, again = facts_after(before.folder / "state" / "journal.db", 0)
    assert first == again, "under one id, which counts once"


@pytest.mark.parametrize(
    ("what", "values", "words"),
    [
        ("merge", {"fans": ["f-1", "f-2"]}, "reason: every decision has a reason"),
        ("merge", {"fans": ["f-1"], "reason": "x"}, "fans"),
        ("merge", {"fans": ["f-1", "f-3"], "reason": "x"}, "nothing is known of a fan 'f-3'"),
        ("merge", {"fan": ["f-1", "f-2"], "reason": "x"}, "fan: there is no such key; did you mean `fans`?"),
        ("merge", [MERGE, MERGE], "one object"),
        ("split", {"of": "link-f-1", "reason": "x"}, "is no merge"),
        ("link", {"identifier": "phone", "fan": "f-1", "reason": "x"}, "is no identifier"),
        ("link", {"identifier": "member:1", "fan": "phone:1", "reason": "x"}, "written as an identifier"),
        ("link", {"identifier": "member:8613", "fan": "f-1", "from": "soon", "reason": "x"}, "`from`"),
        ("consent", {"fan": "f-1", "granted": "yes", "reason": "x"}, "granted"),
        ("consent", {"fan": "f-1", "granted": True, "purpose": "fun", "reason": "x"}, "purpose"),
    ],
)
def test_a_decision_that_is_wrong_is_refused_with_what_is_wrong(brand: ServedBrand, what: str, values: object, words: str) -> None:
    status, refused = decide(brand, what, values)
    assert (status, refused["reason"]) == (400, "decision")
    assert words in str(refused["message"])


def test_a_later_checkpoint_and_a_file_that_was_put_back_are_read_at_once(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    path = brand.folder / "state" / "ledger.db"

    def visits() -> int:
        return int(brand.ask("GET", "/api/fans/f-2", Role.HEADQUARTERS).json()["visits_total"])

    assert visits() == 1
    ledger = Ledger(path)
    (row,) = ledger.visits_between("s2", NOW_NS + 3 * DAY_NS, NOW_NS + 4 * DAY_NS)
    ledger.save_visits([row._replace(key_ns=row.key_ns + DAY_NS, start_ns=row.start_ns + DAY_NS, last_ns=row.last_ns + DAY_NS)])
    assert visits() == 1
    ledger.checkpoint([])
    ledger.close()
    assert visits() == 2
    path.unlink()
    assert brand.ask("GET", "/api/fans/f-2", Role.HEADQUARTERS).json()["reason"] == "ledger"


def test_a_fan_whom_a_store_is_to_care_for_is_known_there(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    assert brand.ask("GET", "/api/fans/f-2", Role.STORE).status == 404
    deciding, until_ns = Deciding(Stamp(NOW_NS, "kim", "moved")), NOW_NS + 99 * DAY_NS
    ledger = Ledger(brand.folder / "state" / "ledger.db")
    ledger.add(deciding.own("f-2", Owner("", "s1"), NOW_NS, until_ns) + deciding.own("f-1", Owner("bob", "s2"), NOW_NS, until_ns), [])
    ledger.checkpoint([])
    ledger.close()
    found = brand.ask("GET", "/api/fans/f-2", Role.STORE).json()
    assert (found["owner"]["store"], found["visits"], found["purchases"]) == ("s1", [], []), "and nothing of other stores"
    assert brand.ask("GET", "/api/fans/f-1", Role.STORE).json()["owner"] is None, "it is another's"
    assert brand.ask("GET", "/api/fans/f-1", Role.HEADQUARTERS).json()["owner"]["store"] == "s2"
    status, stated = decide(brand, "own", {"fan": "f-1", "store": "s2", "reason": "moved", "dry_run": True})
    assert (status, stated["facts"][0]["fact"]) == (200, "owner")  # type: ignore[index] # a list


def test_hostile_ids_are_nobody_s(brand: ServedBrand) -> None:
    for fan in ("%00", "..%2F..%2Fetc%2Fpasswd", "f-1%2F", "'%20OR%201=1", "%F0%9F%98%80" * 300, "~", "phone:8613912345678"):
        answer = brand.ask("GET", f"/api/fans/{fan}", Role.HEADQUARTERS)
        assert (answer.status, answer.json()["reason"]) == (404, "fan")


def test_what_is_inferred_comes_from_the_database_and_stands_in_an_answer_of_its_own(brand: ServedBrand) -> None:
    assert "inferred" not in brand.ask("GET", "/api/fans/f-1", Role.STORE).json()
    refused = brand.ask("GET", "/api/fans/f-1/inferred", Role.STORE)
    assert (refused.status, refused.json()["reason"]) == (503, "database"), "there is none yet"
    assert brand.ask("GET", "/api/fans/f-2/inferred", Role.STORE).status == 404
    assert brand.ask("GET", "/api/fans/f-1/inferred?last=201", Role.STORE).status == 400
