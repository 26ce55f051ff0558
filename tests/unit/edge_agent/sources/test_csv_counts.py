"""Counts of people in CSV files, as counters' exports have them: any encoding, separator, number, time and shape of table."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from edge_agent.sources.csv_text import Numbers
from edge_agent.sources.replay import read
from edge_agent.sources.replay_settings import ReplaySettings
from edge_agent.sources.source import Crossing, Heard, RefusedReading
from footfall.errors import ConfigError

PLAIN = """
[time]
column = "time"
zone = "Asia/Shanghai"
[counts]
in = "in"
out = "out"
"""
ROW = "time,in,out\n2025-03-01 10:00,3,2\n"
EXPECTED = [("main", "2025-03-01T02:00:00Z", 3, 2)]


def heard(folder: Path, mapping: str, data: bytes | str, **settings: object) -> list[Heard]:
    columns = folder / f"columns-{len(list(folder.glob('*.toml')))}.toml"  # mappings are read once
    columns.write_text(mapping, encoding="utf-8")
    (folder / "a.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read("csv", [folder / "a.csv"], ReplaySettings(mapping=columns, **settings)))  # type: ignore[arg-type] # as given


def counts(folder: Path, mapping: str, data: bytes | str) -> list[tuple[str, str, int, int]]:
    found = heard(folder, mapping, data)
    assert not [one.why for one in found if isinstance(one, RefusedReading)]
    return [
        (one.door, datetime.fromtimestamp(one.t_wall_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), one.entered, one.left)
        for one in found
        if isinstance(one, Crossing)
    ]


def refused(folder: Path, mapping: str, data: bytes | str) -> list[str]:
    return [f"{one.where}: {one.why}" for one in heard(folder, mapping, data) if isinstance(one, RefusedReading)]


@pytest.mark.parametrize(
    ("mapping", "data"),
    [
        (PLAIN, ROW),
        (PLAIN, "\ufeff" + ROW),
        (PLAIN, ROW.replace("\n", "\r\n")),
        (PLAIN, ROW.encode("utf-16")),
        (PLAIN, ROW.encode("utf-16-le")),
        (PLAIN, ROW.encode("utf-16-be")),
        (PLAIN, ROW.replace(",", ";")),
        (PLAIN, ROW.replace(",", "\t")),
        (PLAIN, ROW.replace(",", "|")),
        ("skip_lines = 2\n" + PLAIN, "Report; of a store\n\n" + ROW),
        ('skip_rows = ["Sum"]\n' + PLAIN, ROW + '"Sum",3,2\nSum of all,3,2\n'),
        ('encoding = "gb18030"\n' + PLAIN.replace('"in"', '"进"'), ROW.replace(",in,", ",进,").encode("gb18030")),
        (PLAIN, ROW.replace(",3,2", ",3.0, 2 ")),
        ('decimal = ","\n' + PLAIN, ROW.replace(",", ";").replace(";3;", ";3,0;")),
        (PLAIN.replace('column = "time"', 'column = ["day", "hour"]'), "day,hour,in,out\n2025-03-01,10:00,3,2\n"),
        (PLAIN.replace("[counts]", 'format = "%m/%d/%Y %I:%M %p"\n[counts]'), "time,in,out\n03/01/2025 10:00 AM,3,2\n"),
        (PLAIN.replace("[counts]", 'format = ["%d/%m/%Y", "%Y-%m-%d %H:%M"]\n[counts]'), ROW),
        (PLAIN.replace("[counts]", 'until = " - "\n[counts]'), ROW.replace("10:00", "10:00 - 11:00")),
        (PLAIN.replace("[counts]", 'marks = "end"\n[counts]\ninterval_s = 3600'), ROW.replace("10:00", "11:00")),
        (PLAIN.replace("[counts]", "shift_s = -600\n[counts]"), ROW.replace("10:00", "10:10")),
        (PLAIN, ROW.replace("10:00", "10:00+08:00")),
        (PLAIN.replace('zone = "Asia/Shanghai"', "unit_s = 0.001"), "time,in,out\n1740794400000,3,2\n"),
        (PLAIN, ROW + "2025-03-01 11:00,,\n"),
        (PLAIN, ROW + "2025-03-01 10:00,3,2\n"),
    ],
)
def test_exports_of_every_kind_are_read_alike(tmp_path: Path, mapping: str, data: bytes | str) -> None:
    assert counts(tmp_path, mapping, data) == EXPECTED


def test_midnight_may_be_24_and_an_end_without_an_interval_is_the_instant_before(tmp_path: Path) -> None:
    mapping = PLAIN.replace("[counts]", 'format = "%d.%m.%Y %H:%M"\nmarks = "end"\n[counts]')
    assert counts(tmp_path, mapping, "time,in,out\n31.12.2024 24:00,1,0\n") == [("main", "2024-12-31T15:59:59Z", 1, 0)]


@pytest.mark.parametrize(
    ("form", "time", "utc"),
    [
        ("iso", "2025-03-01 10:24:00", "2025-03-01T02:24:00Z"),
        ("iso", "2025-03-01T10:24:00.5", "2025-03-01T02:24:00Z"),
        ("iso", "2025-03-01 24:24:00", ""),
        ("iso", "2025-03-01 24:00:30", ""),
        ("iso", "2025-03-01 24:00:00.5", ""),
        ("iso", "2025-02-30 10:24:00", ""),
        ("iso", "2025-03-01 24:00:00.000", "2025-03-01T16:00:00Z"),
        ("iso", "2025-03-01T24:00:00+09:00", "2025-03-01T15:00:00Z"),
        ("%d.%m.%Y %H:%M:%S", "24.03.2025 00:24:00", "2025-03-23T16:24:00Z"),
        ("%H:%M %d.%m.%Y", "24:00 28.02.2025", "2025-02-28T16:00:00Z"),
        ("%I:%M:%S %p %d.%m.%Y", "10:24:00 AM 01.03.2025", "2025-03-01T02:24:00Z"),
    ],
)
def test_24_is_the_end_of_a_day_as_an_hour_alone_and_minute_24_is_one(tmp_path: Path, form: str, time: str, utc: str) -> None:
    mapping = PLAIN.replace("[counts]", f'format = "{form}"\n[counts]')
    found = heard(tmp_path, mapping, f"time,in,out\n{time},3,2\n") if utc else []
    assert [one.event_id for one in found if isinstance(one, Crossing)] == ([f"main/{utc}"] if utc else [])
    if not utc:
        with pytest.raises(ConfigError, match=r"is not ISO 8601"):
            heard(tmp_path, mapping, f"time,in,out\n{time},3,2\n")


def test_thousands_and_decimals_are_those_that_are_stated(tmp_path: Path) -> None:
    for thousands, text in ((".", "1.204"), (",", '"1,204"'), (" ", "1\u202f204"), ("'", "1'204")):
        assert counts(tmp_path, f'thousands = "{thousands}"\n{PLAIN}', f"time,in,out\n2025-03-01 10:00,{text},0\n")[0][2] == 1204
    assert refused(tmp_path, PLAIN, ROW + "2025-03-01 11:00,1.204,0\n") == [
        "a.csv:3: counts: '2025-03-01 11:00,1.204,0': '1.204' is no whole number; see `decimal` and `thousands`"
    ]


@pytest.mark.parametrize(
    ("thousands", "text"),
    [
        (".", "9.90"), (".", "12.5"), (".", "1.2345"), (".", "1234.567"), (".", ".123"), (".", "1..234"), (".", "1.234.5"), (".", "0.123"),
        (",", "9,90"), (",", "1,2,3"), (",", "1,23,456"), (",", "1.000,5"), (" ", "1 2"), ("'", "1'2345"), (",", "1,234.5"),
        ("", "1_000"), (",", "1_000"), ("", "5e2"), (",", "1,000e1"), ("", "+-5"), ("", "--5"), ("", "5-"), ("", "1.000"), ("", "."),
        (",", "-,500"),
    ],
)  # fmt: skip
def test_a_number_whose_groups_are_no_thousands_is_refused_and_not_another(tmp_path: Path, thousands: str, text: str) -> None:
    mapping = f'thousands = "{thousands}"\n{PLAIN}'
    (why,) = refused(tmp_path, mapping, f'{ROW}2025-03-01 11:00,"{text}",0\n')
    assert why.startswith("a.csv:3: counts: ")
    assert "see `decimal` and `thousands`" in why or text == "."


def test_groups_of_three_digits_are_thousands_also_beside_a_fraction_of_nothing() -> None:
    texts = ((".", "12.345"), (".", "1.234.567,0"), (",", "1.000"), (",", "123,456.00"), ("", "12.0"), ("", "0.000"))
    assert [Numbers("," if t == "." else ".", t).whole(text) for t, text in texts] == [12345, 1234567, 1, 123456, 12, 0]
    assert Numbers().number("-7.05e1") == Decimal("-70.5")


def test_wide_tables_have_columns_for_each_door(tmp_path: Path) -> None:
    mapping = PLAIN.partition("[counts]")[0] + '[counts.doors]\nnorth = { in = "N", out = 3 }\nsouth = { in = "S" }\n'
    assert counts(tmp_path, mapping, "time,N,N out,S\n2025-03-01 10:00,1,2,3\n2025-03-01 11:00,,,4\n") == [
        ("north", "2025-03-01T02:00:00Z", 1, 2), ("south", "2025-03-01T02:00:00Z", 3, 0), ("south", "2025-03-01T03:00:00Z", 4, 0),
    ]  # fmt: skip


def test_cells_without_a_measurement_lose_no_other_number_of_their_row(tmp_path: Path) -> None:
    wide = (
        PLAIN.partition("[counts]")[0] + '[counts]\nnot_measured = ["-", "n/a"]\n[counts.doors]\nnorth = { in = 2 }\nsouth = { in = 3 }\n'
    )
    assert counts(tmp_path, wide, "time,N,S\n2025-03-01 10:00, - ,3\n2025-03-01 11:00,0,n/a\n2025-03-01 12:00,-,\n") == [
        ("south", "2025-03-01T02:00:00Z", 3, 0), ("north", "2025-03-01T03:00:00Z", 0, 0),
    ]  # fmt: skip
    long = LONG + 'not_measured = ["-"]\n'
    assert counts(tmp_path, long, "time,door,way,n\n2025-03-01 10:00,north,in,-\n2025-03-01 10:00,north,out,\n") == []
    assert "'-' is no number; see `not_measured`" in refused(tmp_path, PLAIN, ROW + "2025-03-01 11:00,-,2\n")[0]


LONG = PLAIN.partition("[counts]")[0] + '[counts]\ndoor_column = "door"\ndirection = "way"\ncount = "n"\n'


def test_long_tables_name_door_and_direction(tmp_path: Path) -> None:
    data = "time,door,way,n\n2025-03-01 10:00,north,Entry,1\n2025-03-01 10:00,north,OUT,2\n2025-03-01 10:00,south,in,3\n"
    assert counts(tmp_path, LONG, data) == [
        ("north", "2025-03-01T02:00:00Z", 1, 0), ("north", "2025-03-01T02:00:00Z", 0, 2), ("south", "2025-03-01T02:00:00Z", 3, 0),
    ]  # fmt: skip
    ids = [one.event_id for one in heard(tmp_path, LONG, data) if isinstance(one, Crossing)]
    assert ids == ["north/2025-03-01T02:00:00Z/in", "north/2025-03-01T02:00:00Z/out", "south/2025-03-01T02:00:00Z/in"]
    chinese = LONG + 'door_names = { "North Gate" = "north" }\ndirections = { "进" = "in" }\n'
    assert counts(tmp_path, chinese, "time,door,way,n\n2025-03-01 10:00,North Gate,进,1\n") == [("north", "2025-03-01T02:00:00Z", 1, 0)]


@pytest.mark.parametrize(
    ("mapping", "row", "why"),
    [
        (PLAIN, "2025-13-01 10:00,1,2", "time.format: '2025-13-01 10:00,1,2': the time '2025-13-01 10:00' is not ISO 8601"),
        (PLAIN, "1740823200,1,2", "time.format: '1740823200,1,2': the time '1740823200' is not ISO 8601; of a number state `unit_s`"),
        (PLAIN, "2025-03-01 11:00,-1,2", "counts: '2025-03-01 11:00,-1,2': -1 people: 0 to 1,000,000"),
        (PLAIN, "2025-03-01 11:00,many,2", "counts: '2025-03-01 11:00,many,2': 'many' is no number"),
        (PLAIN, "2025-03-01 11:00,1.5,2", "'1.5' is no whole number; see `decimal` and `thousands`"),
        (PLAIN, "2025-03-01 11:00", "cells: '2025-03-01 11:00': it has too few cells"),
        (PLAIN, "2025-03-01 10:00,4,2", "counts.id: '2025-03-01 10:00,4,2': door 'main' has this time before, with other numbers"),
        (PLAIN, '2025-03-01 11:00,"1,2', "delimiter: "),
        (PLAIN, b"2025-03-01 11:00,\xff\xfe,2", "encoding: "),
    ],
)
def test_a_refused_line_names_what_to_look_at(tmp_path: Path, mapping: str, row: str | bytes, why: str) -> None:
    data = ROW.encode() + (row if isinstance(row, bytes) else row.encode()) + b"\n"
    (line,) = refused(tmp_path, mapping, data)
    assert line.startswith("a.csv:3: ")
    assert why in line


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2025-03-01 10:00,north,sideways,1", "counts.directions: '2025-03-01 10:00,north,sideways,1': direction 'sideways'"),
        ("2025-03-01 10:00,North Gate,in,1", "door 'North Gate' is no name of site.toml: state `door_names`"),
    ],
)
def test_a_refused_line_of_a_long_table_names_its_words(tmp_path: Path, row: str, why: str) -> None:
    assert why in refused(tmp_path, LONG, f"time,door,way,n\n2025-03-01 10:00,north,in,1\n{row}\n")[0]
    names = LONG + 'door_names = { "north" = "n", "North Gate" = "g" }\n'
    assert (
        "door 'north gat': did you mean 'North Gate'"
        in refused(tmp_path, names, "time,door,way,n\n2025-03-01 10:00,north,in,1\n2025-03-01 10:00,north gat,in,1\n")[0]
    )


def test_the_hour_that_autumn_has_twice_is_read_in_the_order_of_rows_and_the_one_that_spring_lacks_is_refused(tmp_path: Path) -> None:
    mapping = PLAIN.replace("Asia/Shanghai", "Europe/Berlin")
    rows = "".join(f"2024-10-27 {at},1,0\n" for at in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00"))
    assert [at[11:16] for _, at, _, _ in counts(tmp_path, mapping, "time,in,out\n" + rows)] == [
        "23:30", "00:00", "00:30", "01:00", "01:30", "02:00",
    ]  # fmt: skip
    (why,) = refused(tmp_path, mapping, "time,in,out\n2024-03-31 01:30,1,0\n2024-03-31 02:30,1,0\n")
    assert "there is no '2024-03-31 02:30' in Europe/Berlin: its clocks went forward then" in why


def test_counts_of_local_times_need_a_stated_zone(tmp_path: Path) -> None:
    mapping = PLAIN.replace('zone = "Asia/Shanghai"\n', "")
    with pytest.raises(ConfigError, match=r"a\.csv:2: the time '2025-03-01 10:00' has no offset from UTC: state `zone` under \[time\]"):
        heard(tmp_path, mapping, ROW, is_zone_stated=False)
    assert heard(tmp_path, mapping, ROW.replace("10:00", "10:00Z"), is_zone_stated=False)
    assert heard(tmp_path, mapping, ROW, timezone="UTC", is_zone_stated=True)


def test_a_file_of_another_encoding_is_recognised_by_its_headings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"its first line is not UTF-8: state `encoding`"):
        heard(tmp_path, PLAIN, "Tür;time;in;out\n".encode("cp1252"))


def test_a_workbook_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.csv: a workbook or an archive, not CSV: export it as CSV"):
        heard(tmp_path, PLAIN, b"PK\x03\x04" + bytes(range(256)))


def test_ids_are_a_column_or_the_door_and_time_and_recordings_that_count_from_a_start_have_none(tmp_path: Path) -> None:
    def ids(mapping: str, data: str = ROW) -> list[str]:
        return [one.event_id for one in heard(tmp_path, mapping, data) if isinstance(one, Crossing)]

    assert ids(PLAIN) == ["main/2025-03-01T02:00:00Z"]
    assert ids(PLAIN + 'id = "no"\n', "time,in,out,no\n2025-03-01 10:00,3,2,r7\n") == ["main/r7"]
    assert ids(PLAIN.replace('zone = "Asia/Shanghai"', "unit_s = 1\nrelative = true"), "time,in,out\n5,3,2\n") == [""]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (('in = "in"\nout = "out"', ""), "counts: state one of: `in` and `out`; `doors`"),
        (('in = "in"', 'inn = "in"'), "counts.inn: there is no such key; did you mean `in`?"),
        (('in = "in"', 'in = "in"\ndirection = "x"\ncount = "n"'), "state one of"),
        (('in = "in"\nout = "out"', 'direction = "x"'), "state `direction` and `count` together"),
        (('in = "in"', 'in = "in"\ndoor_names = { a = "b" }'), "`door_names` needs `door_column`"),
        (("Asia/Shanghai", "Mars"), "time.zone: 'Mars' is no IANA time zone"),
        (("[time]", 'encoding = "klingon"\n[time]'), "encoding: is no encoding"),
        (("[time]", 'decimal = ","\nthousands = ","\n[time]'), "`decimal` and `thousands` cannot be the same"),
        (('out = "out"', 'out = "aut"'), "there is no column 'aut': did you mean 'out'"),
    ],
)
def test_mistakes_of_a_mapping_are_named(tmp_path: Path, changed: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        heard(tmp_path, PLAIN.replace(*changed), ROW)
    assert message in str(caught.value)
