"""`footfall rebuild`: a store's day from the journal, with the estate that is in force now, beside the gateway."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from footfall.errors import ConfigError
from footfall.frames import Kind
from gateway.accept.outcome import Entry
from gateway.cli.audit import audit
from gateway.cli.rebuild import rebuild
from gateway.identity.facts import Span, Standing
from gateway.points import from_rows
from gateway.points.rows import TrafficPoint, VisitPoint
from gateway.records import Record, RecordKind
from gateway.sinks.sqlite.settings import SqliteSink
from gateway.sinks.sqlite.sink import SQLite
from gateway.site.recorded import record_site
from gateway.state.journal import Journal
from gateway.state.journal_reader import read
from gateway.state.ledger import Ledger
from tests.support import journal_stories as made
from tests.support.journal_stories import Row, Rows, Story, new_fold, of, pairs, store

DAY = "2026-05-29"
"""It begins at 04:00 in Shanghai, 26 minutes before the story."""
APP = typer.Typer()
APP.command("rebuild")(rebuild)
APP.command("audit")(audit)


def story() -> Story:
    """Somebody is away for 200 s, which is no new visit with a timeout of 300 s, but one with half of it; people pass the door."""
    told = Story().frame(0, []).frame(1, []).frame(2, [])
    for at in range(0, 60, 10):
        told.wait(10).frame(0, [Row(Kind.STAY, 5)]).frame(1, [Row(Kind.IN, count=1)] if at == 0 else [])
    told.wait(200).frame(0, [Row(Kind.STAY, 5)]).frame(1, [])
    told.event(0, {"kind": "count", "id": "c1", "door": "d", "in": 4, "out": 1})
    return told.end(30)


class Place:
    """A gateway's folder; `fold` takes what the journal has."""

    def __init__(self, folder: Path, told: Story) -> None:
        self.folder, self.state = folder, folder / "state"
        self.state.mkdir(parents=True)
        (folder / "gateway.toml").write_text("")
        (folder / "site.toml").write_text('brand = "b"\n[[stores]]\nname = "s1"\n')
        self.rows: Rows = {}
        journal = Journal(self.state / "journal.db")
        journal.commit([(each.received_ns, _entry(each)) for each in told.records], {})
        journal.close()
        self.fold()

    def records(self) -> list[Record]:
        journal = Journal(self.state / "journal.db")
        found = read(journal._db, 0, 10_000, 1 << 30)  # all of it
        journal.close()
        return found

    def correct(self, site: Any) -> None:
        journal = Journal(self.state / "journal.db")
        journal.commit([(journal.last_received_ns, Entry(RecordKind.SITE, "", "", 0, record_site(site)))], {})
        journal.close()
        self.fold()

    def fold(self, later_s: float = 0.0, standings: Sequence[Standing] = ()) -> list[str]:
        """Fold what is new, and a tick after a time; return the measurements of the points."""
        ledger = Ledger(self.state / "ledger.db")
        fold = new_fold(ledger)
        if "fold" in (state := ledger.state()):
            fold.load(state)
        fold.link(standings)
        journal = Journal(self.state / "journal.db")
        begin_ns = journal.last_received_ns + round(later_s * made.S)
        journal.commit([(begin_ns + n * 2 * made.S, Entry(RecordKind.TICK, "", "", 0, b"")) for n in (1, 2)], {})
        journal.close()
        points = fold.apply(pairs(record for record in self.records() if record.pos > fold.pos))
        store(points, self.rows)
        fold.checkpoint({})
        ledger.close()
        return sorted({each.measurement for each in points})

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(APP, [*arguments, "--config", str(self.folder / "gateway.toml")])

    def visits(self) -> list[float]:
        rows = sorted(of(self.rows, "visit"), key=lambda row: row["time_ns"])
        return [row["seconds"] for row in rows if not row["void"]]

    def contributed(self) -> dict[tuple[str, str], float]:
        """Return the revenue by department and squad."""
        rows = [row for row in of(self.rows, "outcome") if row["by"] in ("department", "squad")]
        return {(row["by"], row["value"]): row["revenue_last"] for row in rows if row["revenue_last"]}

    def entered(self) -> float:
        return sum(cell.get("in", 0) for key, cell in made.stored_minutes(self.rows, "traffic").items() if "s1" in key)


def _entry(record: Record) -> Entry:
    return Entry(record.kind, record.store, record.agent, record.seq, record.body, record.offset_ns, record.time_quality,
                 record.clock_width_ns)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, story())


def inner_door() -> Any:
    site = made.site_of(1).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    site["stores"][0]["inner_doors"] = ["d"]
    return type(made.site_of()).model_validate(site)


def test_without_a_correction_nothing_is_journaled(place: Place) -> None:
    last = len(place.records())
    done = place.run("rebuild", "s1", DAY, DAY, "--quiet")
    assert (done.exit_code, done.output, len(place.records())) == (0, "", last)
    assert place.run("rebuild", "s1", DAY, DAY).stdout.endswith("nothing changes in 1 day\n")


def test_a_dry_run_shows_what_would_change_and_changes_nothing(place: Place) -> None:
    place.correct(inner_door())
    last = len(place.records())
    done = place.run("rebuild", "s1", DAY, DAY, "--dry-run")
    assert done.exit_code == 0, done.output
    assert f"{DAY}: visits 1 new, 1 changed, 0 void;" in done.stdout
    assert "in 5 -> 0, out 1 -> 0" in done.stdout
    assert done.stdout.endswith("1 of 1 day would change; nothing was written\n")
    assert len(place.records()) == last


def test_after_a_correction_the_day_is_as_with_the_right_site(place: Place) -> None:
    place.correct(inner_door())
    assert (place.visits(), place.entered()) == ([250.0], 5.0)
    done = place.run("rebuild", "s1", DAY, DAY, "--actor", "kim", "--reason", "the back door")
    assert done.exit_code == 0, done.output
    place.fold()
    assert (place.visits(), place.entered()) == ([50.0, 0.0], 0.0)
    assert place.run("rebuild", "s1", DAY, DAY).stdout.endswith("nothing changes in 1 day\n")


def staff_moved() -> Any:
    """Anna is in another department, and squad, from five o'clock on."""
    site = made.site_of().model_dump(mode="json", by_alias=True, exclude_defaults=True)
    five, anna = f"{DAY}T05:00", {"staff_id": "anna", "store": "s1"}
    site["staff"] = [
        anna | {"department": "shoes", "squad": "early", "to": five},
        anna | {"department": "bags", "squad": "late", "from": five},
    ]
    return type(made.site_of()).model_validate(site)


def sold(told: Story) -> Story:
    """A sale before five, and one after."""
    for number, amount in enumerate((10.0, 32.5)):
        told.wait(60 + 2400 * number).event(
            0, {"kind": "touch", "what": "transaction", "id": f"t{number}", "amount": amount, "staff_id": "anna"}
        )
    for _ in range(26):
        told.wait(3600).frame(0, []).frame(1, []).tick()
    return told


def test_after_staff_were_corrected_the_outcome_and_the_touches_of_the_day_are_as_with_the_right_staff(tmp_path: Path) -> None:
    place, right = (Place(tmp_path / name, sold(told)) for name, told in (
        ("wrong", Story()), ("right", Story().add(RecordKind.SITE, record_site(staff_moved())))
    ))  # fmt: skip
    place.correct(staff_moved())
    assert place.contributed() == {("department", ""): 42.5, ("squad", ""): 42.5}
    done = place.run("rebuild", "s1", DAY, DAY)
    assert f"{DAY}: other staff, or other rules of contributions" in done.stdout
    place.fold(1800)
    assert place.contributed() == right.contributed()
    assert place.contributed() == {
        ("department", "shoes"): 10.0,
        ("department", "bags"): 32.5,
        ("squad", "early"): 10.0,
        ("squad", "late"): 32.5,
    }
    assert [row["department"] for row in of(place.rows, "touch")] == ["shoes", "bags"]
    assert place.run("rebuild", "s1", DAY, DAY).stdout.endswith("nothing changes in 1 day\n")


def test_a_rebuild_is_audited_with_who_and_why(place: Place) -> None:
    place.correct(inner_door())
    place.run("rebuild", "s1", DAY, DAY, "--actor", "kim", "--reason", "the back door")
    place.fold()
    (found,) = [json.loads(line) for line in place.run("audit", "--json", "--kind", "rebuild").stdout.splitlines()]
    assert (found["actor"], found["reason"], found["id"], found["source"]) == ("kim", "the back door", f"s1/{DAY}", "s1")
    assert found["what"] == f"s1 is folded again on {DAY}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("s3", DAY, DAY), "there is no store 's3' in site.toml"),
        (("s1", "yesterday", DAY), "FROM and TO are days of the store, such as 2026-11-03"),
        (("s1", DAY, "2026-05-28"), "TO (2026-05-28) is before FROM (2026-05-29)"),
        (("s1", DAY, "2026-05-30"), "TO must be earlier"),
    ],
)
def test_what_cannot_be_rebuilt_is_refused_with_the_reason(place: Place, arguments: tuple[str, ...], words: str) -> None:
    done = place.run("rebuild", *arguments)
    assert isinstance(done.exception, ConfigError)
    assert words in str(done.exception)


@pytest.mark.parametrize("stays_s", [0, 3600])
def test_a_visit_and_a_dwell_that_were_cut_after_their_day_ended_are_no_change(tmp_path: Path, stays_s: int) -> None:
    """A tag is heard around the end of a day, and passes on after it; with `stays_s` it is heard without a pause until now."""
    told = Story().frame(0, []).frame(1, []).frame(2, [])
    ends_s = 84_800
    told.wait(ends_s - 600)
    for _ in range(0, 1200 + stays_s, 20):
        told.wait(20).frame(0, [Row(Kind.STAY, 5)]).frame(1, [])
    for _ in range(0 if stays_s else 26):
        told.wait(3600).frame(0, []).frame(1, []).tick()
    place = Place(tmp_path, told)
    passed_ns = made.T0 + (ends_s + 300) * made.S
    place.fold(standings=[Standing(f"{5:016x}", 1, (Span(made.T0, passed_ns, "fan-1"), Span(passed_ns, 1 << 62, "fan-2")))])
    parts = [row for row in of(place.rows, "visit") if not row["void"]], [row for row in of(place.rows, "dwell") if not row["void"]]
    assert [[row["fan"] for row in sorted(rows, key=lambda row: row["time_ns"])] for rows in parts] == [["fan-1", "fan-2"]] * 2
    days = [DAY] if stays_s else [DAY, "2026-05-30"]
    assert place.run("rebuild", "s1", DAY, days[-1], "--dry-run").stdout == f"nothing changes in {'1 day' if stays_s else '2 days'}\n"


def test_a_day_before_what_the_journal_has_is_refused_with_the_first_that_can_be(place: Place) -> None:
    journal = Journal(place.state / "journal.db")
    journal.prune(20, 1 << 62)
    journal.close()
    done = place.run("rebuild", "s1", DAY, DAY)
    assert isinstance(done.exception, ConfigError)
    assert "the journal begins at 2026-05-28 20:" in str(done.exception)
    assert "FROM can be 2026-05-30 at the earliest" in str(done.exception)


# Days that another gateway made


@pytest.fixture
def another(tmp_path: Path) -> Place:
    """A gateway that lost its state, and to which agents sent again what they keep; the database has what the one before wrote."""
    told, until_ns = story(), made.T0 + 3600 * made.S
    early = [each for each in told.records if each.received_ns <= until_ns]
    later = told.records[len(early) :]
    database = SQLite(tmp_path / "footfall.db")
    database.write(new_fold().apply(pairs(early)))
    database.close()
    again = Story()
    again.now_ns = until_ns
    again.wait(90).add(RecordKind.HISTORY, json.dumps({"until_ns": until_ns}).encode(), "s1", "x")
    frames = [each for each in early if each.kind == RecordKind.FRAME]
    again.records += [each._replace(received_ns=again.wait(0.05).now_ns) for each in frames]
    again.records += later
    return Place(tmp_path, again)


def write(place: Place) -> None:
    """Fold what is new into the database, too."""
    place.rows.clear()
    place.fold()
    database = SQLite(place.folder / "footfall.db")
    database.write([from_rows(name, _points(place.rows, name)) for name in ("visit", "traffic")])
    database.close()


def _points(rows: Rows, measurement: str) -> list[Any]:
    kind = {"visit": VisitPoint, "traffic": TrafficPoint}[measurement]
    return [kind(**{{"in": "in_"}.get(name, name): value for name, value in row.items()}) for row in of(rows, measurement)]


def test_a_day_that_another_gateway_made_is_taken_over_once_somebody_decided_that_what_is_missing_may_go(another: Place) -> None:
    refused = another.run("rebuild", "s1", DAY, DAY)
    assert isinstance(refused.exception, ConfigError)
    assert f"{DAY}: 4 people that came in, and 1 that went out, are not in this journal\n--incomplete takes" in str(refused.exception)
    shown = another.run("rebuild", "s1", DAY, DAY, "--dry-run")
    assert f"{DAY}: made by another gateway: all of it is to be written again" in shown.stdout
    assert shown.stdout.endswith("1 of 1 day would change; nothing was written\n")
    done = another.run("rebuild", "s1", DAY, DAY, "--incomplete", "--actor", "kim", "--reason", "the disk was lost")
    assert done.exit_code == 0, done.output
    write(another)
    assert another.visits() == [250.0]
    with closing(SqliteSink(path=another.folder / "footfall.db").reader()) as reader:
        assert (len(reader.rows("visit")), sum(reader.rows("traffic").values("in"))) == (1, 1), "the count of the door was sent once"
    assert another.run("rebuild", "s1", DAY, DAY).stdout.endswith(
        "1 of 1 day is journaled; the gateway takes it within seconds, or when it runs again\n"
    )


def test_days_of_another_gateway_become_ours_from_the_last_one_back(another: Place) -> None:
    done = another.run("rebuild", "s1", "2026-05-28", "2026-05-28")
    assert isinstance(done.exception, ConfigError)
    assert "another gateway, whose state is lost, made what is stored up to 2026-05-28 21:26 UTC" in str(done.exception)
    assert f"TO must be {DAY} at least" in str(done.exception)
