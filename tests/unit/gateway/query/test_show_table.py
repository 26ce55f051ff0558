"""The table for eyes: it fits, it cuts no number short, and it names what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from gateway.query.answer import Answer, Request
from gateway.query.figures import FIGURES, HISTOGRAM
from gateway.query.show_table import WIDTH, table

TRAFFIC = Answer(
    ("store", "time", "in", "occupancy_last", "dwell_sum_s", "mean_dwell_s", "conversion"),
    [
        ("s1", "2026-11-21T09:00+01:00", 8, 2, 90.0, 45.0, 0.125),
        *[("s1", f"2026-11-21T1{h}:00+01:00", 0, None, 0.0, None, None) for h in range(4)],
        ("s1", "2026-11-21T14:00+01:00", 1234, 0, 60.0, 3725.4, 1.0),
    ],
    [("s1", None, 1242, 0, 150.0, 50.0, 0.5)],
)


def lines(answer: Answer, wide: bool = False) -> list[str]:
    return [line.text for line in table(answer, Request("traffic"), wide)]


def everything(store: str = "s1") -> Answer:
    """A row with a value in every column there is: no table has room for it."""
    names = ("store", "time", *(name for name, shown in FIGURES.items() if shown.unit not in ("name", "time")))
    return Answer(names, [(each, "2026-11-21T09:00+01:00", *range(len(names) - 2)) for each in dict.fromkeys(("s1", store))])


def test_a_table_reads_well() -> None:
    above, header, _, first, quiet, last, total = [line for line in lines(TRAFFIC) if line]
    assert (above.split(), header.split()) == (["inside", "mean"], ["time", "in", "last", "dwell", "conversion"])
    assert first.split() == ["09:00", "8", "▏", "2", "45", "s", "12.5", "%"]
    assert quiet == "10:00  … quiet, 4 intervals"
    assert last.split() == ["14:00", "1,234", "█" * 16, "0", "1:02:05", "100.0", "%"]
    assert total.split() == ["total", "1,242", "0", "50", "s", "50.0", "%"]


@pytest.mark.parametrize("store", ["s1", "a-store-with-a-long-name-of-more-than-forty"])
def test_no_line_is_longer_than_80_characters_and_what_is_left_out_is_named(store: str) -> None:
    answer = Answer(
        everything().columns, [*everything().rows, (store, "2026-11-21T09:00+01:00", *range(len(FIGURES)))[: len(everything().columns)]]
    )
    found = lines(answer)
    assert max(map(cell_len, found)) <= WIDTH
    end = found.index("")
    shown, note = " ".join(found[:end]), " ".join(found[end:])
    for name, column in FIGURES.items():
        if column.unit not in ("name", "time") and not column.wide and name not in note:
            assert all(word in shown for word in name.removesuffix("_s").removeprefix("is_").split("_")), name


def test_wide_shows_every_column_and_leaves_nothing_out() -> None:
    found = lines(everything(), wide=True)
    assert max(map(cell_len, found)) > WIDTH
    assert not any("--wide" in line for line in found)
    plain = {str(n) for n, name in enumerate(everything().columns[2:]) if FIGURES[name].unit == "people"}
    assert len(plain) > 5
    assert plain <= set(found[-1].split())


def test_keys_and_the_measures_that_were_named_are_shown_though_a_table_does_not_have_them_else() -> None:
    answer = Answer(("department", "revenue", "touches"), [("optics", 10.0, 4)], question="traffic")
    assert FIGURES["department"].wide
    assert [line.split() for line in lines(answer)][2] == ["optics"]
    assert table(answer, Request("traffic", measures=("touches",)))[2].text.split() == ["optics", "4"]


def test_bars_go_before_numbers_do() -> None:
    narrow = Answer(("store", "time", "in"), [("s1", "2026-11-21T09:00", 5)])
    assert "█" in lines(narrow)[-1]
    full = Answer((*TRAFFIC.columns, "out"), [(*row, 10**24) for row in TRAFFIC.rows])
    assert not any("█" in line for line in lines(full)), "there is no room for a bar"
    assert not any("--wide" in line for line in lines(full))


@pytest.mark.parametrize("value", [10**12, 123_456_789.5])
def test_no_number_is_cut_short(value: float) -> None:
    assert f"{value:,}" in lines(Answer(("store", "time", "in"), [("s1", "2026-11-21T09:00", value)]))[-1]


def test_the_store_is_a_column_where_several_could_be_meant() -> None:
    two = Answer(("store", "time", "in"), [("s1", "2026-10-25T02:00", 1), ("s2", "2026-10-25T02:00", 1)])
    assert [line.split()[0] for line in lines(two)[2:]] == ["s1", "s2"]
    assert lines(TRAFFIC)[1].split()[0] == "time"


def test_a_time_that_all_rows_have_is_no_column() -> None:
    rows = [("s1", f"2026-10-25T00:00{offset}", zone, 1) for zone, offset in (("a", "+02:00"), ("b", "+08:00"))]
    found = lines(Answer(("store", "time", "zone", "in"), rows, [("s1", None, None, 2)]))
    assert found[0].split() == ["zone", "in"]
    asked = Answer(("store", "time", "zone", "in"), rows)
    assert table(asked, Request("traffic", interval="1d"))[0].text.split() == ["time", "zone", "in"], "an interval that was asked for"
    assert found[-1].split() == ["total", "2"]


def test_months_are_months_in_a_table() -> None:
    months = Answer(("store", "time", "in"), [("s1", "2026-10-01T00:00+02:00", 1), ("s1", "2026-11-01T00:00+01:00", 2)], interval="month")
    assert [line.split()[0] for line in lines(months)[2:]] == ["2026-10", "2026-11"]


def test_a_wider_terminal_has_more_columns_and_a_narrower_one_fewer() -> None:
    answer = everything()
    found = {width: [line.text for line in table(answer, Request("traffic"), width=width)] for width in (60, 80, 140)}
    assert all(max(map(cell_len, shown)) <= width for width, shown in found.items())
    rules = {width: len(next(line for line in shown if line.startswith("─"))) for width, shown in found.items()}
    assert rules[60] < rules[80] < rules[140]


def test_totals_stand_apart_with_the_word_under_the_first_key_they_do_not_have() -> None:
    rows = [("s1", "2026-10-25T00:00", "main", 1), ("s2", "2026-10-26T00:00", "side", 2)]
    found = lines(Answer(("store", "time", "door", "in"), rows, [("s1", None, None, 1), ("s2", None, None, 2)]))
    assert found[-3:] == ["", "s1     total" + found[-2][12:], "s2     total" + found[-1][12:]]
    assert [line.split() for line in found[-2:]] == [["s1", "total", "1"], ["s2", "total", "2"]]


def test_runs_of_quiet_intervals_are_those_of_one_store() -> None:
    rows = [(store, f"2026-10-25T0{h}:00", 0) for store in ("s1", "s2") for h in range(2 if store == "s1" else 3)]
    found = lines(Answer(("store", "time", "in"), rows))
    assert [line.split()[:3] for line in found[2:]] == [
        ["s1", "00:00", "0"], ["s1", "01:00", "0"], ["s2", "00:00", "…"],
    ]  # fmt: skip
    assert found[-1].endswith("… quiet, 3 intervals")


def test_staff_and_open_visits_are_marked_by_a_word() -> None:
    answer = Answer(
        ("store", "started", "subject", "fan", "is_staff", "open", "seconds"),
        [("s1", "2026-11-21T09:00:00", "0" * 16, "", True, True, None), ("s1", "2026-11-21T09:01:00", "1" * 16, "f-1", False, False, 30.0)],
    )
    header, _, staff, visitor = lines(answer)
    assert header.split() == ["started", "subject", "fan", "staff", "open", "seconds"]
    assert staff.split() == ["09:00:00", "0" * 16, "staff", "open"]
    assert visitor.split() == ["09:01:00", "1" * 16, "f-1", "30", "s"]


def test_what_nobody_compares_by_eye_is_left_out_first() -> None:
    names = ("store", "at", "what", "zone", "fan", "subject", "ref", "amount", "staff_id")
    row = ("s1", "2026-11-21T09:00:00", "transaction", "checkout-2", "f-1", "0" * 16, "2026-11-21-00017", 99.5, "s12")
    found = lines(Answer(names, [row]))
    assert "99.50  s12" in found[-3]
    assert found[-1].startswith("No room for subject")


COMPARED = ("in", "in_before", "in_change", "in_ratio", "conversion", "conversion_before", "conversion_change", "conversion_ratio")


def test_a_comparison_has_signs_and_points_and_no_bars() -> None:
    rows = [("s1", 1400, 1000, 400, 0.4, 0.2, 0.25, -0.05, -0.2), ("s2", 5, 5, 0, 0.0, None, None, None, None)]
    found = lines(Answer(("store", *COMPARED), rows, question="traffic"), wide=True)
    assert found[3].split() == ["s1", "1,400", "1,000", "+400", "+40.0", "%", "20.0", "%", "25.0", "%", "-5.0", "pp", "-20.0", "%"]
    assert found[4].split() == ["s2", "5", "5", "0", "0.0", "%"]


def test_a_comparison_leaves_out_changes_first_and_then_whole_measures() -> None:
    names = ("in", "out", "transactions", "conversion", "visits_closed", "returns")
    columns = [f"{name}{end}" for name in names for end in ("", "_before", "_change", "_ratio")]
    answer = Answer(("store", *columns), [("s1", *[1000.0] * len(columns))], question="traffic")
    found = lines(answer)
    assert max(map(cell_len, found)) <= WIDTH
    assert " ".join(found[:2]).split().count("change") == 0
    assert " ".join(found[:2]).split().count("before") == " ".join(found[:2]).split().count("ratio") == 2
    note = " ".join(found[found.index("") :])
    assert "in_change, sales change (transactions_change), conversion:" in note
    assert "conversion_before" not in note


def test_a_narrow_comparison_is_of_what_people_compare_first() -> None:
    columns = [f"{name}{end}" for name in ("in", "out", "transactions") for end in ("", "_before", "_change", "_ratio")]
    answer = Answer(("store", *columns), [("s1", *[1.0] * len(columns))], question="traffic")
    assert "out" not in " ".join(lines(answer)[:2]).split()
    assert "out" in " ".join(lines(answer, wide=True)[:2]).split()


def test_columns_of_a_comparison_are_shown_with_the_measure_that_was_named() -> None:
    answer = Answer(("store", "revenue", "revenue_before"), [("s1", 2.0, 1.0)], question="traffic")
    assert FIGURES["revenue"].wide
    assert [line.text.split() for line in table(answer, Request("traffic", measures=("revenue",)))][-1] == ["2.00", "1.00"]


def test_the_total_of_a_single_row_is_not_repeated() -> None:
    answer = Answer(("chain", "in"), [("all stores", 5)], [("all stores", 5)])
    assert len(lines(answer)) == 3
    assert len(lines(Answer(("chain", "in"), [("all stores", 5)], [("all stores", 6)]))) == 5


def test_a_group_without_a_name_has_words_in_its_place() -> None:
    answer = Answer(("path", "in"), [("", 1), ("asia", 2)], [("all stores", 3)], question="traffic")
    assert [line.split("  ")[0] for line in lines(answer)[2:]] == ["(no path)", "asia", "", "all stores"]
    sales = Answer(("store", "staff_id", "revenue"), [("s1", "", 1.0), ("s1", "s07", 2.0)], question="sales")
    assert "(nobody)" in lines(sales)[-2]
    touch = Answer(("store", "at", "staff_id"), [("s1", "2026-11-21T09:00:00", ""), ("s1", "2026-11-21T10:00:00", "s07")])
    assert not any("(nobody)" in line for line in lines(touch)), "an event has what it has"


def test_notes_name_measures_by_the_headings_of_the_table() -> None:
    notes = ("small base, below 30: `anonymous_transactions` in 2 of 2 rows", "`footfall` is no measure")
    found = lines(replace(TRAFFIC, question="traffic", notes=notes))
    assert found[-2:] == ["small base, below 30: anonymous sales in 2 of 2 rows", "`footfall` is no measure"]


def test_a_histogram_is_a_picture() -> None:
    counts = (0, 1, 2, 4, 8, *[0] * (len(HISTOGRAM) - 5))
    assert "▁▂▄█" in lines(Answer(("store", "zone", "count", "p90_s", *HISTOGRAM), [("s1", "shoes", 15, 100.0, *counts)]))[-1]


def test_a_wide_table_has_the_details_below_the_notes() -> None:
    answer = replace(TRAFFIC, notes=("1 of 2 stores comparable",), details=("not comparable: s2: not open in the span",))
    assert lines(answer)[-1] == "1 of 2 stores comparable"
    assert lines(answer, wide=True)[-2:] == ["1 of 2 stores comparable", "not comparable: s2: not open in the span"]
