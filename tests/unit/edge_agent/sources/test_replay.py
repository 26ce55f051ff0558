"""Recorded files: each format's own marks, and what the real recordings hold."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_profiles.registry import Registry, shipped
from edge_agent.clock import SystemClock
from edge_agent.playback import Recording
from edge_agent.sources.recording import format_line
from edge_agent.sources.replay import Replay, read, zones
from edge_agent.sources.replay_settings import ReplaySettings
from edge_agent.sources.source import AliveUntil, Crossing, Gap, RefusedReading, Sighting
from footfall.dates import EARLIEST_NS
from footfall.errors import ConfigError
from footfall.frames import Kind, encode_body
from footfall.moments import to_ns
from tests.support.whole import small_or_whole

S = 1_000_000_000


def calit2(folder: Path, inflow: str, outflow: str) -> list[Path]:
    (folder / "cal-inflow.csv").write_text(inflow)
    (folder / "cal-outflow.csv").write_text(outflow)
    return [folder]


def test_counts_bear_the_last_millisecond_of_their_half_hour_in_local_time(tmp_path: Path) -> None:
    paths = calit2(tmp_path, '"07/24/05 23:30:00",3\n', '"07/24/05 23:30:00",2\n"07/25/05 00:00:00",1\n')
    end_ns = to_ns(datetime(2005, 7, 25, 7, tzinfo=UTC)) - 1_000_000
    heard = list(read("uci-calit2", paths, ReplaySettings("America/Los_Angeles", door="north")))
    assert heard == [
        Crossing(0, "north", 3, 0, t_wall_ns=end_ns),
        Crossing(0, "north", 0, 2, t_wall_ns=end_ns),
        Crossing(0, "north", 0, 1, t_wall_ns=end_ns + 1800 * S),
    ]


def test_a_broken_line_is_refused_with_its_bytes_and_the_next_is_read(tmp_path: Path) -> None:
    paths = calit2(tmp_path, '"07/24/05 00:00:00",1\n"\n"07/24/05 01:00:00",2\n', '"07/24/05 02:00:00",0\n')
    first, broken, last, _ = read("uci-calit2", paths, ReplaySettings())
    assert isinstance(first, Crossing)
    assert broken == RefusedReading(0, "csv.line", "cal-inflow.csv:2", b'"', first.t_wall_ns)
    assert isinstance(last, Crossing)
    assert last.entered == 2


def test_sal_rb_rows(tmp_path: Path) -> None:
    header = "superframe,O-DR,I-E,Label\n"
    (tmp_path / "car_sensor_1_measurement_1.csv").write_text(header + "0,-77,-100,0\n3,-100,-54,1\nx\n")
    (tmp_path / "walk_sensor_1_measurement_1.csv").write_text(header + "0,-60,-61,0\n")
    start = datetime(2024, 1, 1, tzinfo=UTC)
    zero = to_ns(start)
    assert zones("sal-rb", [tmp_path]) == {"o-dr": "outside", "i-e": "inside"}
    assert list(read("sal-rb", [tmp_path], ReplaySettings(start=start))) == [
        Sighting(0, "o-dr", "ble-tag", "car_sensor_1", -77, zero),
        AliveUntil(0, zero),
        Sighting(0, "i-e", "ble-tag", "car_sensor_1", -54, zero + 300_000_000),
        AliveUntil(0, zero + 300_000_000),
        RefusedReading(0, "csv.line", "car_sensor_1_measurement_1.csv:4", b"x", zero + 300_000_000),
        Sighting(0, "o-dr", "ble-tag", "walk_sensor_1", -60, zero + 3600 * S),
        Sighting(0, "i-e", "ble-tag", "walk_sensor_1", -61, zero + 3600 * S),
        AliveUntil(0, zero + 3600 * S),
    ]


def test_jsonl_files_are_merged_by_time(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(format_line(AliveUntil(1)) + format_line(AliveUntil(5)))
    (tmp_path / "b.jsonl").write_text(format_line(Sighting(3, "r1", "p", "x", -60)) + format_line(Gap(4, 9, "reset")))
    heard = list(read("jsonl", [tmp_path], ReplaySettings()))
    assert heard == [AliveUntil(0, 1), Sighting(0, "r1", "p", "x", -60, 3), Gap(4, 9, "reset"), AliveUntil(0, 5)]
    assert zones("jsonl", [tmp_path]) == {"r1": "r1"}


@pytest.mark.parametrize(
    ("format_name", "files", "message"),
    [
        ("uci-calit2", {"cal-inflow.csv": '"07/24/05 00:00:00",1\n'}, "'outflow' in its name; 0 such files"),
        ("sal-rb", {"x.csv": "a,b\n"}, "there is no column 'superframe'; it has a, b"),
        ("jsonl", {"x.csv": ""}, "no .jsonl or .jsonl.gz files here"),
    ],
)
def test_files_of_another_kind_are_reported(tmp_path: Path, format_name: str, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message):
        list(read(format_name, [tmp_path], ReplaySettings()))  # type: ignore[arg-type] # one of the names


def test_a_time_zone_that_is_none_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'Mars' is no IANA time zone"):
        list(read("uci-calit2", calit2(tmp_path, '"07/24/05 00:00:00",1\n', '"07/24/05 00:00:00",1\n'), ReplaySettings("Mars")))


def test_in_a_live_agent_a_recording_begins_now(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(format_line(AliveUntil(100 * S)) + format_line(Gap(101 * S, 102 * S, "reset")))
    settings = Replay(kind="replay", name="r", format="jsonl", paths=(tmp_path / "a.jsonl",))
    assert list(settings._stream()) == [AliveUntil(0), Gap(S, 2 * S, "reset")]
    assert settings.source(SystemClock(), shipped()).name == "r"


def read_twice(format_name: str, path: Path, settings: ReplaySettings) -> Recording:
    recordings = [Recording.read(format_name, [path], settings, "s1", "a1") for _ in range(2)]
    assert [encode_body(body) for body in recordings[0].bodies] == [encode_body(body) for body in recordings[1].bodies]
    assert recordings[0].epoch == recordings[1].epoch
    return recordings[0]


def test_the_real_counts_come_out_exactly(real_data: Path) -> None:
    recording = read_twice("uci-calit2", real_data / "uci-calit2", ReplaySettings("America/Los_Angeles"))
    sums: Counter[str] = Counter()
    for body in recording.bodies:
        for kind, n in zip(body.kind.tolist(), body.count.tolist(), strict=True):
            sums[Kind(kind).name] += n
    assert (sums["IN"], sums["OUT"], recording.refused) == (19_625, 18_806, 4)


def test_the_real_sightings_count_between_those_of_all_receivers_and_of_the_one_that_heard_most(real_data: Path) -> None:
    """Of each zone, row by row: so a few more than by the sums of each receiver."""
    path = real_data / "sal-rb" / small_or_whole("car_sensor_1_measurement_1.csv", "")
    recording = read_twice("sal-rb", path, ReplaySettings())
    heard = Counter(one.receiver for one in read("sal-rb", [path], ReplaySettings()) if isinstance(one, Sighting))
    of_sides = [[count for receiver, count in heard.items() if receiver.startswith(side)] for side in ("i-", "o-")]
    between = sum((max(counts) + sum(counts)) / 2 for counts in of_sides)
    counted = sum(int(body.count.sum()) for body in recording.bodies)
    assert counted == pytest.approx(between, rel=0.05)
    assert counted >= between
    assert recording.refused == 0


def test_epochs_distinguish_recordings(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(format_line(Crossing(S, "main", 1, 0)))
    epochs = {
        Recording.read("jsonl", [path], ReplaySettings(), "s1", "a1").epoch,
        Recording.read("jsonl", [path], ReplaySettings(), "s2", "a1").epoch,
        Recording.read("jsonl", [path], ReplaySettings(), "s1", "a2").epoch,
    }
    path.write_text(format_line(Crossing(S, "main", 2, 0)))
    assert len(epochs | {Recording.read("jsonl", [path], ReplaySettings(), "s1", "a1").epoch}) == 4


@pytest.mark.parametrize(("per_s", "unit"), [(1, "seconds"), (1_000, "milliseconds"), (10**6, "microseconds")])
def test_a_time_that_counts_no_nanoseconds_is_a_refused_line_and_not_1970(tmp_path: Path, per_s: int, unit: str) -> None:
    path, now_s = tmp_path / "a.jsonl", 1_780_000_000
    path.write_text(
        format_line(Crossing(now_s * S, "main", 1, 0))
        + format_line(Crossing(now_s * per_s, "main", 2, 0))
        + format_line(Gap(now_s * per_s, now_s * per_s + 1, "reset"))
        + format_line(AliveUntil(10**20))
    )
    first, *others = read("jsonl", [path], ReplaySettings(earliest_ns=EARLIEST_NS))
    assert first == Crossing(0, "main", 1, 0, t_wall_ns=now_s * S)
    whys = [(other.where, other.why) for other in others if isinstance(other, RefusedReading)]
    begins, ends = "line: `t_ns` is before the year 2000: ", f", or are these {unit}? It counts nanoseconds since 1970"
    assert all(why.startswith(begins) and ends in why for _, why in whys[:2])
    assert [where for where, _ in whys] == ["a.jsonl:2", "a.jsonl:3", "a.jsonl:4"]
    assert whys[2][1] == "line: `t_ns` is after the year 2262"


def test_a_recording_that_counts_from_its_beginning_says_so_and_is_sent_with_a_start(tmp_path: Path) -> None:
    path, start = tmp_path / "world.jsonl", datetime(2026, 11, 21, 10, tzinfo=UTC)
    path.write_text(format_line(Crossing(2000 * S, "main", 1, 0)) + format_line(Gap(2001 * S, 2002 * S, "reset")))
    with pytest.raises(ConfigError, match=r"does it count from the beginning of the recording.* or since --start where that is stated"):
        list(read("jsonl", [path], ReplaySettings(earliest_ns=EARLIEST_NS)))
    stated = ReplaySettings(start=start, earliest_ns=EARLIEST_NS, is_start_stated=True)
    start_ns = int(start.timestamp()) * S
    assert list(read("jsonl", [path], stated)) == [
        Crossing(0, "main", 1, 0, t_wall_ns=start_ns + 2000 * S),
        Gap(start_ns + 2001 * S, start_ns + 2002 * S, "reset"),
    ]
    path.write_text(format_line(Crossing(start_ns, "main", 1, 0)))
    with pytest.raises(ConfigError, match="`t_ns` counts from 1970 already: leave out --start"):
        list(read("jsonl", [path], stated))


def test_a_recording_may_be_of_profiles_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "heard.jsonl"
    path.write_text('{"t_ns": 1, "receiver": "radio", "profile": "our-beacon", "identifier": "7", "rssi_dbm": -60, "zone": "door"}\n')
    own = shipped()["ibeacon"].model_copy(update={"name": "our-beacon"})
    profiles = shipped().with_profiles(Registry({"our-beacon": own}))
    recording = Recording.read("jsonl", [path], ReplaySettings(), "s1", "a1", profiles=profiles)
    assert {body.profiles[number] for body in recording.bodies for number in body.profile} >= {"our-beacon"}
    with pytest.raises(ConfigError, match=r"there is no profile 'our-beacon'.*--profiles"):
        Recording.read("jsonl", [path], ReplaySettings(), "s1", "a1")
