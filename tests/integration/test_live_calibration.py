"""An installer walks through a simulated store, taps in a terminal, and hears its agents over a real broker."""

from __future__ import annotations

import os
import pty
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from footfall.cli import build
from footfall.frames import Header, encode_body, encode_frame
from footfall.topics import topic_of
from gateway.config import load_site
from simulators import calibrate_command
from simulators.calibration.live import LiveCalibration
from simulators.estate import brand_secret
from simulators.feed import UPTIME_NS, Feed, boot_of, epoch_of
from simulators.parts.mosquitto import Mosquitto
from simulators.scenes import scene
from simulators.truth import Visit, collect, truth_of
from simulators.world import World
from tests.support.calibration_walks import less_is_tried
from tests.support.waiting import until

BEHIND_A_SHELF_DB: Final = 14
"""So much weaker than the others the receiver of `shelf-a` hears everybody."""
SEED: Final = 61
WALKED: Final = ("entrance", "shelf-b", "entrance", "shelf-b", "entrance", "shelf-a", "shelf-b", "shelf-a", "entrance")


class Sent(NamedTuple):
    t_ns: int
    topic: str
    payload: bytes


@pytest.fixture(scope="module")
def world() -> World:
    return scene("store", SEED)


@pytest.fixture(scope="module")
def walk(world: World) -> Visit:
    """A visitor who crosses the borders of three zones twice each."""
    return next(visit for visit in collect(truth_of(world)).visits if visit.carried and _zones(visit) == WALKED)


def _zones(visit: Visit) -> tuple[str, ...]:
    return tuple(stay.zone for stay in sorted([*visit.stays, *visit.passes], key=lambda stay: stay.from_ns))


def frames(world: World, walk: Visit) -> Iterator[Sent]:
    """What agents send meanwhile; the receiver behind the shelf hears all weaker."""
    secret = brand_secret(world.seed)
    span = walk.enter_ns - world.start_ns - 10**10, walk.leave_ns - world.start_ns + 10**10
    for agent in world.plan.agents:
        feed = Feed(world, agent, secret, from_ns=span[0], until_ns=span[1])
        for seq, (t_ns, body) in enumerate(feed.bodies(), 1):
            behind = np.isin(body.zone, [code for code, zone in enumerate(body.zones) if zone == "shelf-a"])
            weaker = replace(body, rssi_dbm=(body.rssi_dbm - BEHIND_A_SHELF_DB * behind).astype(body.rssi_dbm.dtype))
            header = Header(world.plan.store, agent, epoch_of(world, agent), seq, 1, boot_of(world, agent), UPTIME_NS + t_ns, 0)
            yield Sent(world.start_ns + t_ns, topic_of(world.plan.store, agent, "frames"), encode_frame(header, encode_body(weaker)))


class Installer:
    """Carries the beacon, and has the terminal; `now_ns` is the time at which they are."""

    def __init__(self, folder: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        self.calibrations: Final[list[LiveCalibration]] = []
        self.failed: Final[list[BaseException]] = []
        self._keyboard, terminal = pty.openpty()
        self._terminal = os.fdopen(terminal, "r")
        self._client: Final = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(0)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        self._folder: Final = folder
        self._sent = 0
        monkeypatch.setattr(sys, "stdin", self._terminal)
        monkeypatch.setattr(calibrate_command, "CLOCK_NS", lambda: self.now_ns)
        monkeypatch.setattr(calibrate_command, "LiveCalibration", self._noted)
        self._thread: Final = threading.Thread(target=self._run, daemon=True)

    def _noted(self, *args: object) -> LiveCalibration:
        self.calibrations.append(LiveCalibration(*args))  # type: ignore[arg-type] # as the command gives them
        return self.calibrations[-1]

    def begin(self, command: Callable[[], None], first: Sent) -> None:
        """Start the command; frames come through once its subscription is there."""
        self._command = command
        self._thread.start()
        until(lambda: self.calibrations or self.failed, what=lambda: str(self.failed))
        self.now_ns = first.t_ns

        def came_through() -> bool:
            self._client.publish(first.topic, first.payload, qos=1).wait_for_publish(10)
            return self.calibrations[0].walk.frames > 0

        until(came_through, what="a frame at the command")

    def _run(self) -> None:
        try:
            self._command()
        except BaseException as error:  # shown by the test
            self.failed.append(error)

    def pass_time(self, sent: list[Sent], until_ns: int) -> None:
        """Let agents send what they have by then."""
        walk, due = self.calibrations[0].walk, [one for one in sent if self.now_ns < one.t_ns <= until_ns]
        before = walk.frames
        self.now_ns = until_ns
        for one in due:
            self._client.publish(one.topic, one.payload, qos=1)
        until(lambda: walk.frames >= before + len(due), lambda: f"{walk.frames - before} of {len(due)} frames")

    def tap(self, keys: str, seen: Callable[[], bool]) -> None:
        os.write(self._keyboard, keys.encode())
        until(seen, what=f"what the keys {keys} state")

    def end(self) -> None:
        os.write(self._keyboard, b"q")
        self._thread.join(120)
        self._client.loop_stop()
        assert not self._thread.is_alive()
        assert not self.failed, self.failed
        os.close(self._keyboard)


def settings(folder: Path, world: World, port: int) -> None:
    zones = ", ".join(f'{{ name = "{zone.name}" }}' for zone in world.plan.zones)
    agents = ""
    for agent in world.plan.agents:
        receivers = ", ".join(f'{name} = "{zone}"' for name, zone in world.plan.receivers_of(agent).items())
        agents += f'[[stores.agents]]\nname = "{agent}"\nreceivers = {{ {receivers} }}\n'
    (folder / "site.toml").write_text(f'brand = "b"\n[[stores]]\nname = "{world.plan.store}"\nzones = [{zones}]\n{agents}# the end\n')
    (folder / "brand.secret").write_bytes(brand_secret(world.seed))
    (folder / "gateway.toml").write_text(f'brand_secret_file = "brand.secret"\n[broker]\nport = {port}\n')


def test_a_walk_that_is_tapped_calibrates_the_store_and_is_read_again(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, world: World, walk: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    less_is_tried(monkeypatch)
    settings(tmp_path, world, mosquitto.port)
    site, saved = tmp_path / "site.toml", tmp_path / "walk"
    carried = walk.carried[0]
    sent = sorted(frames(world, walk))
    installer = Installer(tmp_path, mosquitto, monkeypatch)
    installer.begin(
        lambda: calibrate_command.calibrate(
            site, beacon=f"{carried.id_type}:{carried.identifier}", config=tmp_path / "gateway.toml", save=saved, yes=True
        ),
        sent[0],
    )
    live = installer.calibrations[0].walk
    keys = {zone.name: str(number) for number, zone in enumerate(world.plan.zones, 1)}
    stays = sorted([*walk.stays, *walk.passes], key=lambda stay: stay.from_ns)
    for number, stay in enumerate(stays, 1):
        installer.pass_time(sent, stay.from_ns)
        installer.tap("c", lambda: live.is_crossing)
        installer.tap(keys[stay.zone], lambda wanted=number: len(live.stated) == wanted)  # type: ignore[misc] # bound now
        installer.pass_time(sent, stay.to_ns)
        wrong = "1" if stay.zone != world.plan.zones[0].name else "2"
        installer.tap(wrong, lambda wanted=number: len(live.stated) == wanted + 1)  # type: ignore[misc] # likewise
        installer.tap("u", lambda wanted=number: len(live.stated) == wanted)  # type: ignore[misc] # likewise
    installer.end()
    printed = capsys.readouterr().out
    assert "The walk is saved" in printed, printed
    assert "zones right, calibrated for ibeacon" in printed
    (found,) = load_site(site, {}).stores[0].calibrations
    others = [found.offset_db.get(zone, 0) for zone in ("entrance", "shelf-b")]
    assert found.offset_db.get("shelf-a", 0) - max(others) >= BEHIND_A_SHELF_DB / 2
    assert site.read_text().endswith("# the end\n")
    assert carried.identifier not in (saved / "walk.csv").read_text()
    _reads_again(site, saved, printed)


def _reads_again(site: Path, saved: Path, printed: str) -> None:
    """The saved walk gives the same figures as it gave live, and `score` judges it as well."""
    (kept,) = site.parent.glob("site.toml.before-*")
    recording = [str(saved / "walk.csv"), "--format", "csv", "--mapping", str(saved / "walk.toml")]
    again = CliRunner().invoke(build(), ["calibrate", str(kept), "--dry-run", "--recording", *recording], catch_exceptions=False)
    figures = [line for line in printed.splitlines() if line.startswith("│")]
    assert figures
    assert [line for line in again.output.splitlines() if line.startswith("│")] == figures
    score = CliRunner().invoke(build(), ["score", *recording, "--json"], catch_exceptions=False)
    assert score.exit_code == 0, score.output
