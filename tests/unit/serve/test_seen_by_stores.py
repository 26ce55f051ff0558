"""What a token of a store sees of any question: nothing of other stores and of whom they alone know, no pseudonym, no file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from gateway.points import from_rows
from gateway.points.rows import OutcomePoint, TouchPoint
from gateway.query.options import MEANINGS, takes
from gateway.sinks.sqlite.sink import SQLite
from serve.questions import listed
from serve.roles import Role
from tests.support.served_brand import SITE, ServedBrand
from tests.support.served_database import DAYS, write_database

NOON_NS: Final = 1_792_843_200 * 10**9
"""Of 2026-10-24, UTC."""
STRANGER: Final = "f-2"
"""Whom the ledger knows in s2 alone; f-1 came to both stores."""
STRANGE_STAFF: Final = "bob"
"""One of the staff of s2, who never served in s1."""


def touch(second: int, store: str, what: str, fan: str, **more: Any) -> TouchPoint:
    time_ns = NOON_NS + second * 10**9
    return TouchPoint(time_ns, "x", "", store, what, "", "", fan, "", "", "", "", "", "", more.pop("amount", 0.0), False, **more)


TOUCHES: Final[Sequence[TouchPoint]] = (
    touch(0, "s2", "share", STRANGER, code="A"),
    touch(1, "s1", "transaction", "f-new", code="A", amount=50.0),
    touch(2, "s1", "share", "f-1", code="B"),
    touch(3, "s1", "transaction", "f-newer", code="B", amount=20.0),
    touch(4, "s1", "registration", "f-newest", shared_by=STRANGER),
)


def outcome(by: str, value: str, **fields: float) -> OutcomePoint:
    """A row of the day of s1 in which nothing else was done."""
    given = {"time_ns": NOON_NS, "by": by, "store": "s1", "value": value}
    return OutcomePoint(**dict.fromkeys(OutcomePoint._fields, 0) | given | fields)  # type: ignore[arg-type] # a row's fields are of several types


OUTCOMES: Final[Sequence[OutcomePoint]] = (
    outcome("store", "s1", revenue_owner=10.0), outcome("store", "s2", revenue_owner=30.0),
    outcome("staff", "ann", revenue_owner=10.0), outcome("staff", STRANGE_STAFF, revenue_owner=20.0),
    outcome("staff", "unlisted", revenue_owner=4.0),
    outcome("staff", "helper", revenue_owner=6.0, revenue_last=5.0, orders=1, orders_equal=1.0),
)  # fmt: skip
"""Whom the fans of sales in s1 belong to. The helper is listed in s2, and sold something in s1."""
STAFF: Final = "".join(
    f'[[staff]]\nstaff_id = "{name}"\nstore = "{store}"\n' for name, store in (("ann", "s1"), (STRANGE_STAFF, "s2"), ("helper", "s2"))
)


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    made = ServedBrand(tmp_path_factory.mktemp("brand"), site=SITE + STAFF)
    write_database(made.folder / "footfall.db")
    sink = SQLite(made.folder / "footfall.db")
    sink.write([from_rows("touch", TOUCHES), from_rows("outcome", OUTCOMES)])
    sink.close()
    return made


def asked(brand: ServedBrand, what: str, role: Role, **given: str) -> Any:
    answer = brand.ask("GET", f"/api/query/{what}?{urlencode(DAYS | given)}", role)
    assert answer.status == 200, answer.body
    return answer.json()


@pytest.mark.parametrize("what", MEANINGS)
def test_nothing_of_other_stores_is_in_any_answer(brand: ServedBrand, what: str) -> None:
    groups: Any = listed()[what]["groups"]
    for given in [{}, *({"by": each} for each in groups if "by" in takes(what))]:
        rows = asked(brand, what, Role.STORE, **given)
        shown = json.dumps(rows)
        assert not {"subject", "with"} & {name for row in rows for name in row}, given
        assert '"s2"' not in shown, given
        assert f'"{STRANGER}"' not in shown, given
        assert f'"{STRANGE_STAFF}"' not in shown, given


def test_headquarters_sees_devices_and_who_shared(brand: ServedBrand) -> None:
    assert all(row["subject"] for row in asked(brand, "visits", Role.HEADQUARTERS))
    assert STRANGER in {row["sharer"] for row in asked(brand, "referral", Role.HEADQUARTERS, by="sharer", store="s1")}
    assert STRANGER in {row["shared_by"] for row in asked(brand, "touches", Role.HEADQUARTERS, store="s1")}


def test_whom_a_store_does_not_know_is_nobody_there_and_counts_all_the_same(brand: ServedBrand) -> None:
    whole, own = (
        asked(brand, "referral", role, by="sharer", store="s1", measures="brought,revenue") for role in (Role.HEADQUARTERS, Role.STORE)
    )
    assert {row["sharer"] for row in own} == {"", "f-1"}
    assert [sum(row[name] for row in own) for name in ("brought", "revenue")] == [
        sum(row[name] for row in whole) for name in ("brought", "revenue")
    ]
    (known,) = (row for row in own if row["sharer"] == "f-1")
    assert known in whole


def owned(brand: ServedBrand, role: Role, by: str) -> dict[str, float]:
    rows = asked(brand, "outcome", role, by=by, store="s1", rule="owner", measures="contribution_owner")
    return {row["staff_id" if by == "staff" else by]: row["contribution_owner"] for row in rows}


@pytest.mark.parametrize(
    ("by", "own", "others"), [("owner", {"s1": 10.0}, {"s2"}), ("staff", {"ann": 10.0, "helper": 6.0}, {STRANGE_STAFF, "unlisted"})]
)
def test_whose_fans_they_are_is_nobody_where_that_is_of_other_stores(
    brand: ServedBrand, by: str, own: dict[str, float], others: set[str]
) -> None:
    """Also staff who are listed nowhere; who did something here is named, and sums stay what they are."""
    whole, seen = owned(brand, Role.HEADQUARTERS, by), owned(brand, Role.STORE, by)
    assert own.items() <= seen.items()
    assert own.items() <= whole.items()
    assert others <= whole.keys() - seen.keys()
    assert sum(seen.values()) == pytest.approx(sum(whole.values()))


def token_of(brand: ServedBrand, name: str, *stores: str) -> dict[str, str]:
    """The header of a user of some stores, of whom s9 is in site.toml no more."""
    site = brand.folder / "site.toml"
    site.write_text(SITE + '[[stores]]\nname = "s9"\n' + STAFF)
    token = brand.user("add", name, "--role", "store", *(word for store in stores for word in ("--store", store)))
    site.write_text(SITE + STAFF)
    return {"authorization": f"Bearer {token}"}


def test_a_refusal_names_no_file_and_no_other_store(brand: ServedBrand) -> None:
    lost = token_of(brand, "lost", "s9")
    for question in ("traffic?zone=x", "zones?zone=nowhere", "traffic?store=s9", "traffic"):
        for answer in (brand.ask("GET", f"/api/query/{question}", Role.STORE), brand.ask("GET", f"/api/query/{question}", **lost)):
            refused = "" if answer.status == 200 else answer.body.decode()
            assert str(brand.folder) not in refused
            assert "s2" not in refused
    assert str(brand.folder) in brand.ask("GET", "/api/query/zones?zone=nowhere", Role.HEADQUARTERS).json()["message"]
    assert brand.ask("GET", "/api/query/traffic", **lost).json()["reason"] == "scope"


def test_a_token_goes_on_when_one_of_its_stores_is_not_there(brand: ServedBrand) -> None:
    moved = token_of(brand, "moved", "s1", "s9")
    found = brand.ask("GET", f"/api/query/traffic?{urlencode(DAYS)}&by=store", **moved)
    assert {row["store"] for row in found.json()} == {"s1"}
    refused = brand.ask("GET", "/api/query/traffic?store=s9", **moved)
    assert refused.json()["message"] == "the database has no store 's9', nor has site.toml"


def test_rows_are_counted_before_they_are_read(brand: ServedBrand, monkeypatch: pytest.MonkeyPatch) -> None:
    for most in ("MOST_LISTED", "MOST_READ"):
        monkeypatch.setattr(f"serve.questions.{most}", 3)
    for what, given in (("visits", {}), ("touches", {}), ("inferred", {}), ("together", {}), ("stock", {"store": "s1"})):
        answer = brand.ask("GET", f"/api/query/{what}?{urlencode(DAYS | given)}", Role.HEADQUARTERS)
        assert (answer.status, "at most 3 are: ask for fewer stores or a shorter span" in answer.body.decode()) == (400, True), what
    assert brand.ask("GET", f"/api/query/traffic?{urlencode(DAYS)}", Role.HEADQUARTERS).status == 200
    assert brand.ask("GET", "/api/stock", Role.STORE).json()["reason"] == "stock"
