"""Dates travel: with the body what its agent knew, with the header what a gateway decided; what is neither is decided, and sent."""

from __future__ import annotations

import pytest

from footfall.boot_clock import UNBOUNDED_NS, learn
from footfall.frames import TIME_QUALITIES, Body, DecidedTime, Kind, Offset
from gateway.accept.outcome import Entry
from gateway.records import AGENT, BOUNDED, MEASURED, RECEIVED, RecordKind
from tests.support.accept_inputs import NOW, TOPIC, Memory, S, acceptor, body, frame

OFFSET = NOW - 100 * S
HOUR, DAY = 3600 * S, 86_400 * S
ECHO = {"gateway_ns": NOW - S, "heard_boot_ns": 99 * S}


def taken(memory: Memory, seq: int, data: Body, received_ns: int = NOW, **more: object) -> Entry:
    outcome = acceptor(memory).frame(TOPIC, frame(seq, data, **more), received_ns)
    (entry,) = [entry for entry in outcome.entries if entry.kind == RecordKind.FRAME]
    return entry


def date(entry: Entry) -> DecidedTime:
    return DecidedTime(entry.offset_ns, entry.clock_width_ns, entry.time_quality)


def test_what_the_body_holds_of_its_clock_is_its_date_whatever_the_network_did() -> None:
    said = body(Kind.STAY, offset=Offset(OFFSET + 7, 40_000_000))
    dates = {date(taken(Memory(), 1, said, NOW + delay * S // 10, **ECHO)) for delay in range(9)}
    assert dates == {DecidedTime(OFFSET + 7, 40_000_000, MEASURED)}


def test_wide_bounds_of_a_body_are_bounded_and_a_clock_inside_them_that_ntp_set_is_better() -> None:
    wide = Offset(OFFSET + 3 * S, 20 * S)
    assert date(taken(Memory(), 1, body(Kind.STAY, offset=wide))) == DecidedTime(*wide, BOUNDED)
    by_ntp = body(Kind.STAY, offset=wide, made_wall_ns=NOW + S, wall_synced=True)
    assert date(taken(Memory(), 1, by_ntp)) == DecidedTime(OFFSET + S, 20 * S, AGENT)
    wrong = body(Kind.STAY, offset=wide, made_wall_ns=NOW + HOUR, wall_synced=True)
    assert date(taken(Memory(), 1, wrong)) == DecidedTime(*wide, BOUNDED)


def test_a_clock_that_the_gateway_knows_better_is_not_believed() -> None:
    said = body(Kind.STAY, offset=Offset(OFFSET + 8 * HOUR, 1_000_000))
    assert date(taken(Memory(), 1, said, NOW + S // 2, **ECHO)).offset_ns == pytest.approx(OFFSET, abs=S)


@pytest.mark.parametrize("quality", [MEASURED, AGENT, BOUNDED, RECEIVED])
def test_what_another_gateway_decided_stays(quality: int) -> None:
    decided = DecidedTime(OFFSET + S // 2, S, quality)
    said = body(Kind.STAY, offset=Offset(OFFSET, 1_000_000))
    assert date(taken(Memory(), 1, said, NOW + S // 2, decided=decided, **ECHO)) == decided


def test_what_another_gateway_decided_with_a_wrong_clock_does_not_stay() -> None:
    decided = DecidedTime(OFFSET + 8 * HOUR, 1_000_000, MEASURED)
    assert date(taken(Memory(), 1, body(Kind.STAY), NOW + S // 2, decided=decided, **ECHO)).offset_ns == pytest.approx(OFFSET, abs=S)


def test_what_was_stored_by_a_clock_whose_error_nobody_could_notice_stays_where_it_is() -> None:
    """50 s ahead, then set right, then the state is lost: dated anew, the rows would be there twice."""
    ahead = DecidedTime(OFFSET + 50 * S, 1_000_000, MEASURED)
    for said in ({"decided": ahead}, {}):
        data = body(Kind.STAY) if said else body(Kind.STAY, offset=Offset(*ahead[:2]))
        assert date(taken(Memory(), 1, data, NOW + S // 2, receipted=1, **said, **ECHO)) == ahead
        assert date(taken(Memory(), 1, data, NOW + S // 2, **said, **ECHO)).offset_ns == pytest.approx(OFFSET, abs=S)


def test_no_gateway_claims_a_date_as_the_device_s() -> None:
    assert taken(Memory(), 1, body(Kind.STAY), decided=DecidedTime(OFFSET, 1, 4)).time_quality == RECEIVED


def test_frames_made_one_after_the_other_keep_their_offset_while_it_is_true() -> None:
    """To an agent that stores dates they are one run; the rows keep their distances."""
    accept, memory = acceptor(memory := Memory()), memory
    for seq in range(1, 9):
        payload = frame(
            seq, body(Kind.STAY, first_row=seq), times_n=0, sent_boot_ns=(100 + seq) * S, gateway_ns=NOW - S, heard_boot_ns=99 * S
        )
        accept.frame(TOPIC, payload, NOW + seq * S + seq * 40_000_000)
    (run,) = memory.runs["x"]
    assert (run.first_seq, run.last_seq) == (1, 8)


# A life that heard nobody


def after_a_power_cycle(memory: Memory, seq: int = 1, made_boot_ns: int = DAY, apart_ns: int = DAY + 5 * S, **more: object) -> Entry:
    """Of an earlier boot that ran for a day; the present one began 100 s ago."""
    made = body(Kind.STAY, boot="old", made_boot_ns=made_boot_ns, first_row=seq, **more)
    return taken(memory, seq, made, NOW + S // 2, boots_apart_ns=apart_ns, **ECHO)


def test_a_day_without_gateway_and_then_a_power_cycle_is_not_now() -> None:
    entry = after_a_power_cycle(Memory())
    began_ns = NOW - 100 * S - DAY - 5 * S
    assert TIME_QUALITIES[entry.time_quality] == "bounded"
    assert entry.offset_ns == pytest.approx(began_ns, abs=S)
    assert entry.offset_ns + entry.clock_width_ns >= began_ns + 8 * S, "its clock may have gone wrong by 8.64 s a day"


def test_all_frames_of_such_a_life_have_the_same_offset_also_after_a_restart_of_the_gateway() -> None:
    memory = Memory()
    entries = [after_a_power_cycle(memory, seq, made_boot_ns=seq * HOUR) for seq in range(1, 24)]
    assert max(entry.offset_ns for entry in entries) - min(entry.offset_ns for entry in entries) < S


def test_how_long_it_may_have_been_off_is_its_width_if_it_was_heard_before() -> None:
    memory = Memory()
    began_ns = NOW - 100 * S - DAY - 5 * S
    before = began_ns - 30 * S
    """The life before that was receipted until 30 s before this one began."""
    heard = {"epoch": "before", "boot": "before", "gateway_ns": before - S, "heard_boot_ns": 99 * S}
    taken(memory, 1, body(Kind.STAY, boot="before"), before, **heard)
    entry = after_a_power_cycle(memory)
    assert TIME_QUALITIES[entry.time_quality] == "bounded"
    assert 30 * S <= entry.clock_width_ns <= 45 * S
    assert abs(entry.offset_ns - began_ns) <= entry.clock_width_ns


def test_a_clock_set_by_ntp_is_believed_only_inside_of_what_can_be() -> None:
    began_ns = NOW - 100 * S - DAY - 5 * S
    right = after_a_power_cycle(Memory(), made_wall_ns=began_ns + DAY - S, wall_synced=True)
    assert (TIME_QUALITIES[right.time_quality], right.offset_ns) == ("agent", began_ns - S)
    ahead = after_a_power_cycle(Memory(), made_wall_ns=NOW, wall_synced=True)
    assert TIME_QUALITIES[ahead.time_quality] == "bounded"


def test_what_was_learned_of_a_boot_under_a_clock_that_was_ahead_does_not_date_it_after_its_end() -> None:
    memory = Memory()
    ahead = 8 * HOUR
    taken(memory, 1, body(Kind.STAY, boot="old", made_boot_ns=DAY), NOW - 300 * S + ahead, boot="old", sent_boot_ns=DAY,
          gateway_ns=NOW - 301 * S + ahead, heard_boot_ns=DAY - S)  # fmt: skip
    entry = after_a_power_cycle(memory, seq=2, made_boot_ns=DAY + 5 * S)
    assert entry.offset_ns + DAY + 5 * S <= NOW


def test_bounds_from_a_clock_that_was_wrong_are_dropped_with_the_first_sample_that_contradicts() -> None:
    for ahead_ns in (8 * HOUR, -8 * HOUR):
        bounds = learn(learn_from(NOW + ahead_ns), NOW + 10 * S, 110 * S, NOW + ahead_ns, 100 * S)
        bounds = learn(bounds, NOW + 12 * S, 112 * S, NOW + 11 * S, 111 * S)
        assert bounds.restarts > 0
        assert abs(bounds.offset_ns - OFFSET) < S


def learn_from(now_ns: int) -> object:
    from footfall.boot_clock import UNKNOWN

    return learn(UNKNOWN, now_ns, 100 * S, now_ns - S, 99 * S)


def test_a_date_that_cannot_be_sent_is_not() -> None:
    memory = Memory()
    taken(memory, 1, body(Kind.STAY, made_boot_ns=(1 << 63) - 1), 5, times_n=0, sent_boot_ns=(1 << 63) - 1)
    assert memory.runs.get("x", ()) == ()
    assert memory.marks["x", "e"].sure_ns <= 5
    assert abs(memory.clocks["x", "boot"].low_ns) <= 2 * UNBOUNDED_NS


def test_runs_of_a_machine_that_names_no_boots_may_be_of_one() -> None:
    """A run that was restarted goes on by the same clock: what the run before made did not end before this one's clock began."""
    before = body(Kind.STAY, boot="run-before", made_boot_ns=98 * S)
    assert date(taken(Memory(), 1, before, boot="run-now", **ECHO)).offset_ns == pytest.approx(OFFSET, abs=2 * S)
    by_ntp = body(Kind.STAY, boot="run-before", made_boot_ns=98 * S, made_wall_ns=NOW - 3 * HOUR, wall_synced=True)
    assert date(taken(Memory(), 1, by_ntp, boot="run-now", **ECHO))[::2] == (NOW - 3 * HOUR - 98 * S, AGENT)
    accept = acceptor(Memory())
    for seq in range(1, 4):  # of which this boot's own clock is longer up than NTP's bound for that run
        data = body(Kind.STAY, boot="run-before", made_boot_ns=(40 + seq) * S, made_wall_ns=NOW - 20 * S + seq * S, wall_synced=True)
        outcome = accept.frame(TOPIC, frame(seq, data, boot="run-now", **ECHO), NOW)
        (entry,) = [each for each in outcome.entries if each.kind == RecordKind.FRAME]
        assert (entry.offset_ns, entry.time_quality) == (NOW - 60 * S, AGENT)
    of_a_boot = body(Kind.STAY, boot="b0", made_boot_ns=98 * S)
    assert date(taken(Memory(), 1, of_a_boot, boot="b1", **ECHO)).offset_ns == pytest.approx(OFFSET - 98 * S, abs=2 * S)
