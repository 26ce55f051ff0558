"""`Footfall` gives what `footfall query` gives, and refuses with what would work."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from footfall.analysis import Footfall
from footfall.cli import build
from footfall.errors import ConfigError
from gateway.query.answer import Request
from gateway.query.measures import MEASURES
from gateway.query.options import OPTIONS, takes
from gateway.query.questions import QUESTIONS
from tests.support.analysed import write_dataset

NOON_NS = int(datetime(2026, 10, 26, 12, tzinfo=UTC).timestamp()) * 10**9


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("analysis"))


@pytest.fixture
def footfall(config: Path) -> Iterator[Footfall]:
    with Footfall(config, clock=lambda: NOON_NS) as opened:
        yield opened


@pytest.mark.parametrize("store", ["berlin", None], ids=["one store", "two clocks"])
@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "together"])  # nobody there carries two devices
def test_a_method_of_each_question_gives_the_values_of_the_command(
    config: Path, footfall: Footfall, question: str, store: str | None
) -> None:
    options = ["--store", store] if store else []
    printed = CliRunner().invoke(build(), ["query", question, "--config", str(config), "--format", "json", *options]).stdout
    records = json.loads(printed)
    frame = getattr(footfall, question)(stores=store)
    assert len(frame) == len(records) > 0
    columns = [name for name in frame if not name.endswith("_utc")]
    assert columns == list(records[0])
    for name in columns:
        if frame[name].dtype.kind == "M":
            exact = frame[f"{name}_utc"] if f"{name}_utc" in frame else frame[name]
            assert [pd.Timestamp(row[name]) for row in records] == exact.to_list()
            walls = [pd.Timestamp(row[name]).tz_localize(None) for row in records]
            assert walls == frame[name].dt.tz_localize(None).to_list()
        else:
            assert [None if pd.isna(value) else value for value in frame[name]] == [row[name] for row in records]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_method_shows_the_options_of_its_question(question: str) -> None:
    method = getattr(Footfall, question)
    assert list(inspect.signature(method).parameters) == ["self", *(OPTIONS[name].field for name in takes(question))]
    assert QUESTIONS[question].meaning in method.__doc__


def test_the_documentation_names_every_question() -> None:
    assert [name for name in QUESTIONS if f"`{name}`" not in str(Footfall.__doc__)] == []


def test_every_field_of_a_request_is_an_option_of_some_question() -> None:
    offered = {OPTIONS[name].field for question in QUESTIONS for name in takes(question)}
    assert set(Request.__dataclass_fields__) - offered == {"question", "is_shown"}, "whom an answer may name is not for the asker to say"


def test_times_are_given_as_text_as_dates_and_as_datetimes(footfall: Footfall) -> None:
    def people(from_: object, to: object) -> int:
        return int(footfall.traffic(stores="berlin", from_=from_, to=to, interval="1d", measures="in")["in"].sum())

    whole = people("2026-10-24", "2026-10-24")
    assert whole == 139
    assert people(date(2026, 10, 24), date(2026, 10, 24)) == whole
    assert people(datetime(2026, 10, 24), datetime(2026, 10, 25)) == whole  # noqa: DTZ001 # local time of the store
    summer = timezone(timedelta(hours=2))
    assert people(datetime(2026, 10, 24, tzinfo=summer), pd.Timestamp("2026-10-24T22:00Z")) == whole
    assert people("yesterday", "yesterday") == 141


def test_several_words_are_texts_or_one_text_with_commas(footfall: Footfall) -> None:
    one = footfall.traffic(stores="berlin, shanghai", by="path:1,weekday", measures="in,out")
    other = footfall.traffic(stores=["berlin", "shanghai"], by=["path:1", "weekday"], measures=("in", "out"))
    pd.testing.assert_frame_equal(one, other)
    assert list(one) == ["path", "weekday", *(["open_minutes", "covered"] if "covered" in one else []), "in", "out"]


def test_a_comparison_has_both_sides(footfall: Footfall) -> None:
    (row,) = footfall.traffic(
        stores="berlin", interval="1d", measures="in", from_="2026-10-25", to="2026-10-25", compare="previous", align="date"
    ).to_dict("records")
    assert (row["in"], row["in_before"], row["in_change"]) == (141, 139, 2)


@pytest.mark.parametrize(
    ("question", "options", "message"),
    [
        ("trafic", {}, "there is no question 'trafic': did you mean 'traffic'"),
        ("traffic", {"mesures": "in"}, "mesures: means nothing for traffic: did you mean 'measures'"),
        ("gaps", {"interval": "1h"}, "interval: means nothing for gaps"),
        ("traffic", {"measures": "inn"}, "no measure 'inn': did you mean 'in'"),
        ("traffic", {"by": "zone"}, "cannot be grouped by 'zone'"),
        ("traffic", {"stores": "berln"}, "no store 'berln': did you mean 'berlin'"),
        ("traffic", {"from_": "someday"}, "'someday' is no time"),
        ("traffic", {"interval": "2h"}, "interval '2h'"),
        ("traffic", {"measures": "occupancy_last", "by": "chain"}, "occupancy_last cannot be grouped by chain"),
    ],
)
def test_what_means_nothing_is_refused_with_what_would_work(
    footfall: Footfall, question: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        footfall.ask(question, **options)
    assert message in str(refused.value)


def test_an_unknown_method_names_the_nearest_question(footfall: Footfall) -> None:
    with pytest.raises(AttributeError, match="no question 'trafic': did you mean 'traffic'"):
        footfall.trafic()


@pytest.mark.parametrize("given", [{}, {"db": "x.db", "influx": "http://localhost:8086"}])
def test_one_place_to_read_must_be_named(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="name one place to read"):
        Footfall(**given)


def test_a_database_file_knows_its_stores_by_itself(config: Path) -> None:
    with Footfall(db=config.with_name("footfall.db")) as footfall:
        assert dict(zip(footfall.stores()["store"], footfall.stores()["timezone"], strict=True)) == {
            "berlin": "Europe/Berlin",
            "shanghai": "Asia/Shanghai",
        }


def test_the_end_of_a_block_closes_the_database(config: Path) -> None:
    with Footfall(config) as footfall:
        pass
    with pytest.raises(Exception, match="closed"):
        footfall.stores()


def test_measures_are_those_of_the_table(footfall: Footfall) -> None:
    frame = footfall.measures()
    assert (frame["question"] + "." + frame["measure"]).to_list() == list(MEASURES)
    of_traffic = frame.loc[(frame["measure"] == "conversion") & (frame["question"] == "traffic"), "formula"].to_list()
    assert of_traffic == ["transactions / in, of hours in which doors were observed"]
