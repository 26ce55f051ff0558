"""Events that an earlier release spooled in clear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.protection import NoKeyYet, Protection
from edge_agent.spool import Spool
from footfall.frames import COLUMNS, Body, Kind, decode_body
from footfall.sealing import Opener, public_key

SECRET = b"the brand's secret"
PROTECTION = Protection({}, public_key(SECRET))
NUMBERS = [f"86138{n:08d}" for n in range(300)]


def body(first_row: int, texts: list[str]) -> Body:
    """A frame of events among a row of presence."""
    n = len(texts) + 1
    columns: dict[str, Any] = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items()}
    columns["kind"][:] = [Kind.ENTER, *[Kind.EVENT] * len(texts)]
    columns["t_boot_ns"][:] = range(100, 100 + n)
    extra = {row: {"event": text} for row, text in enumerate(texts, 1)}
    return Body(boot="b1", made_boot_ns=10_000 + first_row, made_wall_ns=1, wall_synced=True, first_row=first_row, key_id=0,
                zones=("hall",), profiles=("ibeacon",), extra=extra, **columns)  # fmt: skip


def sale(number: str) -> str:
    return json.dumps({"kind": "touch", "what": "scan", "id": f"e{number[-3:]}", "identifiers": [f"phone:{number}"]})


def old_spool(path: Path) -> list[tuple[int, int, int]]:
    """Frames in clear, some receipted and some deleted; what is listed of each."""
    spool = Spool(path, "e1", "b1")
    for first in range(0, 300, 10):
        spool.append([body(first * 2, [sale(number) for number in NUMBERS[first : first + 10]])])
    spool.mark("e1", 10, 5)
    spool.tidy(20_000, 10**18)  # what was receipted long ago goes, and its pages are free
    listed = [(frame.seq, frame.first_row, frame.rows) for frame in spool.frames("e1", 1, 100)]
    spool.close()
    path.with_name(f"{path.name}.corrupt-1").write_bytes(f"phone:{NUMBERS[0]}".encode())
    return listed


def leaks(folder: Path) -> list[str]:
    data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return [number for number in NUMBERS if number.encode() in data]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def test_nothing_in_clear_is_left_in_any_page_or_log_or_broken_file(path: Path) -> None:
    old_spool(path)
    assert len(leaks(path.parent)) >= 200
    spool = Spool(path, "e2", "b2")
    assert spool.protect_events(PROTECTION.protected_text) > 10
    assert leaks(path.parent) == []
    spool.close()
    assert leaks(path.parent) == []


def test_a_log_that_was_left_behind_is_deleted_and_not_called_a_file_of_an_earlier_release(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    aside = path.with_name(f"{path.name}.other-1-wal")
    aside.write_bytes(b"left")
    spool = Spool(path, "e1", "b1")
    spool.protect_events(PROTECTION.protected_text)
    spool.close()
    assert not aside.exists()
    (text,) = [record.getMessage() for record in caplog.records if aside.name in record.getMessage()]
    assert "was set aside before" in text
    assert "earlier release" not in text


def test_frames_keep_their_numbers_rows_and_events(path: Path) -> None:
    before = old_spool(path)
    spool = Spool(path, "e2", "b2")
    spool.protect_events(PROTECTION.protected_text)
    spool.close()
    spool = Spool(path, "e3", "b3")
    frames = spool.frames("e1", 1, 100)
    assert [(frame.seq, frame.first_row, frame.rows) for frame in frames] == before
    assert not spool.problems()
    last = decode_body(frames[-1].body)
    assert last.kind.tolist() == [Kind.ENTER, *[Kind.EVENT] * 10]
    assert last.t_boot_ns.tolist() == list(range(100, 111))
    events = [json.loads(last.extra[row]["event"]) for row in range(1, 11)]
    assert [event["id"] for event in events] == [f"e{number[-3:]}" for number in NUMBERS[-10:]]
    opened = [json.loads(Opener([SECRET]).open(event["sealed"])) for event in events]
    assert opened == [{"identifiers": [f"phone:{number}"]} for number in NUMBERS[-10:]]


def test_it_is_done_once(path: Path) -> None:
    old_spool(path)
    calls: list[str] = []

    def counted(text: str) -> str:
        calls.append(text)
        return PROTECTION.protected_text(text)

    for epoch in ("e2", "e3"):
        spool = Spool(path, epoch, "b2")
        spool.protect_events(counted)
        spool.close()
    assert len(calls) == len(set(calls)) > 100


def test_without_a_key_all_stays_until_there_is_one(path: Path) -> None:
    before = old_spool(path)
    spool = Spool(path, "e2", "b2")
    with pytest.raises(NoKeyYet):
        spool.protect_events(Protection({}).protected_text)
    assert [(frame.seq, frame.first_row, frame.rows) for frame in spool.frames("e1", 1, 100)] == before
    assert spool.protect_events(PROTECTION.protected_text)
    spool.close()
    assert leaks(path.parent) == []


def test_an_empty_spool_has_nothing_to_hide(path: Path) -> None:
    def never(text: str) -> str:
        raise AssertionError(text)

    spool = Spool(path, "e1", "b1")
    assert spool.protect_events(never) == 0
    spool.close()
