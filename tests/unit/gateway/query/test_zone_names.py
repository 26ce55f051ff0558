"""A zone that neither site.toml nor the database has is refused; one that exists and has no rows is not."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.errors import ConfigError
from gateway.points import SCHEMA
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate
from gateway.query.questions import QUESTIONS
from gateway.query.zone_names import check_zone
from gateway.site import Site
from tests.support.memory_reader import MemoryReader


def _reader(stores: int = 1) -> MemoryReader:
    names = [f"s{n}" for n in range(stores)]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "traffic": [(5, name, *[0 for _ in SCHEMA["traffic"].fields]) for name in names],
        "zone_traffic": [(5, name, "shoes", *[0 for _ in SCHEMA["zone_traffic"].fields]) for name in names],
    }
    return MemoryReader(rows)


def _estate(*stores: str) -> QueryEstate:
    zones = [{"name": "attic", "aliases": [{"name": "loft", "until": "2026-01-01"}]}]
    return QueryEstate.from_site(Site.model_validate({"brand": "acme", "stores": [{"name": name, "zones": zones} for name in stores]}))


@pytest.mark.parametrize("zone", ["shoes", "attic", "loft"])
def test_a_zone_of_the_database_or_of_site_toml_may_be_asked_for(zone: str) -> None:
    check_zone(_reader(), Request("zones", zone=zone), "zone_traffic", _estate("s0"))


@pytest.mark.parametrize(("zone", "message"), [("shoos", "did you mean 'shoes'\\? There is attic, loft, shoes"), ("x", "there is attic")])
def test_any_other_is_refused(zone: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_zone(_reader(), Request("dwell", zone=zone), "dwell", _estate("s0"))


@pytest.mark.parametrize("what", [name for name, question in QUESTIONS.items() if "zone" in question.takes])
def test_whatever_a_question_reads_a_zone_that_is_nowhere_is_refused(what: str) -> None:
    with pytest.raises(ConfigError, match="did you mean 'shoes'"):
        check_zone(_reader(), Request(what, zone="shoos"), QUESTIONS[what].measurement, _estate("s0"))


def test_of_many_stores_no_rows_are_read_and_site_toml_decides_if_it_has_them_all() -> None:
    reader, request = _reader(25), Request("zones", zone="atic")
    check_zone(reader, request, "zone_traffic", _estate("s0"))
    with pytest.raises(ConfigError, match="did you mean 'attic'"):
        check_zone(reader, request, "zone_traffic", _estate(*(f"s{n}" for n in range(25))))
    assert reader.asked == []
