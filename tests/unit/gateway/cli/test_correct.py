"""`footfall correct`: what it leaves to the gateway, and what it reports of it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from footfall.errors import ConfigError
from gateway.accept.contents import content_of
from gateway.accept.corrections import DECIDED
from gateway.accept.ids import id_hash, known_as
from gateway.accept.outcome import Entry
from gateway.accept.plain import Plain
from gateway.accept.pseudonymiser import Identified, Pseudonymiser
from gateway.cli import correct
from gateway.config import load_site
from gateway.records import RecordKind
from gateway.site.index import Places
from gateway.state.journal import Journal
from gateway.state.quarantine.store import Quarantine
from tests.support.fan_shop import FanShop

SITE = """brand = "b"

[[stores]]
name = "s1"
doors = ["d"]
agents = [{ name = "till" }]
"""
NOW_NS = 1_796_000_000 * 10**9
"""2026-11-30."""
WHERE = ["--store", "s1", "--publisher", "till", "--reason", "rung up twice", "--actor", "kim"]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "gateway.toml").write_text("", encoding="utf-8")
    (tmp_path / "state").mkdir()
    store(tmp_path / "gateway.toml").close()
    monkeypatch.setattr(correct, "_WAIT_S", 0.0)
    monkeypatch.setattr(correct, "_now_ns", lambda: NOW_NS)
    return tmp_path / "gateway.toml"


def store(config: Path) -> Quarantine:
    return Quarantine(config.parent / "state" / "quarantine.db")


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(correct.app, [*arguments, "--config", str(config)])


def left(config: Path) -> dict[str, Any]:
    """What is left to the gateway."""
    ((entry, payload),) = store(config).take_replays()
    assert (entry.topic, entry.reason, entry.private) == ("footfall/1/s1/till/events", DECIDED, False)
    return dict(json.loads(payload))


def test_a_void_is_left_to_the_gateway_with_who_and_why(config: Path) -> None:
    done = run(config, "void", "t1", *WHERE)
    assert done.output.startswith("left to the gateway, which takes it once it runs")
    found = left(config)
    assert found.pop("id").startswith("correct-")
    assert found == {"kind": "void", "of": "t1", "reason": "rung up twice", "actor": "kim"}


@pytest.mark.parametrize(
    ("store", "publisher", "door", "mistake"),
    [
        ("s11", "till", "d", "store 's11' is not in site.toml: did you mean 's1'?"),
        ("s1", "tlil", "d", "agent 'tlil' is not in store 's1' of site.toml: did you mean 'till'?"),
        ("s1", "till", "D", "door 'D' is not in store 's1' of site.toml: did you mean 'd'?"),
    ],
)
def test_what_is_mistyped_is_named_with_the_nearest(config: Path, store: str, publisher: str, door: str, mistake: str) -> None:
    where = ["--store", store, "--publisher", publisher, "--reason", "r"]
    commands = [["void", "t1"], ["amend", "t1", "--set", "{}"]] if door == "d" else []
    for command in (*commands, ["adjust", door, "--in", "1", "--time", "2026-11-21T18:00:00Z"]):
        found = run(config, *command, *where)
        assert isinstance(found.exception, ConfigError), found.output
        assert str(found.exception) == f"nothing was corrected: {mistake}"


def test_an_amend_and_an_adjustment_are_left_so_too(config: Path) -> None:
    run(config, "amend", "t1", "--set", '{"amount": 12.5}', *WHERE)
    assert left(config)["set"] == {"amount": 12.5}


def test_a_door_is_adjusted_in_a_minute_of_any_time(config: Path) -> None:
    run(config, "adjust", "d", "--in", "-40", "--time", "2026-01-21T18:00:00+08:00", *WHERE)
    found = left(config)
    assert (found["door"], found["in"], found["out"], found["history"]) == ("d", -40, 0, True)


def remember(config: Path, event: dict[str, Any], taken_ns: int = NOW_NS) -> None:
    """Let the gateway's journal remember an event of till in s1."""
    plain = Plain(event, None, "", Identified(Pseudonymiser(b"s")), taken_ns, None)
    journal = Journal(config.parent / "state" / "journal.db")
    assert journal.is_new_event(id_hash("s1", "till", event["id"]), None, content_of(plain))
    journal.commit([], {})
    journal.close()


SALE = {"id": "t1", "kind": "touch", "what": "transaction", "time_ns": 1_795_000_000 * 10**9, "timed": True, "amount": 12.5}


def test_a_dry_run_shows_what_would_be_corrected_and_leaves_nothing(config: Path) -> None:
    remember(config, SALE)
    for command in (["void", "t1"], ["amend", "t1", "--set", '{"amount": 1.0}']):
        done = run(config, *command, *WHERE, "--dry-run")
        assert done.output == (
            "it would correct event t1 of till in store s1: touch of 2026-11-18 11:06Z, what transaction, amount 12.5\n"
            "nothing was corrected: a dry run\n"
        )
    done = run(config, "adjust", "d", "--in", "-4", "--time", "2026-01-21T18:00:00+08:00", *WHERE, "--dry-run")
    assert done.output.startswith("it would adjust door d at 2026-01-21 10:00Z: -4 in and +0 out\n")
    assert store(config).take_replays() == []


def test_a_correction_of_an_event_that_has_not_come_waits_and_that_is_stated(config: Path) -> None:
    remember(config, SALE)
    waits = "for an event t99 of till in store s1, which has not come: is its id right, and its publisher?"
    assert f"it waits {waits}" in run(config, "void", "t99", *WHERE).output
    assert f"it would wait {waits}" in run(config, "void", "t99", *WHERE, "--dry-run").output
    assert "it corrects event t1 of till" in run(config, "void", "t1", *WHERE).output


def event_of(kind: str) -> dict[str, Any]:
    return SALE | {"id": kind, "kind": kind}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["void", "void"], "void.of: it is a void, which lasts: send what it took back again, under a new id"),
        (["void", "amend"], "void.of: it is an amend: amend the event itself once more"),
        (["amend", "t1", "--set", '{"in": 3}'], "amend.set: it has keys of a count, and the event is a touch"),
        (["amend", "t1", "--set", '{"what": "scan", "amount": -3}'], "amend.set: a scan has no negative `amount` or `n`"),
        (["amend", "t1", "--set", '{"zone": "attic"}'], "zone 'attic' is not in store 's1'"),
        (["amend", "t1", "--set", '{"identifiers": ["phone:8613800138000"]}'], "identifiers need the brand's secret"),
        (["amend", "adjustment", "--set", '{"in": 3}'], "amend.of: it is of kind adjustment"),
        (["void", "old"], "it is 401 days old, and nobody corrects what is older than 400 days"),
        (["adjust", "d", "--in", "1", "--time", "2025-01-21T18:00:00Z"], "days old, and nobody corrects what is older than 400 days"),
        (["adjust", "d", "--in", "1", "--time", "2030-01-21T18:00:00Z"], "after the event was taken in"),
    ],
)
def test_a_dry_run_refuses_what_the_gateway_would_refuse_and_in_its_words(config: Path, arguments: list[str], words: str) -> None:
    for each in (SALE, *map(event_of, ("void", "amend", "adjustment"))):
        remember(config, each)
    remember(config, SALE | {"id": "old"}, taken_ns=NOW_NS - 401 * 86_400 * 10**9)
    refused = {str(run(config, *arguments, *WHERE, *more).exception) for more in ((), ("--dry-run",))}
    assert len(refused) == 1, refused
    assert words in refused.pop()
    assert store(config).entries() == []


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FanShop:
    """A shop at the door of which 12 people came in, and 10 went out; a sale t1."""
    monkeypatch.setattr(correct, "_WAIT_S", 0.0)
    monkeypatch.setattr(correct, "_now_ns", lambda: NOW_NS)
    place = FanShop(tmp_path)
    (tmp_path / "site.toml").write_text(
        SITE.replace("till", "x").replace('"d"', '"d", "inner"').replace("doors", "timezone = 'Asia/Shanghai'\ndoors")
    )
    store(tmp_path / "gateway.toml").close()
    place.shop.count(12, 10, "c1").touch("transaction", amount=12.5)
    return place


AT_SHOP = ["--store", "s1", "--publisher", "x", "--reason", "class"]


def both(shop: FanShop, *arguments: str) -> tuple[str, str]:
    """What a dry run prints, and what the command prints, but that it is left to the gateway."""
    dry, sent = (run(shop.folder / "gateway.toml", *arguments, *AT_SHOP, *more) for more in (("--dry-run",), ()))
    assert (dry.exit_code, sent.exit_code) == (0, 0), (dry.output, sent.output)
    return dry.output.removesuffix("nothing was corrected: a dry run\n"), sent.output.partition("\n")[2]


def test_what_is_void_stays_so_and_a_correction_of_it_changes_nothing(shop: FanShop) -> None:
    shop.shop.void("t1").void("t2")
    shop.fold()
    dry, sent = both(shop, "amend", "t1", "--set", '{"amount": 1}')
    assert dry == "it would change nothing: event t1 of x in store s1 was taken back before, and a void lasts: touch of 2026-05-28 20:27Z\n"
    assert sent == dry.replace("would change", "changes")
    assert "which has not come: is its id right, and its publisher?; a void waits for it already" in both(shop, "void", "t2")[0]


def test_what_was_voided_since_the_last_checkpoint_is_void_too(shop: FanShop) -> None:
    shop.fold()
    of = known_as(Places(load_site(shop.folder / "site.toml")), "s1", "x", "t1")[0].hex()
    journal = Journal(shop.journal)
    journal.commit([(NOW_NS, Entry(RecordKind.EVENT, "s1", "x", 9, json.dumps({"kind": "void", "id": "v", "of": of}).encode()))], {})
    journal.close()
    assert "was taken back before" in both(shop, "void", "t1")[0]


def test_what_the_journal_knows_and_the_ledger_has_forgotten_is_never_corrected(shop: FanShop) -> None:
    shop.fold()
    journal = Journal(shop.journal)
    plain = Plain(SALE, None, "", Identified(Pseudonymiser(b"s")), NOW_NS, None)
    assert journal.is_new_event(id_hash("s1", "x", "imported"), None, content_of(plain))
    journal.commit([], {})
    journal.close()
    assert both(shop, "void", "imported")[0].startswith(
        "it would wait without end: event imported of x in store s1 is too old to be stored"
    )


@pytest.mark.parametrize("is_folded", [True, False])
def test_an_amend_that_does_not_fit_with_those_before_it_is_refused_in_the_fold_s_words(shop: FanShop, is_folded: bool) -> None:
    """The gateway takes it, since it fits the sale as it was sent; the fold would not apply it."""
    shop.fold()
    shop.shop.event(WHY | {"kind": "amend", "id": "a1", "of": "t1", "set": {"what": "return"}})
    if is_folded:
        shop.fold()
    else:
        shop.journal_events()
    for more in ([], ["--dry-run"]):
        failed = run(shop.folder / "gateway.toml", "amend", "t1", "--set", '{"amount": -5}', *AT_SHOP, *more)
        assert "with the amends that it has: a return has no negative `amount`" in str(failed.exception)
    assert store(shop.folder / "gateway.toml").entries() == []
    assert both(shop, "amend", "t1", "--set", '{"amount": 5}')[0].startswith("it would correct event t1")


@pytest.mark.parametrize(
    ("entered", "at", "why"),
    [
        (-12, "04:30", ""),
        (-13, "04:30", "yet: it takes back more than the doors of s1 counted: 12 in and 10 out on 2026-05-29, as of 2026-05-28 20:"),
        (-1, "03:30", "yet: it takes back more than the doors of s1 counted: 0 in and 0 out on 2026-05-28, as of 2026-05-28 20:"),
        (5, "03:30", ""),
    ],
)
def test_an_adjustment_counts_if_its_day_bears_it(shop: FanShop, entered: int, at: str, why: str) -> None:
    shop.fold()
    dry, sent = both(shop, "adjust", "d", "--in", str(entered), "--time", f"2026-05-29T{at}:00+08:00")
    first, _, second = dry.partition("\n")
    utc = "20:30" if at == "04:30" else "19:30"
    assert first == f"it would adjust door d at 2026-05-28 {utc}Z: {entered:+} in and +0 out"
    assert second.startswith(f"it would not count {why}") if why else second == ""
    assert sent == dry.replace("would adjust", "adjusts").replace("would not count", "does not count")


def test_an_adjustment_is_judged_with_those_that_are_known(shop: FanShop) -> None:
    shop.shop.event({"kind": "adjustment", "id": "j1", "door": "d", "in": -8, "reason": "class", "actor": "kim"})
    shop.fold()
    at = ["--time", "2026-05-29T04:40:00+08:00"]
    assert "it would not count" not in both(shop, "adjust", "d", "--in", "-4", *at)[0]
    assert "4 in and 10 out on 2026-05-29" in both(shop, "adjust", "d", "--in", "-5", *at)[0]


def test_an_adjustment_says_what_the_fold_makes_of_it(shop: FanShop) -> None:
    """The preview and the fold agree on which of several count."""
    stated = {"kind": "adjustment", "door": "d", "reason": "class", "actor": "kim"}
    for number, entered in enumerate((-8, -3, 4, -6, -2), 1):
        shop.fold()
        text = both(shop, "adjust", "d", "--in", str(entered), "--time", f"2026-05-29T04:{10 + number}:00+08:00")[0]
        shop.shop.event(stated | {"id": f"j{number}", "in": entered, "time": f"2026-05-29T04:{10 + number}:00+08:00", "history": True})
        shop.fold()
        (row,) = [each for each in shop.ledger.adjustments() if json.loads(each.body)["in"] == entered]
        assert bool(row.waits) == ("it would not count" in text), (number, text)


WHY = {"reason": "class", "actor": "kim"}


def count(event_id: str, entered: int) -> dict[str, Any]:
    return {"kind": "count", "id": event_id, "door": "d", "in": entered, "out": 0}


def adjustment(event_id: str, entered: int) -> dict[str, Any]:
    return WHY | {"kind": "adjustment", "id": event_id, "door": "d", "in": entered}


def void(of: str) -> dict[str, Any]:
    return WHY | {"kind": "void", "id": f"v-{of}", "of": of}


def amend(of: str, entered: int) -> dict[str, Any]:
    return WHY | {"kind": "amend", "id": f"a-{of}-{entered}", "of": of, "set": {"in": entered}}


@pytest.mark.parametrize(
    ("journaled", "most"),
    [
        ([void("j1")], 12),
        ([void("c1")], 0),
        ([amend("c1", 20), void("j1")], 20),
        ([amend("c1", 20), amend("c1", 9)], 1),
        ([amend("j1", 2)], 4),
        ([amend("j1", 2), void("j1")], 12),
        ([count("c2", 5), void("c2")], 4),
        ([count("c2", 5), amend("c2", 3)], 7),
        ([adjustment("j2", 6), amend("j2", 1)], 10),
        ([adjustment("j2", -3), void("j2")], 4),
        ([count("c9", 100)], 4),  # a void of it waits
        ([void("t1"), amend("of another", 7)], 4),
    ],
)
def test_what_is_corrected_since_the_last_checkpoint_is_taken_as_the_fold_takes_it(
    shop: FanShop, journaled: list[dict[str, Any]], most: int
) -> None:  # fmt: skip
    shop.shop.event(adjustment("j1", -8)).event(void("c9"))
    shop.fold()
    for each in journaled:
        shop.shop.event(each)
    shop.journal_events()
    tried = {"too many": -most - 1, "borne": -most or 1}
    at = ["--time", "2026-05-29T04:40:00+08:00", *AT_SHOP, "--dry-run"]
    texts = [run(shop.folder / "gateway.toml", "adjust", "d", "--in", str(people), *at).output for people in tried.values()]
    assert ["it would not count" in text for text in texts] == [True, False]
    for (event_id, people), waits in zip(tried.items(), (1, 0), strict=True):
        shop.shop.event(adjustment(event_id, people))
        shop.fold()
        assert max(shop.ledger.adjustments(), key=lambda row: row.time_ns).waits == waits


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["void", "t1", "--store", "s2", "--publisher", "till", "--reason", "r"], "store 's2' is not in site.toml"),
        (["void", "t1", "--store", "s1", "--publisher", "tilt", "--reason", "r"], "agent 'tilt' is not in store 's1'"),
        (["void", "t1", "--store", "s1", "--publisher", "till", "--reason", ""], "void.reason"),
        (["amend", "t1", "--set", "{", *WHERE], "--set must be one object of JSON"),
        (["amend", "t1", "--set", '{"amout": 1}', *WHERE], "did you mean 'amount'?"),
        (["adjust", "e", "--in", "1", "--time", "2026-01-21T18:00:00+08:00", *WHERE], "door 'e' is not in store 's1'"),
        (["adjust", "d", "--time", "2026-01-21T18:00:00+08:00", *WHERE], "an adjustment needs `in`, `out` or both"),
        (["adjust", "d", "--in", "1", "--time", "18:00", *WHERE], "adjustment.time: must be text of ISO 8601"),
    ],
)
def test_what_cannot_be_right_is_refused_at_once(config: Path, arguments: list[str], words: str) -> None:
    failed = run(config, *arguments)
    assert isinstance(failed.exception, ConfigError)
    assert words in str(failed.exception)
    assert store(config).take_replays() == []


def test_it_reports_what_the_gateway_made_of_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correct, "_WAIT_S", 60.0)

    def answer(refuse: bool) -> None:
        gateway = store(config)
        while not (found := gateway.take_replays()):
            pass
        entry = found[0][0]
        if refuse:
            gateway.refused_again(entry.id, "event.window", "it is 401 days old")
        else:
            gateway.replayed([entry.id], 1)

    for refuse, words in ((False, "taken, as correct-"), (True, "the gateway refuses it (event.window): it is 401 days old")):
        gateway = threading.Thread(target=answer, args=(refuse,))
        gateway.start()
        done = run(config, "void", "t1", *WHERE)
        gateway.join()
        assert words in (str(done.exception) if refuse else done.output)
