"""Whose fault it is that a question has no answer: the client's, or that of a file here."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import ConfigError, Unreadable
from gateway.query.options import OF_LEDGER
from gateway.query.questions import QUESTIONS
from gateway.query.source import site_of
from gateway.sinks.sqlite.sink import SQLite
from serve.questions import Page, Sight, answer, asked, listed, page
from tests.docs import dataset


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text('brand = "acme"\n[[stores]]\nname = "s1"\n')
    (tmp_path / "gateway.toml").write_text('[sink]\nkind = "sqlite"\npath = "footfall.db"\n')
    return tmp_path / "gateway.toml"


def test_a_database_or_configuration_that_cannot_be_read_is_no_fault_of_the_question(gateway: Path) -> None:
    with pytest.raises(Unreadable, match=r"footfall\.db: there is no such file"):
        answer(gateway, "traffic", {})
    (gateway.parent / "footfall.db").write_bytes(b"junk" * 1000)
    with pytest.raises(Unreadable, match="not a readable SQLite database"):
        answer(gateway, "traffic", {})
    gateway.unlink()
    with pytest.raises(Unreadable, match=r"gateway.toml: there is no such file"):
        answer(gateway, "traffic", {})


@pytest.mark.parametrize(
    "given",
    [{"colour": "red"}, {"interval": "7m"}, {"fan": "f-1"}, {"measures": "inn"}, {"by": "zone"}, {"day": "noon"}, {"top": "many"}],
)
def test_a_question_that_is_wrong_is_the_client_s(gateway: Path, given: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        answer(gateway, "traffic", given)
    assert not isinstance(refused.value, Unreadable)


def test_every_question_is_listed_with_what_it_takes() -> None:
    assert list(listed()) == [*QUESTIONS, *OF_LEDGER]
    assert set(listed()["visits"]["takes"]) == {"fan", "from", "store", "timezone", "to"}  # type: ignore[call-overload] # an object of JSON
    assert {"by", "day", "interval", "measures", "top", "zone"} <= set(listed()["zones"]["takes"])  # type: ignore[call-overload] # likewise


def test_a_site_toml_is_found_beside_its_gateway_toml_wherever_a_question_is_asked(gateway: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = gateway.parent
    (folder / "estate").mkdir()
    (folder / "estate" / "site.toml").write_text('brand = "acme"\n[[stores]]\nname = "s1"\ntimezone = "Asia/Shanghai"\n')
    gateway.write_text('site = "estate/site.toml"\n' + gateway.read_text())
    sink = SQLite(folder / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    for here, path in ((folder.parent, Path(folder.name) / "gateway.toml"), (folder, Path("gateway.toml"))):
        monkeypatch.chdir(here)
        assert '"time": "2026-10-24T00:00+08:00"' in answer(path, "traffic", {"store": "s1", "from": "2026-10-24", "to": "2026-10-24"})
        site = site_of(None, path)
        assert site is not None
        assert [store.name for store in site.stores] == ["s1"]


@pytest.fixture(scope="module")
def of_one_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway.toml whose database has data of s1 and none of nova."""
    folder = tmp_path_factory.mktemp("nova")
    (folder / "site.toml").write_text('brand = "acme"\n[[stores]]\nname = "s1"\n[[stores]]\nname = "nova"\n')
    (folder / "gateway.toml").write_text('[sink]\nkind = "sqlite"\npath = "footfall.db"\n')
    sink = SQLite(folder / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    return folder / "gateway.toml"


@pytest.mark.parametrize("what", QUESTIONS)
@pytest.mark.parametrize("span", [{}, {"from": "2026-10-24", "to": "2026-10-24"}], ids=["default", "a day"])
def test_of_a_store_that_has_no_data_yet_every_question_has_an_answer(of_one_store: Path, what: str, span: dict[str, str]) -> None:
    needed = {"compare": {"compare": "previous"}}.get(what, {})
    found = asked(of_one_store, what, {"store": "nova", **span, **needed}, Sight(frozenset({"nova"})))
    assert found.columns
    assert all("s1" not in row and len(row) == len(found.columns) for row in found.rows)


def test_an_empty_answer_says_what_is_stored_and_notes_of_rows_are_headquarters_alone(of_one_store: Path) -> None:
    given = {"store": "nova", "from": "2026-10-24", "to": "2026-10-24"}
    for sight in (Sight(), Sight(frozenset({"nova"}))):
        found = page(of_one_store, "outcome", given, Page(), sight)
        assert (found.text, found.notes[-1]) == ("[]", "store nova has no outcome at all")
    own = {**given, "store": "s1"}
    whole, narrow = (page(of_one_store, "traffic", own, Page(), sight) for sight in (Sight(), Sight(frozenset({"s1"}))))
    assert (whole.rows > 0, whole.text == narrow.text, narrow.notes) == (True, True, ())
