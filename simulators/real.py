"""`make real`: recordings of a real building and a real lab through agent, broker and gateway into InfluxDB 1.8 and 2.7, twice.

What is printed in the end is asked of InfluxDB. The recordings are not part of the project; where they are missing it ends with a message.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from edge_agent.clock import SystemClock
from edge_agent.playback import Recording
from edge_agent.sources.replay_settings import ReplaySettings
from footfall.errors import FootfallError
from footfall.frames import Header, encode_body, encode_frame
from footfall.topics import Topic
from gateway.fold.fold import EXPIRE_EVERY_S
from gateway.pipeline.ingest_worker import TICK_S
from gateway.points import SCHEMA
from gateway.sinks.influxdb.reader import InfluxReader
from simulators import mqtt
from simulators.dumps import OF_ARRIVAL, Dump, differences, dump
from simulators.estate import section_text
from simulators.parts.influxdb import InfluxServer, Version
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import free_port
from simulators.parts.programs import FOOTFALL, GatewayProcess
from simulators.real_recordings import BUILDING, LAB, RECORDED, Recorded, data_folder, people, site

VERSIONS: Final[tuple[Version, ...]] = ("1.8", "2.7")
SETTLE_S: Final = 60.0
QUIET_S: Final = EXPIRE_EVERY_S + 2 * TICK_S
"""What the last rows lead to is worked out when the seconds after them are over, and these pass with ticks."""
STEPS: Final = 10
LINES_REFUSED: Final = 1
"""How a replay ends of which some lines could not be read."""
TABLE_COLUMNS: Final = 120
_ADVICE: Final = """the recordings are not in {folder}: skipped.
They are uci-calit2 (CalIt2 Building People Counts, archive.ics.uci.edu, CC BY 4.0: cal-inflow.csv, cal-outflow.csv) and sal-rb (BLE door
recordings of Silicon Austria Labs, Karoliny et al. 2021, CC BY 4.0), each in a folder of that name. FOOTFALL_REAL_DATA may name another
place."""


class Wrong(FootfallError):
    """What is stored is not what it should be."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one InfluxDB holds in the end. `dump`: all points but those of `agent`; `score`, `table`: the output of `footfall score`."""

    entered: int
    left: int
    quarantined: int
    changed: int
    dump: Dump
    score: dict[str, Any]
    table: str
    problems: Sequence[str]


def main(
    version: Annotated[list[str] | None, typer.Option(help="Only this InfluxDB, 1.8 or 2.7; may be repeated.")] = None,
) -> None:
    """Send real recordings through everything, twice, and ask InfluxDB what it has."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as ctrl-c: what was started is ended
    console = Console(highlight=False, soft_wrap=True)
    data = data_folder()
    if not all((data / name).is_dir() for name in (BUILDING.format_name, LAB.format_name)):
        console.print(escape(_ADVICE.format(folder=data)))
        return
    chosen = [known for known in VERSIONS if version is None or known in version]
    if not chosen:
        raise typer.BadParameter(f"one of {', '.join(VERSIONS)}", param_hint="--version")
    try:
        found = {name: _through(name, data, console) for name in chosen}
        console.print(found[chosen[-1]].table, markup=False)
        console.print(_in_a_line(found[chosen[-1]].score))
    except FootfallError as error:
        console.print(f"[bold red]real:[/] {escape(str(error))}")
        raise typer.Exit(1) from None
    problems = [f"InfluxDB {name}: {problem}" for name, each in found.items() for problem in each.problems]
    first, *others = found.values()
    for name, other in zip(chosen[1:], others, strict=True):
        if differ := differences(without_lag(first.dump), without_lag(other.dump)):
            problems.append(f"InfluxDB {chosen[0]} and {name} differ in {len(differ)} points, such as {differ[0]}")
        if first.score != other.score:
            problems.append(f"the scores out of InfluxDB {chosen[0]} and {name} differ")
    for problem in problems:
        console.print(f"[bold red]✘[/] {escape(problem)}")
    if others and not problems:
        console.print(f"InfluxDB {' and '.join(chosen)} hold the same {len(first.dump):,} points")
    changed = sum(each.changed for each in found.values())
    print(f"in={first.entered} out={first.left} quarantined={first.quarantined} changed_on_replay={changed}", flush=True)
    raise typer.Exit(1 if problems else 0)


def _through(version: Version, data: Path, console: Console) -> Found:
    """Everything into one InfluxDB, from its start to its end."""
    columns = (
        TextColumn("{task.description:>13}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}"),
    )
    with tempfile.TemporaryDirectory(prefix="footfall-real-") as folder, Progress(*columns, console=console) as bars:
        task = bars.add_task(f"InfluxDB {version}", total=STEPS, step="")
        return _Passage(version, Path(folder), data, lambda step: bars.update(task, advance=1, step=step)).run()


class _Passage:
    def __init__(self, version: Version, folder: Path, data: Path, step: Callable[[str], None]) -> None:
        self._data: Final = data
        self._step: Final = step
        self._broker: Final = Mosquitto(folder / "mosquitto")
        self._database: Final = InfluxServer(version, folder / "influxdb")
        (folder / "site.toml").write_text(section_text(site(data)), encoding="utf-8")
        (folder / "influxdb.token").write_text(self._database.token, encoding="utf-8")
        sink = {"kind": "influxdb", "url": self._database.url, "bucket": self._database.bucket, "org": self._database.org}
        values = {"stay_points": True, "broker": {"port": self._broker.port}, "sink": {**sink, "token_file": "influxdb.token"}}
        self._gateway: Final = GatewayProcess(folder, free_port(), values)

    def run(self) -> Found:
        self._step("starting")
        with self._broker, self._database, self._running():
            before = self._send("sent")
            again = self._send("sent again")
            after = self._insist()
            self._step("asking")
            return self._ask(before, again, after)

    @contextmanager
    def _running(self) -> Iterator[None]:
        self._gateway.process.start()
        try:
            yield
        finally:
            self._gateway.process.stop()

    def _send(self, what: str) -> Dump:
        """Replays everything; all points once they are stored."""
        for recorded in RECORDED:
            self._step(f"{recorded.format_name} {what}")
            folder, port = str(self._data / recorded.format_name), str(self._broker.port)
            _footfall("replay", folder, "--format", recorded.format_name, "--store", recorded.store, "--agent", recorded.agent,
                      "--port", port, "--timezone", recorded.timezone, codes=(0, LINES_REFUSED))  # fmt: skip
        return self._dump()

    def _insist(self) -> Dump:
        """Sends every frame once more, although the answer to the hello confirms that the gateway has it."""
        self._step("every frame again")
        rows = self._known_again() + sum(send_all(recorded, self._data, self._broker.port) for recorded in RECORDED)
        deadline_s = time.monotonic() + SETTLE_S
        while (known := self._known_again()) < rows:
            if time.monotonic() > deadline_s:
                raise Wrong(f"{rows} rows were sent again, the gateway recognised {known}")
            time.sleep(0.5)
        return self._dump()

    def _known_again(self) -> int:
        return int(self._gateway.status()["balance"]["dropped_total"].get("duplicate", 0))

    def _dump(self) -> Dump:
        self._step("into the database")
        self._settle()
        with closing(InfluxReader(self._database.url, self._database.bucket, self._database.token)) as reader:
            return dump(reader, without=OF_ARRIVAL)

    def _settle(self) -> None:
        begun_s = since_s = time.monotonic()
        while (now_s := time.monotonic()) < since_s + QUIET_S:
            if now_s > begun_s + SETTLE_S:
                raise Wrong(f"not everything is stored after {SETTLE_S:.0f} s: {self._gateway.status()}")
            if not self._gateway.is_settled():
                since_s = now_s
            time.sleep(0.5)

    def _ask(self, before: Dump, again: Dump, after: Dump) -> Found:
        changed = sorted({*differences(before, again), *differences(again, after)}, key=str)
        entered, left = self._sums("door")
        refused = self._number('SELECT count("rows") FROM "gap" WHERE "reason" =~ /^refused/')
        problems = []
        if (entered, left) != self._sums("traffic"):
            problems.append(f"the doors' points say {entered} in, {left} out, the traffic {self._sums('traffic')}")
        if (entered, left) != (truth := tuple(people(self._data / BUILDING.format_name / f"cal-{way}flow.csv") for way in ("in", "out"))):
            problems.append(f"{entered} in, {left} out are stored, the files say {truth}")
        if refused != (held := sum(self._gateway.status()["quarantine"].values())):
            problems.append(f"{refused} refused rows are in the gaps, {held} in quarantine")
        if changed:
            example = f"{changed[0]}: {before.get(changed[0])}, then {after.get(changed[0])}"
            problems.append(f"{len(changed)} points are others after everything was sent again, such as {example}")
        return Found(entered, left, refused, len(changed), after, *self._score(), problems)

    def _score(self) -> tuple[dict[str, Any], str]:
        arguments = (
            "score",
            str(self._data / LAB.format_name),
            "--format",
            LAB.format_name,
            "--config",
            str(self._gateway.config),
            "--store",
            LAB.store,
        )
        return json.loads(_footfall(*arguments, "--json")), _footfall(*arguments).rstrip()

    def _sums(self, measurement: str) -> tuple[int, int]:
        return self._number(f'SELECT sum("in") FROM "{measurement}"'), self._number(f'SELECT sum("out") FROM "{measurement}"')

    def _number(self, query: str) -> int:
        series = self._database.influxql(query, self._database.bucket)
        return int(series[0]["values"][0][1]) if series else 0


def _in_a_line(score: Mapping[str, Any]) -> str:
    """Return how close the zones of the lab are, of the output of `footfall score --json`."""
    moves = score["transitions"]
    return f"row accuracy {score['zone_accuracy']['stored']:.3f}, crossings counted {moves['paired']['10']} of {moves['true']}"


def without_lag(points: Dump) -> Dump:
    """`lag_ms` depends on when a row was received, so it differs between runs."""
    at = list(SCHEMA["presence"].fields).index("lag_ms")
    return {key: (*fields[:at], *fields[at + 1 :]) if key[0] == "presence" else fields for key, fields in points.items()}


def send_all(recorded: Recorded, data: Path, broker_port: int) -> int:
    """Publishes every frame that `footfall replay` makes of the recording, whatever the gateway answers; returns the rows."""
    paths, settings = [data / recorded.format_name], ReplaySettings(recorded.timezone)
    recording = Recording.read(recorded.format_name, paths, settings, recorded.store, recorded.agent)
    clock, topic = SystemClock(), str(Topic(recorded.store, recorded.agent, "frames"))
    incoming, acknowledged = mqtt.Incoming(), 0
    with mqtt.connect("127.0.0.1", broker_port, f"{recorded.agent}-again") as connection:
        for seq, body in enumerate(recording.bodies, 1):
            header = Header(recorded.store, recorded.agent, recording.epoch, seq, 1, clock.boot, clock.boot_ns(), clock.wall_ns())
            connection.sendall(mqtt.publish(topic, seq, encode_frame(header, encode_body(body))))
        while acknowledged < len(recording.bodies):
            acknowledged += incoming.acks(connection.recv(1 << 16))
    return recording.rows


def _footfall(*arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """What the command prints. Wrong if it ends with another code than these."""
    wide = {**os.environ, "COLUMNS": str(TABLE_COLUMNS)}
    done = subprocess.run([FOOTFALL, *arguments], capture_output=True, text=True, check=False, env=wide)
    if done.returncode not in codes:
        raise Wrong(f"footfall {arguments[0]}: {done.stderr.strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    typer.run(main)
