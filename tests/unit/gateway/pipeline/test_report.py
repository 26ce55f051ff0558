"""What a whole gateway reports of itself, without a broker: its parts are given what would come from there."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from footfall.errors import RejectedPoint
from footfall.frames import COLUMNS, Body, Kind
from footfall.health import Health, encode_health
from gateway.accept.messages import Message
from gateway.config import load_gateway
from gateway.http.status import problems
from gateway.pipeline.receiver_watch import NEVER_ROWS
from gateway.pipeline.service import Gateway
from gateway.records import Record, RecordKind
from gateway.site.identifier_types import IdentifierTypeEntry
from gateway.site.recorded import RecordedSite
from simulators.parts.process import free_port
from tests.support.real_parts import REPOSITORY
from tests.support.running_gateway import SITE
from tests.support.waiting import PATIENCE_S

S = 1_000_000_000


class Running:
    def __init__(self, folder: Path, more: str = "", site: str = SITE) -> None:
        (folder / "site.toml").write_text(site)
        broker = "" if "[broker]" in more else f"[broker]\nport = {free_port()}\n"
        (folder / "gateway.toml").write_text(f"{more}{broker}[http]\nport = 0\n[status]\nnotice_s = 5\n")
        self.gateway = Gateway(load_gateway(folder / "gateway.toml", {}))

    def hear(self, retained: bool = False, **more: Any) -> None:
        said = Health(**({"state": "online", "agent": "x", "store": "s1", "boot": "b", "uptime_s": 5.0} | more))
        message = Message("footfall/1/s1/x/health", encode_health(said), retained)
        self.gateway._ingest.look([message], time.time_ns())

    def problems(self) -> dict[str, str]:
        return {problem.code: problem.what for problem in problems(self.gateway.status())}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.gateway.close()


def test_what_agents_report_is_shown_under_their_names(running: Running) -> None:
    running.hear(problems={"card_full": "0 MiB left"}, spool_frames=7, oldest_unsent_s=12.5, certificate_ends_s=1)
    found = running.problems()
    assert found["card_full"] == "the disk of agents is full: s1/x (0 MiB left)"
    assert "s1/x (ended on 1970-01-01)" in found["certificate_expired"]
    agent = next(agent for agent in running.gateway.status().agents if agent.agent == "x")
    assert (agent.spool_frames, agent.oldest_unsent_s) == (7, 12.5)
    assert 'footfall_agent_oldest_unsent_seconds{agent="x",store="s1"} 12.5' in running.gateway.registry.render()


def test_another_journal_and_a_clock_that_contradicts_are_named(running: Running) -> None:
    running.gateway._state.started_boot_ns -= 1000 * S
    running.hear(journals={"another": 20.0}, wall_synced=True, sent_wall_ns=time.time_ns() + 3600 * S)
    found = running.problems()
    assert "another" in found["two_gateways"]
    assert "s ahead of ours" in found["clock_contradicts"]


def test_when_it_began_is_dated_by_the_clock_that_is_believed_now(running: Running) -> None:
    """It began with a clock that was 8 h ahead: what happened since is not of before."""
    running.gateway._clock._base_ns += 8 * 3600 * S
    running.gateway._state.started_boot_ns -= 1000 * S
    assert running.gateway.status().now_ns - running.gateway.status().started_ns == pytest.approx(1000 * S, abs=60 * S)
    running.gateway._clock._base_ns -= 8 * 3600 * S
    running.hear(journals={"another": 20.0})
    assert "another" in running.problems()["two_gateways"]


def test_points_that_the_database_refused_are_broken_and_named_also_after_a_restart(running: Running) -> None:
    words = 'field type conflict: input field "rssi_dbm" on measurement "presence" is type float'
    running.gateway._sink_worker._keep((RejectedPoint(b"presence,store=s1 rssi_dbm=1 1", words),))
    assert running.problems()["sink_refused"] == f"the database refused 1 point: presence: {words}"
    running.gateway._sink_worker.refused_why.clear()
    assert running.problems()["sink_refused"] == f"the database refused 1 point: {words}"
    assert "quarantine" not in running.problems()


def test_a_thread_that_hangs_is_named(running: Running) -> None:
    running.gateway._beats.beat("fold")
    assert "thread_stuck" not in running.problems()
    running.gateway._beats._last_s["fold"] -= 6
    assert "fold for 6 s" in running.problems()["thread_stuck"]


def test_the_threads_of_a_gateway_that_runs_all_beat(running: Running) -> None:
    thread = threading.Thread(target=running.gateway.run)
    thread.start()
    try:
        deadline_s = time.monotonic() + PATIENCE_S
        while set(running.gateway._beats._last_s) != {"ingest", "fold", "sink"}:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
    finally:
        running.gateway.stop()
        thread.join()
    assert running.gateway._beats._last_s == {}


def test_its_own_certificate_is_watched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for arguments in (["ca"], ["client", "gateway"], ["client", "other"], ["client", "till"]):
        command = [str(REPOSITORY / "deploy" / "certificates" / "issue"), *arguments]
        subprocess.run(command, env=os.environ | {"FOOTFALL_CERTIFICATES": str(tmp_path), "DAYS": "20"}, check=True, capture_output=True)
    tls = f'[broker]\nport = {free_port()}\ntls = {{ ca_file = "ca.crt", cert_file = "gateway.crt", key_file = "gateway.key" }}\n'
    running = Running(tmp_path, tls)
    try:
        running.gateway._report.watch_certificates()
        assert running.problems()["certificate_ends"].startswith("of this gateway: ")
        (tmp_path / "other.key").replace(tmp_path / "gateway.key")
        running.gateway._report.watch_certificates()
        assert "does not fit" in running.problems()["certificate_wrong"]
        for suffix in ("crt", "key"):
            (tmp_path / f"till.{suffix}").replace(tmp_path / f"gateway.{suffix}")
        for _ in range(2):
            running.gateway._report.watch_certificates()
        assert "names 'till', an agent of site.toml" in running.problems()["certificate_wrong"]
        assert "Set broker.tls.cert_file" in running.problems()["certificate_wrong"]
        assert caplog.text.count("names 'till', an agent of site.toml") == 1
    finally:
        running.gateway.close()


TUNED = """
[[stores.calibrations]]
profile = "ibaecon"
[[stores.calibrations]]
profile = "ble-tag"
receivers = { "till/r1" = "shelf" }
"""


def test_calibrations_that_do_nothing_or_were_made_for_other_receivers_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    listed = SITE.replace('agents = [{name = "till"}]', 'agents = [{name = "till", receivers = {r1 = "shelf", r2 = "entrance"}}]')
    running = Running(tmp_path, site=listed + TUNED)
    found = running.problems()
    running.gateway.close()
    assert "there is no profile 'ibaecon': did you mean 'ibeacon'" in found["calibration_unused"]
    assert "till/r2 came since" in found["calibration_stale"]
    assert "did you mean 'ibeacon'" in caplog.text


def test_zones_without_an_entrance_level_are_in_the_log_of_a_start_and_in_status(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    listed = SITE.replace('name = "shelf"', 'name = "shelf", entrance_dbm = -70', 1)
    running = Running(tmp_path, site=listed)
    found = running.gateway._report.status().without_level
    running.gateway.close()
    assert found == ["s1/entrance"]
    assert "1 zones have no entrance_dbm, though another zone of their store has one: s1/entrance" in caplog.text


def test_a_receiver_that_fell_silent_is_named_by_the_frames_that_were_folded(tmp_path: Path) -> None:
    listed = SITE.replace('agents = [{name = "till"}]', 'agents = [{name = "till", receivers = {r1 = "shelf", r2 = "entrance"}}]')
    running = Running(tmp_path, site=listed + '[[stores.calibrations]]\nprofile = "ibeacon"\n')
    now_ns = time.time_ns()
    record = Record(1, now_ns, RecordKind.FRAME, "s3", "till", 1, 0, 0, 0, b"")
    shelf = presence_body("shelf", rows=NEVER_ROWS // 10)
    running.gateway._fold_worker._hear((record, shelf) for _ in range(10))
    found = running.problems()
    running.gateway.close()
    assert found["receiver_silent"] == "not heard, though its agent is online: s3/till/entrance since the gateway started"


def test_a_counter_that_fell_silent_is_named_unless_its_store_may_owe_counts(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = running.gateway.status().now_ns
    estate = {"brand": "b", "stores": [{"name": name, "doors": ["main"]} for name in ("s1", "s2")]}
    running.gateway._fold_worker.fold.state.doors.apply(RecordedSite.model_validate(estate), now_ns - 9 * 3600 * S)
    assert "counter_silent" not in running.problems(), "agents that were not heard since a start of just now may owe counts"
    monkeypatch.setattr(running.gateway._state, "started_boot_ns", running.gateway._state.started_boot_ns - 1000 * S)
    never = "of opening hours, and never since it is in site.toml (what is usual is not known yet)"
    assert running.problems()["counter_silent"] == f"2 doors count nobody: s1/main for 9 h {never}, s2/main for 9 h {never}"
    running.hear(spool_frames=9, oldest_unsent_s=900.0)
    assert running.problems()["counter_silent"] == f"1 door counts nobody: s2/main for 9 h {never}"


def presence_body(zone: str, rows: int) -> Body:
    columns = {name: np.zeros(rows, dtype) for name, dtype in COLUMNS.items()} | {"kind": np.full(rows, Kind.STAY, COLUMNS["kind"])}
    return Body("b", 0, 0, True, 0, 0, (zone,), ("ibeacon",), **columns)


NOW_WALL_NS = 1_795_000_000 * S
TILLS = SITE.replace('agents = [{name = "till"}]', 'agents = [{name = "till", tasks = []}]')


def states(running: Running) -> dict[str, str]:
    return {agent.agent: agent.state for agent in running.gateway.status().agents}


def test_the_silence_of_a_till_is_no_alarm_before_and_after_it_sends(tmp_path: Path) -> None:
    running = Running(tmp_path, site=TILLS)
    assert TILLS != SITE
    assert (states(running)["till"], states(running)["x"]) == ("quiet", "never")
    assert "till" not in running.problems()["agent_never"]
    running.gateway._ingest.heard_ns["till"] = running.gateway.status().now_ns
    assert states(running)["till"] == "ok"
    for silent_s in (130, 700):
        running.gateway._ingest.heard_ns["till"] = running.gateway.status().now_ns - silent_s * S
        assert states(running)["till"] == "quiet"
        assert not {"agent_late", "agent_offline"} & set(running.problems())
    running.gateway.close()


@pytest.mark.parametrize(("sent_wall_ns", "state"), [(NOW_WALL_NS, "offline"), (0, "quiet")])
def test_an_intake_that_reports_health_is_missed_and_a_recording_that_was_replayed_is_not(
    tmp_path: Path, sent_wall_ns: int, state: str
) -> None:
    running = Running(tmp_path, site=TILLS)
    left = Health(state="offline", agent="till", store="s3", boot="b", sent_wall_ns=sent_wall_ns)
    running.gateway._ingest.look([Message("footfall/1/s3/till/health", encode_health(left))], time.time_ns())
    running.gateway._ingest.heard_ns["till"] = running.gateway.status().now_ns - 700 * S
    assert states(running)["till"] == state
    running.gateway.close()


def test_voids_that_took_nothing_back_are_named_with_their_sender(running: Running) -> None:
    assert "void_unknown" not in running.problems()
    running.gateway._fold_worker.fold.state.unknown_voids.hear("e1", "s3", "till", running.gateway.status().now_ns - 61 * S)
    assert running.problems()["void_unknown"].endswith("s3/till (1)")


def test_who_waits_for_whom_is_named(running: Running) -> None:
    assert "rows_wait" not in running.problems()
    running.gateway._fold_worker.fold.state.held_back = ("s1: y for x, which reported up to 2026-11-30 10:00:00 UTC",)
    assert running.problems()["rows_wait"].endswith("silent: s1: y for x, which reported up to 2026-11-30 10:00:00 UTC")


def test_adjustments_that_take_back_too_much_are_named_by_their_doors(running: Running) -> None:
    assert "adjustment_waits" not in running.problems()
    running.gateway._fold_worker.fold.state.waiting_adjustments.update({"adjustment:1": "s1/d", "adjustment:2": "s1/d"})
    assert running.problems()["adjustment_waits"].endswith("do not count: s1/d")


def test_identifiers_that_are_none_are_counted_by_type_in_status_and_metrics(running: Running) -> None:
    assert running.gateway.status().identifiers_blocked == {}
    running.gateway._ingest.counted.update({"identifiers_blocked.member": 3, "identifiers_blocked.wx-*": 1})
    assert running.gateway.status().identifiers_blocked == {"member": 3, "wx-*": 1}
    assert 'footfall_identifiers_blocked_total{type="member"} 3.0' in running.gateway.registry.render()


def test_a_reload_puts_a_brand_s_types_of_identifiers_in_force(running: Running) -> None:
    gateway = running.gateway
    assert not gateway._pseudonyms.types.of("loyalty").is_known
    described = gateway._site.model_copy(update={"identifier_types": (IdentifierTypeEntry(type="loyalty", rank=70),)})
    gateway._use(described, gateway._pseudonymiser(described))
    assert gateway._pseudonyms.types.of("loyalty").rank == 70
