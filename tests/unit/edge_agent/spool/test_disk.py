"""What a disk can do to a spool that is open: full, read-only, gone, replaced; on real small disks where those may be mounted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge_agent.spool import Spool, SpoolUnavailable
from edge_agent.spool.spool import HELD_BYTES
from footfall.frames import decode_body
from footfall.units import NS_PER_S as S
from tests.unit.edge_agent.spool.test_spool import bodies


def mounted(folder: Path, options: str) -> Path:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    return folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    yield mounted(folder, "size=4m")
    subprocess.run(["umount", "-l", folder], check=False)


@pytest.fixture
def memory_bytes(monkeypatch: pytest.MonkeyPatch) -> int:
    """An eighth of what an agent may hold: as full, and sooner."""
    less = HELD_BYTES // 8
    monkeypatch.setattr("edge_agent.spool.spool.HELD_BYTES", less)
    return less


def fill(folder: Path) -> Path:
    """Somebody else takes all that is free."""
    other = folder / "other"
    with other.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return other


def append_or_hold(spool: Spool, first: int, n: int = 20) -> bool:
    made = bodies(n, first)
    try:
        spool.append(made)
    except SpoolUnavailable:
        return spool.hold(made)
    return True


def everything(spool: Spool) -> list[int]:
    """Drain all epochs; the counts that came."""
    found: list[int] = []
    for _ in range(10_000):
        epoch = spool.sending()
        if epoch.last == epoch.mark:
            return found
        frames = spool.frames(epoch.name, max(epoch.mark + 1, epoch.oldest), 64)
        found += [int(decode_body(frame.body).count[0]) for frame in frames]
        spool.mark(epoch.name, frames[-1].seq, S)
    raise AssertionError("stuck")


def test_a_full_disk_stops_no_sending_and_loses_nothing_that_memory_can_hold(disk: Path) -> None:
    spool = Spool(disk / "s", "e1", "b1")
    spool.append(bodies(100))
    other = fill(disk)
    for i in range(50):
        assert append_or_hold(spool, 100 + 20 * i)
    assert spool.is_holding
    assert "full" in spool.problems()["card_full"]
    assert everything(spool) == list(range(1, 1101))
    assert not spool.is_safe("e1", 1100) or spool.sending().mark == 1100
    append_or_hold(spool, 1100)
    other.unlink()
    assert spool.append(bodies(10, 1120))[-1] == 1130
    assert not spool.is_holding
    assert "card_full" not in spool.problems()
    spool.close()
    again = Spool(disk / "s", "e2", "b1")
    assert everything(again) == list(range(1101, 1131))
    assert again.problems() == {}
    again.close()


def test_an_agent_that_starts_on_a_full_disk_sends_what_it_has(disk: Path) -> None:
    spool = Spool(disk / "s", "e1", "b1")
    spool.append(bodies(100))
    spool.close()
    fill(disk)
    spool = Spool(disk / "s", "e2", "b1")
    assert append_or_hold(spool, 100)
    assert everything(spool) == list(range(1, 121))
    assert "card_full" in spool.problems()
    spool.close()


@pytest.mark.parametrize("clean", [True, False])
def test_an_agent_that_starts_on_a_read_only_disk_sends_what_it_has(disk: Path, clean: bool) -> None:
    spool = Spool(disk / "s", "e1", "b1")
    spool.append(bodies(100))
    if clean:
        spool.close()
    else:
        for companion in ("", "-wal"):
            shutil.copy(disk / f"s{companion}", disk / f"killed{companion}")
        spool.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    spool = Spool(disk / ("s" if clean else "killed"), "e2", "b1")
    assert append_or_hold(spool, 100)
    assert everything(spool) == list(range(1, 121))
    assert "card_full" in spool.problems()
    spool.close()


@pytest.mark.parametrize("clean", [True, False])
def test_a_disk_that_becomes_read_only_and_comes_back(disk: Path, clean: bool) -> None:
    spool = Spool(disk / "s", "e1", "b1")
    spool.append(bodies(10))
    for companion in ("", "-wal"):
        shutil.copy(disk / f"s{companion}", disk / f"killed{companion}")
    spool.close()
    if not clean:
        shutil.copy(disk / "killed", disk / "s")
        shutil.copy(disk / "killed-wal", disk / "s-wal")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    spool = Spool(disk / "s", "e2", "b1")
    assert append_or_hold(spool, 10, 5)
    spool.mark("e1", 2, S)
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    spool.append(bodies(5, 15))
    assert not spool.is_holding
    assert spool.problems() == {}
    spool.close()
    spool = Spool(disk / "s", "e3", "b1")
    assert everything(spool) == list(range(3, 21))
    spool.close()


def test_the_spool_leaves_room_on_its_disk_and_gives_up_the_oldest_in_time(disk: Path) -> None:
    spool = Spool(disk / "s", "e1", "b1", keep_free_bytes=1_000_000)
    for i in range(400):
        spool.append(bodies(20, 20 * i))
    assert shutil.disk_usage(disk).free >= 900_000
    assert spool.dropped_rows_total > 0
    assert "full: the oldest rows" in spool.problems()["card_full"]
    got = everything(spool)
    assert got == list(range(spool.dropped_rows_total + 1, 8001))
    spool.close()


def test_receipted_frames_make_room_first_and_nothing_is_lost(disk: Path) -> None:
    spool = Spool(disk / "s", "e1", "b1", keep_free_bytes=1_000_000)
    for i in range(400):
        spool.append(bodies(20, 20 * i))
        spool.mark("e1", 20 * i + 10, S * i)
    assert spool.dropped_rows_total == 0
    assert everything(spool) == list(range(7991, 8001))
    spool.close()


def test_what_memory_cannot_hold_is_dropped_counted_and_reported(disk: Path, memory_bytes: int) -> None:
    spool = Spool(disk / "s", "e1", "b1")
    fill(disk)
    first, kept = 0, 0
    while append_or_hold(spool, first, 500):
        first += 500
        kept = first
    assert not append_or_hold(spool, kept, 500)
    assert spool.dropped_rows_total == 1000
    lost = spool.take_lost()
    assert lost is not None
    assert (lost.rows, lost.reason, lost.since_boot_ns) == (1000, "spool.full", 100 * S)
    assert spool.take_lost() is None
    assert spool.fill(0).bytes <= memory_bytes
    assert everything(spool) == list(range(1, kept + 1))
    assert append_or_hold(spool, kept + 500, 500), "what is receipted makes room"
    assert everything(spool) == list(range(kept + 501, kept + 1001))
    spool.close()


@pytest.mark.usefixtures("memory_bytes")
def test_receipted_frames_that_never_came_to_the_disk_are_skipped_when_all_is_owed_again(disk: Path) -> None:
    spool = Spool(disk / "s", "e1", "b1")
    spool.append(bodies(10))
    spool.bind_journal("j1")
    other = fill(disk)
    first = 10
    while append_or_hold(spool, first, 500):
        first += 500
    everything(spool)
    assert append_or_hold(spool, first, 500)
    other.unlink()
    spool.append(bodies(1, first + 500))
    spool.bind_journal("j2")
    got = everything(spool)
    assert got == [*range(1, 11), *range(first + 1, first + 502)]
    spool.close()
    again = Spool(disk / "s", "e2", "b1")
    again.bind_journal("j3")
    assert everything(again) == got
    again.close()


@pytest.mark.parametrize("how", ["deleted", "folder", "replaced", "older"])
def test_a_file_that_is_gone_is_written_anew(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "folder"
    path = folder / "s"
    spool = Spool(path, "e1", "b1")
    spool.append(bodies(10))
    if how == "older":
        spool.close()
        shutil.copy(path, tmp_path / "older")
        spool = Spool(path, "e2", "b1")
    spool.append(bodies(10, 10))
    if how == "folder":
        shutil.rmtree(folder)
    else:
        path.unlink()
    if how == "replaced":
        path.write_bytes(b"another program's")
    if how == "older":
        shutil.copy(tmp_path / "older", path)
    spool.watch()
    assert path.exists()
    spool.append(bodies(5, 20))
    assert "deleted or replaced" in spool.problems()["spool_damaged"]
    spool.close()
    again = Spool(path, "e3", "b1")
    assert everything(again) == list(range(1, 26))
    assert again.problems() == {}
    assert (folder / "s.other-1").exists() == (how in ("replaced", "older"))
    again.close()


def test_an_append_finds_by_itself_that_its_file_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(10))
    (tmp_path / "s").unlink()
    spool.append(bodies(10, 10))
    spool.close()
    again = Spool(tmp_path / "s", "e2", "b1")
    assert everything(again) == list(range(1, 21))
    again.close()


def test_a_disk_that_was_unmounted_under_the_agent(disk: Path) -> None:
    spool = Spool(disk / "s", "e1", "b1")
    spool.append(bodies(10))
    subprocess.run(["umount", "-l", disk], check=True)
    spool.watch()
    spool.append(bodies(10, 10))
    spool.close()
    again = Spool(disk / "s", "e2", "b1")
    assert everything(again) == list(range(1, 21))
    again.close()
