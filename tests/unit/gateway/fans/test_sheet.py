"""Tables are read as programs of any country write them; what is no table is refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import ConfigError
from gateway.fans.sheet import Row, Unread, lines_of, open_sheet


def read(path: Path, content: bytes, encoding: str | None = None) -> tuple[list[str], list[Row | Unread]]:
    path.write_bytes(content)
    with open_sheet(path, encoding) as sheet:
        return sheet.headings, list(sheet.rows())


TEXT = "identifier{0}fan{0}备注\r\nphone:1{0}f-1{0}会员\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encoding_and_delimiter_show_themselves(tmp_path: Path, delimiter: str, encoding: str) -> None:
    headings, rows = read(tmp_path / "crm.csv", TEXT.format(delimiter).encode(encoding))
    assert headings == ["identifier", "fan", "备注"]
    assert rows == [Row(2, ["phone:1", "f-1", "会员"])]


def test_a_separator_that_a_spreadsheet_states_is_used(tmp_path: Path) -> None:
    headings, rows = read(tmp_path / "crm.csv", b"sep=;\r\nidentifier;fan\r\na,b:1;f\r\n")
    assert headings == ["identifier", "fan"]
    assert rows == [Row(3, ["a,b:1", "f"])]


def test_empty_rows_are_none_and_a_cell_may_have_several_lines(tmp_path: Path) -> None:
    _, rows = read(tmp_path / "crm.csv", b'identifier,fan\n\n,,\n"a\nb",f\nc,g\n')
    assert rows == [Row(4, ["a\nb", "f"]), Row(6, ["c", "g"])]


def test_a_comma_that_makes_one_cell_two_is_named(tmp_path: Path) -> None:
    _, rows = read(tmp_path / "crm.csv", b"identifier,fan\na,f,more\nb,g,,\n")
    assert rows == [
        Unread(2, 2, "it has 3 cells, the headings are 2: a comma within a cell needs quotes around the cell"),
        Row(3, ["b", "g", "", ""]),
    ]


def test_a_quote_that_is_never_closed_takes_no_line_silently(tmp_path: Path) -> None:
    _, rows = read(tmp_path / "crm.csv", b'identifier,fan\na,f\n"b,g\nc,h\n')
    assert rows == [Row(2, ["a", "f"]), Unread(3, 4, 'a quote (") opens a cell here and is never closed')]


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_workbook_is_refused_with_the_way_out(tmp_path: Path, start: bytes) -> None:
    with pytest.raises(ConfigError, match=r"crm.xlsx: a spreadsheet's own file, not text: open it there, save it as `CSV UTF-8`"):
        read(tmp_path / "crm.xlsx", start + bytes(50))


def test_bytes_of_no_encoding_are_refused_until_one_is_stated(tmp_path: Path) -> None:
    content = "identifier,fan\nmember:1,Grün\xff\n".encode("cp1252")
    with pytest.raises(ConfigError, match=r"neither UTF-8 nor UTF-16 nor GB18030: .* state --encoding"):
        read(tmp_path / "crm.csv", content)
    assert read(tmp_path / "crm.csv", content, "cp1252")[1] == [Row(2, ["member:1", "Grünÿ"])]
    with pytest.raises(ConfigError, match=r"--encoding latin99: there is no such encoding"):
        read(tmp_path / "crm.csv", content, "latin99")
    with pytest.raises(ConfigError, match=r"it is not utf-8 from end to end"):
        read(tmp_path / "crm.csv", content, "utf-8")


def test_a_file_that_was_cut_off_within_a_character_is_refused_before_anything_of_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is not utf-16 from end to end"):
        read(tmp_path / "crm.csv", TEXT.format(",").encode("utf-16")[:-1])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone.csv: cannot be read: No such file"), open_sheet(tmp_path / "gone.csv"):
        pass


def test_an_empty_file_has_no_headings(tmp_path: Path) -> None:
    assert read(tmp_path / "crm.csv", b"") == ([], [])


def test_lines_are_counted_for_the_bar(tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("a\nb\nc\n")
    assert lines_of(tmp_path / "crm.csv") == 3
