"""What is wrong with a file is named before any of it is read."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import cast

import pytest

from edge_agent.sources import recorded_files
from edge_agent.sources.recorded_files import lines_of, opened, refuse_empty
from edge_agent.sources.replay import FORMATS, FormatName, expand, format_of
from footfall.errors import ConfigError

LINES = b"a,b\n1,2\r\n"


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a"])
@pytest.mark.parametrize("content", [LINES, gzip.compress(LINES, mtime=0)], ids=["plain", "packed"])
def test_a_file_is_unpacked_whatever_it_is_called(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert list(lines_of(tmp_path / name)) == [(1, b"a,b"), (2, b"1,2")]


EMPTY = {
    "nothing": b"",
    "blanks": b"  \n\t\r\n",
    "mark": b"\xef\xbb\xbf",
    "wide": "\ufeff \r\n".encode("utf-16-le"),
    "packed": gzip.compress(b" \n", mtime=0),
}


@pytest.mark.parametrize("content", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_empty_file_is_called_empty_in_every_format(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    mapped = "csv" if name == "csv" else name
    with pytest.raises(ConfigError, match=r"a\.csv: (the file is empty|there is nothing but white space in it)$"):
        format_of([file]) if mapped == "csv" else expand(cast(FormatName, mapped), [file])


def test_one_file_of_several_may_be_empty(tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    files[0].write_bytes(b"")
    files[1].write_bytes(LINES)
    refuse_empty(files)
    refuse_empty([])


@pytest.mark.parametrize(
    "content", [gzip.compress(LINES, mtime=0)[:-9], gzip.compress(LINES, mtime=0)[:12] + b"xx" + gzip.compress(LINES, mtime=0)[14:]]
)
def test_a_gzip_that_is_cut_off_or_damaged_is_called_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.csv\.gz: this gzip is cut off or damaged$"):
        list(lines_of(file))
    with pytest.raises(ConfigError, match=r"cut off or damaged$"):
        refuse_empty([file])


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(ConfigError, match=r"folder\.jsonl: a folder, not a file$"):
        expand("jsonl", [tmp_path])
    with pytest.raises(ConfigError, match=r"there is no such file$"):
        expand("jsonl", [tmp_path / "nowhere.jsonl"])

    def refused(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a").write_bytes(LINES)
    monkeypatch.setattr(recorded_files.Path, "open", refused)
    with pytest.raises(ConfigError, match=r"this user may not read it: see its owner and mode$"):
        opened(tmp_path / "a")
