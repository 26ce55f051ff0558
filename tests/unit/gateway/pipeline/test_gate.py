"""After a start that makes versions once more, what is derived waits until the agents reported whether this state is the latest."""

from __future__ import annotations

from gateway.fold.history import History
from gateway.pipeline.gate import LEAST_S, Gate
from gateway.points import SCHEMA, Points, from_rows
from gateway.records import Record, RecordKind

MINUTE_NS = 60_000_000_000


def minute(store: str, number: int, entered: int = 1) -> Points:
    fields = {**dict.fromkeys(SCHEMA["traffic"].fields, 0), "in": entered}
    return from_rows("traffic", [(number * MINUTE_NS, store, *fields.values())])


def door(store: str) -> Points:
    return from_rows("door", [(5, "a", "main", store, 1, 0)])


def frame(pos: int, agent: str, store: str = "s") -> Record:
    return Record(pos, 60 * MINUTE_NS, RecordKind.FRAME, store, agent, 1, 0, 0, 0, b"")


def seen(points: list[Points]) -> list[tuple[str, str, int]]:
    return [
        (each.measurement, store, at // MINUTE_NS)
        for each in points
        for store, at in zip(each.tags["store"].texts(), each.time_ns.tolist(), strict=True)  # type: ignore[union-attr] # always coded
    ]


def test_minutes_wait_until_every_agent_of_their_store_was_heard_and_raw_rows_do_not() -> None:
    gate, history = Gate({"s": {"a", "b"}, "t": {"c"}}, head=10, now_s=0.0), History()
    assert seen(gate.pass_on([minute("s", 7), door("s")], history)) == [("door", "s", 0)]
    gate.hear([frame(11, "a"), frame(12, "c", "t")], 1.0)
    assert seen(gate.pass_on([minute("t", 8)], history)) == [("traffic", "t", 8)]
    gate.hear([frame(13, "b")], 2.0)
    assert seen(gate.pass_on([minute("s", 9)], history)) == [("traffic", "s", 7), ("traffic", "s", 9)]
    assert gate.is_open


def test_what_was_folded_before_the_start_proves_nothing_about_its_agents() -> None:
    gate = Gate({"s": {"a"}}, head=10, now_s=0.0)
    gate.hear([frame(10, "a")], 1.0)
    assert not gate.is_open


def test_what_turns_out_to_be_another_gateways_history_is_never_written() -> None:
    gate, history = Gate({"s": {"a"}}, head=10, now_s=0.0), History()
    gate.pass_on([minute("s", 7), minute("s", 8)], history)
    history.extend("s", 7 * MINUTE_NS + 1)
    gate.hear([frame(11, "a")], 1.0)
    assert seen(gate.pass_on([], history)) == [("traffic", "s", 8)]


def test_an_agent_that_is_away_is_not_waited_for_for_ever() -> None:
    gate, history = Gate({"s": {"a"}}, head=10, now_s=5.0), History()
    gate.pass_on([minute("s", 7)], history)
    gate.hear([], 5.0 + LEAST_S - 0.1)
    assert not gate.is_open
    gate.hear([], 5.0 + LEAST_S)
    assert seen(gate.pass_on([], history)) == [("traffic", "s", 7)]


def test_it_waits_as_long_as_agents_take_to_ask_whether_their_gateway_is_back() -> None:
    gate = Gate({"s": {"a"}}, head=10, now_s=5.0, wait_s=60.0)
    gate.hear([], 64.9)
    assert gate._unheard
    gate.hear([], 65.0)
    assert gate.is_open


def test_what_is_of_after_the_start_waits_for_nobody() -> None:
    """The site's record may be of any time, and shows nothing of when messages came."""
    gate, history = Gate({"s": {"a"}}, head=10, now_s=0.0), History()
    site = Record(11, 1, RecordKind.SITE, "", "", 0, 0, 0, 0, b"")
    gate.hear([site, Record(12, 8 * MINUTE_NS, RecordKind.TICK, "", "", 0, 0, 0, 0, b"")], 1.0)
    assert seen(gate.pass_on([minute("s", 7), minute("s", 9)], history)) == [("traffic", "s", 9)]
    gate.hear([frame(13, "a")], 2.0)
    assert seen(gate.pass_on([], history)) == [("traffic", "s", 7)]


def test_a_store_whose_agents_never_sent_a_frame_has_nobody_to_hear() -> None:
    """A till sends plain events only."""
    assert Gate({"s": set()}, head=10, now_s=0.0).is_open


def test_of_two_versions_that_were_held_the_later_is_written_last() -> None:
    gate, history = Gate({"s": {"a"}}, head=10, now_s=0.0), History()
    gate.pass_on([minute("s", 7, 1)], history)
    gate.pass_on([minute("s", 7, 2)], history)
    gate.hear([frame(11, "a")], 1.0)
    passed = gate.pass_on([], history)
    assert [each.fields["in"].tolist() for each in passed] == [[1], [2]]  # type: ignore[union-attr] # a number


def test_a_start_that_makes_nothing_once_more_waits_for_nobody() -> None:
    gate = Gate({}, head=10, now_s=0.0)
    assert gate.is_open
    assert len(gate.pass_on([minute("s", 7)], History())) == 1
