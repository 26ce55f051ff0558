"""Charts: which form an answer gets, and what would mislead the eye."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from footfall.errors import ConfigError
from gateway.query import chart, chart_across, chart_estimate, chart_events, chart_time
from gateway.query.answer import Answer, StoreSpan
from gateway.query.chart import form_of
from gateway.query.chart_data import Chart, chart_of
from gateway.query.chart_file import check_chart_file
from gateway.query.chart_style import LINES, MARKERS, PALETTE, style
from gateway.query.figures import HISTOGRAM

BERLIN = StoreSpan("s0", ZoneInfo("Europe/Berlin"), 0, 1)
HOURS = [f"2026-10-24T{hour:02}:00" for hour in (10, 11, 12, 15)]
DAYS = ["2026-10-24T00:00+02:00", "2026-10-25T00:00+02:00"]
ESTIMATE = ("store", "time", "at_least", "people", "at_most", "in_guests")
TRAFFIC = ("store", "time", "in", "out", "occupancy_max", "conversion", "anonymous_visits")


def traffic(stores: int, times: list[str] = HOURS, totals: bool = False) -> Answer:
    rows = [(f"s{s}", time, 10 * s + i, 5, 3, 0.1, None) for s in range(stores) for i, time in enumerate(times)]
    names = [*(f"s{s}" for s in range(stores)), "all stores"] if totals else []
    whole = [(name, None, 1000 - i, 5, 3, 0.1, None) for i, name in enumerate(names)]
    return Answer(TRAFFIC, rows, whole, title="traffic", question="traffic", asked=(BERLIN,))


def compared(keys: tuple[str, ...], rows: list[tuple[object, ...]]) -> Answer:
    values = (8, 10, -2, -0.2)
    names = ("in", "in_before", "in_change", "in_ratio")
    return Answer((*keys, *names), [(*row, *values) for row in rows], question="traffic", asked=(BERLIN,))


def drawn(answer: Answer, measures: tuple[str, ...] = ()) -> Figure:
    with mpl.rc_context(style()):
        return chart.drawn(answer, measures)[0]


def notes(answer: Answer, measures: tuple[str, ...] = ()) -> list[str]:
    with mpl.rc_context(style()):
        return chart.drawn(answer, measures)[1]


def of(columns: tuple[str, ...], rows: list[tuple[object, ...]], question: str = "traffic") -> Answer:
    return Answer(columns, rows, question=question, asked=(BERLIN,))


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        (traffic(1), chart_time.one_series),
        (traffic(2), chart_time.side_by_side),
        (traffic(8), chart_time.side_by_side),
        (of(("store", "time", "zone", "entries"), [("s", t, z, 1) for t in HOURS for z in "ab"], "zones"), chart_time.lines),
        (of(("store", "time", "door", "in", "out"), [("s", t, d, 1, 2) for t in HOURS for d in "ab"], "doors"), chart_time.doors),
        (of(("store", "in"), [("a", 1), ("b", 2)]), chart_across.ranked),
        (of(("store", "hour", "in"), [("a", 9, 1), ("a", 10, 2)]), chart_across.profile),
        (of(("weekday", "hour", "in"), [(w, h, 1) for w in ("Mon", "Tue") for h in (9, 10, 11)]), chart_across.heat),
        (of(("store", "sku", "arrived", "left"), [("a", "1", 1, 2), ("a", "2", 2, 1)], "items"), chart_across.grouped),
        (compared(("store", "time"), [("a", time) for time in HOURS]), chart_time.compared),
        (of(ESTIMATE, [("a", time, 5, 7, 9, 8) for time in DAYS] + [("b", DAYS[0], None, None, None, 8)], "visitors"),
         chart_estimate.visitors),
        (of(("store", "what", "at", "amount"), [("a", "scan", "2026-10-24T10:00:00+02:00", 0.0)], "touches"), chart_events.touches),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_the_form_follows_from_what_the_answer_has(answer: Answer, form: object) -> None:
    assert form_of(chart_of(answer)).figure is form
    assert isinstance(drawn(answer), Figure)


def test_an_estimate_is_drawn_with_its_interval_and_a_day_without_one_is_not() -> None:
    first, second = drawn(of(ESTIMATE, [("a", DAYS[0], 5, 7, 9, 8), ("a", DAYS[1], None, None, None, 3), ("b", DAYS[0], 1, 2, 4, None)],
                             "visitors")).axes  # fmt: skip
    assert [(box.get_y(), box.get_height()) for box in first.patches] == [(5, 4)]
    assert [(box.get_y(), box.get_height()) for box in second.patches] == [(1, 3)]
    assert [len(axis.collections[1].get_offsets()) for axis in (first, second)] == [2, 0]  # type: ignore[arg-type] # a masked array


def test_panels_of_several_stores_share_their_axes() -> None:
    figure = drawn(traffic(3))
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert [axis.get_title(loc="left") for axis in shown] == ["s0", "s1", "s2"]
    assert len({axis.get_ylim() for axis in shown}) == len({axis.get_xlim() for axis in shown}) == 1


def test_panels_of_several_stores_share_one_legend_with_each_label_once() -> None:
    (legend,) = drawn(traffic(3)).legends
    assert sorted(text.get_text() for text in legend.get_texts()) == ["in", "inside max", "out"]


def test_more_than_eight_stores_are_ranked_by_their_totals() -> None:
    axis = drawn(traffic(9, totals=True)).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == [f"s{s}" for s in range(9)]
    assert axis.patches[0].get_width() == 1000
    without = drawn(traffic(9)).axes[0]
    assert [label.get_text() for label in without.get_yticklabels()] == [f"s{s}" for s in reversed(range(9))]
    assert without.patches[0].get_width() == sum(80 + i for i in range(len(HOURS)))


def test_a_ranking_says_how_many_it_leaves_out() -> None:
    figure = drawn(of(("store", "in"), [(f"s{i:03}", i) for i in range(100)]))
    assert figure.get_suptitle().endswith("the first 30 of 100")
    assert len(figure.axes[0].get_yticklabels()) == 30


def test_the_measures_that_were_asked_for_are_drawn() -> None:
    asked = chart_of(traffic(1), ("conversion",))
    assert asked.measures == ("conversion",)
    assert [unit for unit, _ in asked.panels()] == ["share"]
    assert [unit for unit, _ in chart_of(traffic(1)).panels()] == ["people", "share"]


@pytest.mark.parametrize(("covered", "shaded"), [((1.0, 0.9, None), 0), ((1.0, 0.89, 0.0), 2)])
def test_intervals_that_were_not_observed_are_shaded(covered: tuple[float | None, ...], shaded: int) -> None:
    rows: list[tuple[object, ...]] = [("s", time, share, 5, 0.1) for time, share in zip(HOURS, covered, strict=False)]
    above, below = drawn(of(("store", "time", "covered", "in", "conversion"), rows)).axes
    for axis in (above, below):
        labels = [patch.get_label() for patch in axis.patches if "observed" in str(patch.get_label()) or patch.get_label() == "_"]
        assert len(labels) == shaded
        assert len(set(labels)) == min(shaded, 2), "one of them has the words"


def test_a_measure_without_any_value_has_no_panel() -> None:
    answer = of(("hour", "in", "occupancy_max", "conversion"), [(9, 1, None, None), (10, 2, None, 0.5)])
    assert chart_of(answer).measures == ("in", "conversion")


def test_a_long_heading_takes_several_lines() -> None:
    answer = Answer(TRAFFIC, traffic(1).rows, title="traffic of " + "one store, " * 30, question="traffic", asked=(BERLIN,))
    assert drawn(answer).get_suptitle().count("\n") >= 2


def test_a_comparison_without_time_has_both_spans_for_each_key() -> None:
    axis = drawn(compared(("store",), [("a",), ("b",)])).axes[0]
    assert sorted(bar.get_width() for bar in axis.patches) == [8, 8, 10, 10]


def test_each_series_has_a_colour_a_line_and_a_marker_of_its_own() -> None:
    assert len(set(PALETTE)) == len(set(MARKERS)) == len(PALETTE) == len(MARKERS) == len(LINES)


@pytest.mark.parametrize("color", PALETTE)
def test_colours_stand_out_from_white(color: str) -> None:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 3


def test_the_clock_of_stores_is_theirs_only_where_all_have_one() -> None:
    other = StoreSpan("s1", ZoneInfo("Asia/Shanghai"), 0, 1)
    assert chart_of(traffic(1)).zone == BERLIN.zone
    assert chart_of(Answer(TRAFFIC, traffic(2).rows, question="traffic", asked=(BERLIN, other))).zone is None


def test_series_are_named_by_the_keys_that_differ() -> None:
    zones: Chart = chart_of(of(("store", "zone", "entries"), [("a", "x", 1), ("a", "y", 2), ("a", "", 3)], "zones"))
    assert list(zones.series) == ["x", "y", "(no zone)"]


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no chart of gaps"):
        chart.draw(of(("store", "at"), [("a", "x")], "gaps"), tmp_path / "x.png")


@pytest.mark.parametrize("name", ["x.gif", "x", "x.png.txt"])
def test_a_file_of_another_kind_is_refused_with_names_that_work(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a chart is a file that ends in \.png, \.svg, \.pdf: write x(\.png)?\.png or "):
        chart.draw(traffic(1), tmp_path / name)
    check_chart_file(Path("X.PNG"))
    with pytest.raises(ConfigError, match=r"there is no folder .*nowhere to draw into"):
        check_chart_file(tmp_path / "nowhere" / "x.png")


NOT_MEASURED = [("s0", time, None, None, None, None, None) for time in HOURS]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (traffic(0), "nothing is stored of this span"),
        (replace(traffic(1), is_empty=True), "nothing is stored of this span"),
        (Answer(("store", "started"), [], title="visits", question="visits"), "nothing is stored of this span"),
        (replace(traffic(1), rows=NOT_MEASURED), "nothing was measured in this span"),
    ],
)
def test_a_picture_of_nothing_states_so(answer: Answer, text: str, tmp_path: Path) -> None:
    assert [each.get_text() for each in drawn(answer).axes[0].texts] == [text]
    assert drawn(answer).get_suptitle() == answer.title
    assert chart.draw(answer, tmp_path / "x.svg") == [f"the chart is empty: {text}"]
    assert (tmp_path / "x.svg").stat().st_size > 1000


MEASURED = ("in", "out", "transactions", "revenue", "basket", "conversion", "mean_dwell_s")


def many(keys: tuple[str, ...], rows: list[tuple[object, ...]], question: str = "traffic") -> Answer:
    """Rows with a value of each of MEASURED."""
    return of((*keys, *MEASURED), [(*row, *range(1, 8)) for row in rows], question)


WEEK = [(weekday, hour) for weekday in ("Mon", "Tue") for hour in (9, 10, 11)]


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (many(("time",), [(time,) for time in HOURS]), ["mean_dwell_s"]),
        (many(("store", "time"), [(store, time) for store in "ab" for time in HOURS]), list(MEASURED[2:])),
        (many(("path", "time"), [(path, time) for path in "ab" for time in HOURS]), list(MEASURED[2:])),
        (many(("store",), [("a",), ("b",)]), list(MEASURED[3:])),
        (many(("hour",), [(9,), (10,)]), list(MEASURED[4:])),
        (many(("weekday", "hour"), WEEK), list(MEASURED[1:])),
        (many(("store", "door", "time"), [("a", door, time) for door in "xy" for time in HOURS]), list(MEASURED[2:])),
    ],
)
def test_measures_for_which_a_chart_has_no_room_are_named(answer: Answer, missing: list[str]) -> None:
    named = ", ".join(f"`{name}`" for name in missing)
    assert notes(answer, MEASURED) == [f"no room in the chart for {named}: --measures chooses what is drawn"]


def test_a_chart_with_room_for_all_has_no_note() -> None:
    assert notes(many(("time",), [(time,) for time in HOURS]), MEASURED[:6]) == []
    assert notes(many(("store",), [("a",), ("b",)]), MEASURED[:3]) == []


def test_a_measure_that_is_asked_for_and_has_no_value_is_named() -> None:
    assert notes(traffic(1), ("in", "anonymous_visits")) == ["without a value, so not drawn: `anonymous_visits`"]


def test_measures_of_a_comparison_for_which_there_is_no_room_are_named() -> None:
    names = ("in", "out", "transactions", "revenue")
    columns = [f"{name}{end}" for name in names for end in ("", "_before")]
    over_time = of(("time", *columns), [(time, *range(8)) for time in HOURS])
    across = of(("store", *columns), [(store, *range(8)) for store in "ab"])
    for answer in (over_time, across):
        assert notes(answer, names) == ["no room in the chart for `revenue`: --measures chooses what is drawn"]


def test_bars_for_which_a_chart_has_no_room_are_named() -> None:
    (note,) = notes(of(("store", "in"), [(f"s{i:03}", i) for i in range(100)]))
    assert note == "no room in the chart for s000, s001, s002, s003, s004 and 65 more: --store, --top or --by choose what is drawn"


def test_panels_for_which_a_chart_has_no_room_are_named() -> None:
    columns = ("store", "zone", "count", "median_s", "p90_s", *HISTOGRAM)
    answer = of(columns, [("a", f"z{i:02}", *[1] * (len(columns) - 2)) for i in range(14)], "dwell")
    assert len([axis for axis in drawn(answer).axes if axis.get_visible()]) == 12
    assert notes(answer) == ["no room in the chart for z12, z13: --store, --top or --by choose what is drawn"]


def test_dwell_by_the_measures_that_are_named_needs_no_histogram() -> None:
    answer = of(("store", "zone", "median_s"), [("a", "x", 10.0), ("a", "y", 20.0)], "dwell")
    assert form_of(chart_of(answer, ("median_s",))).figure is chart_across.ranked


def test_series_that_are_too_many_for_lines_are_named_as_the_whole_span() -> None:
    found = notes(traffic(9), ("in",))
    assert found == ["the chart has the whole span: 9 series are too many to be drawn over time"]


def test_visits_that_are_not_drawn_are_counted() -> None:
    columns = ("store", "started", "fan", "known", "is_staff", "open", "seconds")
    at = "2026-10-24T10:00:00+02:00"
    rows: list[tuple[object, ...]] = [
        ("a", at, "", False, False, False, 60.0), ("a", at, "", False, True, False, 60.0), ("a", at, "", False, False, True, None),
    ]  # fmt: skip
    assert notes(of(columns, rows, "visits")) == ["not drawn: 2 visits of staff, or not over yet"]
    assert notes(of(columns, rows[:1], "visits")) == []
