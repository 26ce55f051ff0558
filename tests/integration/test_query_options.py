"""The options of `footfall query` and of `/api/query`: the same words, the same answer, and refusals that help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from footfall.errors import ConfigError
from gateway.query.measures import MEASURES, measures_of
from gateway.query.options import OF_LEDGER, OPTIONS, takes
from gateway.query.questions import QUESTIONS
from serve.questions import answer, listed
from tests.support.query_command import query, write_files

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway.toml with its database and site.toml beside it."""
    return write_files(tmp_path_factory.mktemp("options"))


ASKED = [
    ("traffic", {"interval": "1d", "store": "berlin"}),
    ("traffic", {"by": "chain", "interval": "month", "measures": "in,conversion"}),
    ("traffic", {"by": "weekday,hour", "store": "berlin,shanghai"}),
    ("traffic", {"interval": "1d", "day": "store", "from": "2026-10-24", "to": "2026-10-25"}),
    ("traffic", {"by": "store", "top": "1"}),
    ("zones", {"zone": "shoes", "timezone": "UTC"}),
    ("sales", {"by": "staff,department"}),
    ("visits", {"fan": "f-003"}),
]


@pytest.mark.parametrize(("what", "given"), ASKED, ids=lambda value: value if isinstance(value, str) else ",".join(value))
def test_the_command_and_the_api_answer_alike(config: Path, what: str, given: dict[str, str]) -> None:
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    records = json.loads(answer(config, what, given))
    assert records
    assert json.loads(query(what, "--config", config, *options, "--format", "json")) == records


@pytest.mark.parametrize(("what", "given"), ASKED, ids=lambda value: value if isinstance(value, str) else ",".join(value))
def test_every_table_fits_80_characters(config: Path, what: str, given: dict[str, str]) -> None:
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    assert max(map(cell_len, query(what, "--config", config, *options).splitlines())) <= 80
    assert max(map(cell_len, query(what, "--config", config, *options, "--explain").splitlines())) <= 80


def test_only_the_measures_that_are_named_are_columns(config: Path) -> None:
    (record,) = json.loads(query("traffic", "--config", config, "--by", "chain", "--measures", "conversion,in", "--format", "json"))
    assert [name for name in record if name in measures_of("traffic")] == ["conversion", "in"]
    assert record["conversion"] == pytest.approx(82 / 545)


def test_top_keeps_the_greatest(config: Path) -> None:
    (record,) = json.loads(query("traffic", "--config", config, "--by", "store", "--top", "1", "--format", "json"))
    assert (record["store"], record["in"]) == ("berlin", 280)


@pytest.mark.parametrize("what", [name for name in QUESTIONS if name != "together"])  # nobody there carries two devices
def test_every_column_of_every_question_is_explained(config: Path, what: str) -> None:
    columns = list(json.loads(query(what, "--config", config, "--format", "json"))[0])
    explained = json.loads(query(what, "--config", config, "--explain", "--format", "json"))
    assert [each["column"] for each in explained] == columns
    assert all(each["means"] for each in explained)
    assert all(f"{name} (" in query(what, "--config", config, "--explain") for name in columns)


def test_the_table_of_measures_needs_no_database(config: Path) -> None:
    listed_measures = json.loads(query("measures", "--format", "json"))
    assert [(each["question"], each["measure"]) for each in listed_measures] == [(m.question, m.id) for m in MEASURES.values()]
    assert "conversion (share, 1 is 100 %) = transactions / in" in query("measures")
    assert json.loads(answer(config, "measures", {})) == listed_measures


def test_the_api_lists_what_each_question_takes() -> None:
    found = listed()
    assert list(found) == [*QUESTIONS, *OF_LEDGER]
    assert set(found["traffic"]["takes"]) <= set(OPTIONS)  # type: ignore[call-overload] # an object of JSON
    assert found["traffic"]["measures"] == {measure.id: measure.means for measure in measures_of("traffic").values()}
    assert "weekday" in found["traffic"]["groups"]  # type: ignore[operator] # likewise


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trafic",), "no question 'trafic': did you mean 'traffic'"),
        (("traffic", "--measures", "conversoin"), "no measure 'conversoin': did you mean 'conversion'"),
        (("traffic", "--by", "weekdays"), "did you mean 'weekday'"),
        (("traffic", "--by", "chain", "--measures", "occupancy_last"), "occupancy_last cannot be grouped by chain.*It goes by store"),
        (("traffic", "--interval", "1month"), "did you mean 'month'"),
        (("traffic", "--day", "noon"), "midnight"),
        (("traffic", "--top", "0"), "top '0': a number from 1 up"),
        (("gaps", "--by", "store"), "by means nothing for gaps; it is for traffic, "),
        (("traffic", "--store", "berlim"), "did you mean 'berlin'"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_what_would_work(config: Path, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        query(*arguments, "--config", config)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("what", QUESTIONS)
def test_the_command_has_every_option_that_a_question_takes(what: str) -> None:
    shown = query("traffic", "--help")
    assert all(f"--{option}" in shown for option in takes(what))


@pytest.mark.parametrize("option", ["by", "zone", "fan"])
def test_its_help_names_the_questions_for_which_an_option_means_something(option: str) -> None:
    shown = " ".join(word for word in query("visitors", "--help").split() if word != "│")
    assert f"({', '.join(what for what in (*QUESTIONS, *OF_LEDGER) if option in takes(what))})" in shown


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("traffic", ("--by", "weekday,hour", "--measures", "in")), ("traffic", ("--by", "hour")),
        ("traffic", ("--by", "chain", "--interval", "1h")),
        ("traffic", ("--by", "store", "--top", "2")), ("sales", ("--by", "staff")), ("sales", ("--interval", "1h",)), ("touches", ()),
        ("items", ("--by", "zone")), ("dwell", ("--by", "store",)),
    ],
)  # fmt: skip
def test_every_form_of_answer_has_a_chart(config: Path, tmp_path: Path, what: str, options: tuple[str, ...]) -> None:
    query(what, "--config", config, *options, "--chart", tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(PNG)
