"""Labels hold from their times on, also while nobody hears what they are about; not where nothing was recorded for an hour."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge_agent.sources import csv_labels
from edge_agent.sources.csv_labels import STEP_NS, contradictions, known_zones, labels_of, state_truths, stretches_of, unsure
from edge_agent.sources.replay_settings import Part, Run, TrueZone
from edge_agent.sources.source import RefusedReading, Sighting

S = 10**9


def labels(*rows: tuple[int, str, str], lost_ns: Sequence[int] = ()) -> Run:
    """Return a file of (time, identifier, zone), with lines that cannot be read after these times."""
    lost = [RefusedReading(0, "csv.line", "", b"", t_ns) for t_ns in lost_ns]
    return Run("", list(lost), [TrueZone(t_ns, "", who, zone) for t_ns, who, zone in rows], [])


def heard(name: str, times_s: Sequence[int], who: str, beside: Run) -> Run:
    return Run(name, [Sighting(0, "r", "p", who, -60, t_s * S) for t_s in times_s], [], [], labels=beside)


ONE = labels_of(labels((0, "", "hall"), (2 * S, "", ""), (3 * S + 1, "", "yard"), (4 * S, "", "yard")))[""]


def test_the_truth_goes_on_between_labels_and_stops_where_none_is_known() -> None:
    assert list(known_zones(ONE, [Part(S // 2, 5 * S)], STEP_NS)) == [
        (S // 2, "hall"),
        (3 * S // 2, "hall"),
        (2 * S - 1, "hall"),
        (3 * S + 1, "yard"),
        (7 * S // 2, "yard"),
        (9 * S // 2, "yard"),
        (5 * S, "yard"),
    ]


def test_nothing_is_known_before_the_first_label_and_labels_after_the_recording_count_nowhere() -> None:
    (late,) = labels_of(labels((9 * S, "", "hall"))).values()
    assert list(known_zones(late, [Part(0, 8 * S)], STEP_NS)) == []


def test_a_silence_of_more_than_an_hour_parts_what_was_recorded() -> None:
    run = heard("a", [0, 3600, 7201], "x", labels())
    run.heard.append(RefusedReading(0, "csv.line", "", b"", 9000 * S))
    assert stretches_of(run) == [Part(0, 3600 * S), Part(7201 * S, 7201 * S)]


def test_who_is_silent_in_one_file_of_a_recording_is_judged_in_it_by_its_labels() -> None:
    both = labels((0, "x", "hall"), (0, "never heard", "hall"), (12 * S, "x", "yard"))
    runs = [heard("a", range(10), "x", both), heard("b", range(10, 20), "y", both)]
    state_truths(runs)
    assert {(true.identifier, true.zone) for true in runs[0].truth} == {("x", "hall")}
    assert [(true.run, true.identifier, true.t_ns // S) for true in runs[1].truth if true.zone == "yard"] == [
        ("b", "x", t_s) for t_s in range(12, 20)
    ]


def test_labels_without_identifiers_are_of_whom_their_own_file_heard() -> None:
    runs = [heard("a", range(3), "x", labels((0, "", "hall"))), heard("b", range(3), "y", labels((0, "", "yard")))]
    state_truths(runs)
    assert [{(true.identifier, true.zone) for true in run.truth} for run in runs] == [{("x", "hall")}, {("y", "yard")}]


def test_a_label_that_cannot_be_read_makes_its_time_unsure_until_the_next() -> None:
    run = heard("a", range(10), "x", labels((0, "x", "hall"), (4 * S, "x", "yard"), (5 * S, "y", "yard"), lost_ns=[0, 5 * S]))
    state_truths([run])
    assert unsure(run, "x") == [Part(0, 4 * S - 1), Part(5 * S, 9 * S)]
    assert unsure(run, "y") == [Part(0, 5 * S - 1), Part(5 * S, 9 * S)]
    run.labels = labels((0, "x", "hall"))
    assert unsure(run, "x") == []


def test_of_labels_that_contradict_the_last_is_taken_and_unsure_until_the_next() -> None:
    beside = labels(
        (0, "x", "hall"), (2 * S, "x", "hall"), (2 * S, "x", "yard"), (5 * S, "x", "hall"), (7 * S, "x", ""), (7 * S, "x", "hall")
    )
    run = heard("a", range(10), "x", beside)
    state_truths([run])
    assert contradictions(beside) == {(2 * S, "x"): ["hall", "yard"]}
    assert unsure(run, "x") == [Part(2 * S, 5 * S - 1)]
    assert [true.zone for true in run.truth] == ["hall"] * 2 + ["yard"] * 3 + ["hall"] * 6, "one of them just before 7 s"


def test_a_long_recording_has_no_more_moments_than_memory_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_labels, "MOST_STEPS", 1000)
    month = heard("a", range(0, 30 * 86_400, 1800), "x", labels((0, "", "hall")))
    state_truths([month])
    assert 1000 <= len(month.truth) <= 1002
