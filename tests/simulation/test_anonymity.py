"""A brand's month: why its visits and orders are nobody's, to the row, and what the remedies that the report names bring."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from footfall.errors import ConfigError
from footfall.pseudonyms import provisional_key
from footfall.units import NS_PER_S
from gateway.analysis.asking import Footfall
from gateway.fans.anonymity import anonymity
from gateway.fans.anonymity_rows import Counted, Remedy
from gateway.identity.types import IdentifierTypes
from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate
from gateway.query.keys import ALL_STORES
from gateway.query.questions import ask
from gateway.sinks.files import file_reader
from gateway.sinks.reader import PointReader
from gateway.state.files import LEDGER
from gateway.state.ledger_reader import LedgerReader, ledger_reader
from serve.questions import Page, Sight, answer, page
from simulators.identity.practice import counted, estimated, leaving_undone
from simulators.identity.promises import brand_of, promises
from simulators.identity.pure import PureBrand
from simulators.identity.through_gateway import DATABASE, Month
from simulators.identity.world import Sizes, World
from simulators.identity.world_made import make_world
from tests.support.query_command import query
from tests.support.whole import small_or_whole

CONFIG = """\
site = "site.toml"
state_dir = "."
[sink]
kind = "sqlite"
path = "month.db"
"""
SITE = 'brand = "acme"\n' + "".join(f'[[stores]]\nname = "{name}"\ntimezone = "Asia/Shanghai"\n' for name in ("store00", "store01"))


class Stored(NamedTuple):
    """A month as the gateway stored it; `config` is the gateway.toml of its files."""

    world: World
    reader: PointReader
    ledger: LedgerReader
    estate: QueryEstate
    config: Path
    brand: PureBrand
    """The month's own events, decided apart from the gateway."""
    rows: list[Counted]


WITHIN_POINTS = 2.0
SPAN: dict[str, Any] = {"from_": "2026-08-30", "to": "2026-10-15", "timezone": "UTC"}
HTTP_SPAN = {"from": "2026-08-30", "to": "2026-10-15", "timezone": "UTC"}
UNDONE = {("store00", Remedy.ASK), ("store01", Remedy.LEND)}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("month")
    world = leaving_undone(make_world(3, Sizes(fans=120, stores=2, days=10)), UNDONE)
    played = Month(world, folder, keeps_ledger=True)
    played.play(played.end_ms, lambda share: None)
    played.flush()
    played.close()
    brand = brand_of(world)
    with ledger_reader(folder / LEDGER) as ledger, closing(file_reader(folder / DATABASE)) as reader:
        (folder / "gateway.toml").write_text(CONFIG)
        (folder / "site.toml").write_text(SITE)
        yield Stored(world, reader, ledger, QueryEstate.from_site(played.site), folder / "gateway.toml", brand, list(counted(world, brand)))


def asked(month: Stored, **more: Any) -> Answer:
    now_ns, request = month.ledger.as_of_s * NS_PER_S, Request("anonymity", **SPAN, **more)
    return anonymity(month.reader, month.ledger, IdentifierTypes(), provisional_key(None), request, month.estate, now_ns)


def test_every_anonymous_row_has_one_reason_and_they_add_up_to_what_traffic_and_sales_count(month: Stored) -> None:
    answer = asked(month)
    sums = Counter[str]()
    for among, _, count, _ in answer.rows:
        sums[among] += count
    counted_by = {"visits": ("traffic", "visits", "visits_known"), "orders": ("sales", "transactions", "transactions_known")}
    for among, (question, *measures) in counted_by.items():
        request = Request(question, measures=tuple(measures), by=("chain",), **SPAN)
        ((*_, rows, known),) = ask(month.reader, request, month.estate, month.ledger.as_of_s * NS_PER_S).rows
        assert sums[among] == rows - known > 30
        assert (among, None, rows - known, 1 - known / rows) in answer.totals


def test_reasons_of_stored_rows_are_those_of_the_month_s_own_events(month: Stored) -> None:
    right = Counter((row.store, row.among, row.why) for row in month.rows if row.why is not None)
    found = Counter({(store, among, why): count for store, among, why, count, _ in asked(month, by=("store",)).rows})
    assert found == right
    assert len({why for _, _, why in found}) >= 5


def test_remedies_of_stored_rows_are_those_of_the_month_s_own_events(month: Stored) -> None:
    gains = estimated(month.world, month.brand, month.rows)
    right = {(gain.remedy, gain.store or ALL_STORES): gain.named for gain in gains}
    answer = asked(month, by=("remedy",))
    estimates = [row for row in answer.rows if row[6] is not None]
    # A known fan's two devices are one stored visit, so that there are fewer to compare with.
    assert {(row[0], row[1]): row[4] for row in estimates} == pytest.approx(right, rel=0.15)
    assert (Remedy.LEND, "store01") in right
    assert any(note.startswith("state who borrows a tag of store01: -") for note in answer.notes)


def test_what_no_store_does_is_a_row_without_bounds_of_chance_however_it_is_asked_for(month: Stored) -> None:
    scope = ("--config", month.config, "--from", "2026-08-30", "--to", "2026-10-15", "--timezone", "UTC", "--store", "store00")
    (bound,) = (row for row in asked(month, by=("remedy",), stores=("store00",)).rows if row[0] == Remedy.ASK)
    assert bound[3] == bound[4] > 0 > bound[5]
    assert bound[6:] == (None, "at most: no store does, so nothing shows what it would bring")
    by_http = json.loads(answer(month.config, "anonymity", {**HTTP_SPAN, "store": "store00", "by": "remedy"}))
    assert bound in [tuple(row.values()) for row in by_http]
    assert "\nask_at_the_till,all stores,orders," in query("anonymity", *scope, "--by", "remedy", "--format", "csv")


def test_what_is_asked_for_in_a_way_that_means_nothing_is_refused(month: Stored) -> None:
    with pytest.raises(ConfigError, match="by 'reson': did you mean 'reason'"):
        asked(month, by=("reson",))
    with pytest.raises(ConfigError, match="has no store 'store99'"):
        asked(month, stores=("store99",))


def test_what_was_found_is_shown_as_a_table_and_as_data_by_the_command_python_and_http(month: Stored) -> None:
    scope = ("--config", month.config, "--from", "2026-08-30", "--to", "2026-10-15", "--timezone", "UTC")
    shown, rows = query("anonymity", *scope, "--by", "store"), json.loads(query("anonymity", *scope, "--format", "json"))
    assert [tuple(row.values()) for row in rows] == asked(month).rows
    assert shown.startswith("anonymity of store00 and store01, 2026-08-30 00:00 to 2026-10-16 00:00 UTC")
    assert shown.count("total  ") == 2
    assert "state_who_borrows  store01" in query("anonymity", *scope, "--by", "remedy")
    explained = json.loads(query("anonymity", *scope, "--by", "remedy", "--explain", "--format", "json"))
    assert [each["column"] for each in explained] == list(asked(month, by=("remedy",)).columns)
    with Footfall(month.config) as footfall:
        frame = footfall.anonymity(from_="2026-08-30", to="2026-10-15", timezone="UTC", by="remedy")
        with_none = frame.astype(object).where(frame.notna(), None)
        assert list(with_none.itertuples(index=False, name=None)) == asked(month, by=("remedy",)).rows
        assert "state who borrows" in frame.attrs["notes"][0]
    assert json.loads(answer(month.config, "anonymity", HTTP_SPAN)) == rows
    assert json.loads(page(month.config, "anonymity", HTTP_SPAN, Page(), Sight(frozenset({"store00"}))).text) != rows


def test_the_command_takes_what_means_something_for_it(month: Stored) -> None:
    with pytest.raises(ConfigError, match="anonymity needs --config"):
        query("anonymity", "--db", month.config.with_name(DATABASE))
    with pytest.raises(ConfigError, match="nothing else to read or to draw"):
        query("anonymity", "--config", month.config, "--chart", "x.png")
    with pytest.raises(ConfigError, match="interval means nothing for anonymity"):
        query("anonymity", "--config", month.config, "--interval", "1d")
    with pytest.raises(ConfigError, match="did you mean 'anonymity'"):
        query("anonimity", "--config", month.config)


# What is promised


@pytest.mark.parametrize("seed", small_or_whole((11,), range(11, 18)))
def test_the_share_falls_by_what_was_said_once_a_store_does_what_is_named(seed: int) -> None:
    """The store begins to ask, or to state who borrows. So many come that chance moves the difference by 0.6 points, one sigma.

    What is given or taken holds in 95 of 100 brands: `make promises` counts in how many.
    """
    found = list(promises(seed, Sizes(fans=1600, stores=10, days=15), UNDONE, ()))
    assert [(each.store, each.remedy) for each in found] == sorted(UNDONE)
    assert min(each.fell for each in found) > WITHIN_POINTS
    assert max(each.off_by for each in found) <= WITHIN_POINTS


def test_the_share_falls_by_what_was_said_once_junk_is_refused_and_households_are_decided() -> None:
    found = list(promises(14, Sizes(fans=500, stores=2, days=12), (), (Remedy.CLEAN, Remedy.DECIDE)))
    assert {each.remedy for each in found} == {Remedy.CLEAN, Remedy.DECIDE}
    assert min(each.fell for each in found) > 0
    assert max(each.off_by for each in found) <= WITHIN_POINTS
