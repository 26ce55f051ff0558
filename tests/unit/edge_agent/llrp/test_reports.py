"""Tag reports by the fast way hold what the tables hold, whatever is in them and in whatever order."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.llrp import reports
from edge_agent.llrp.codec import HEADER, Codec, LlrpMessage, Parameter
from edge_agent.llrp.layout import Bits
from edge_agent.llrp.reports import TagReport, tag_reports
from edge_agent.llrp.tables import IMPINJ
from footfall.errors import ProfileError
from tests.unit.edge_agent.llrp.strategies import messages

CODEC = Codec(IMPINJ)
_REPORTS = [definition for definition in IMPINJ.messages if definition.name == "RO_ACCESS_REPORT"]
_FIELDS = {
    "AntennaID": "antenna", "PeakRSSI": "rssi_dbm", "FirstSeenTimestampUTC": "first_utc_us", "LastSeenTimestampUTC": "last_utc_us",
    "TagSeenCount": "seen", "ChannelIndex": "channel", "C1G2_PC": "pc", "ImpinjPeakRSSI": "rssi_cdbm", "ImpinjRFPhaseAngle": "phase",
    "ImpinjRFDopplerFrequency": "doppler",
}  # fmt: skip


def slowly(message: LlrpMessage) -> list[TagReport]:
    """The same by the tables."""
    return [_report(data) for data in message.all("TagReportData")]


def _report(data: Parameter) -> TagReport:
    epc, values = b"", {}
    for parameter in data.parameters:
        (value, *_) = parameter.fields.values() or [0]
        if parameter.name in ("EPC_96", "EPCData"):
            epc = value.data if isinstance(value, Bits) else value  # type: ignore[assignment]  # EPC_96 has bytes
        elif parameter.name in _FIELDS:
            values[_FIELDS[parameter.name]] = value
    return TagReport(epc, **values)  # type: ignore[arg-type]  # numbers by the tables


@settings(max_examples=80, deadline=None)
@given(messages(_REPORTS), st.randoms(use_true_random=False))
def test_fast_and_slow_agree(message: LlrpMessage, rng: random.Random) -> None:
    shuffled = tuple(
        Parameter(item.name, item.fields, tuple(rng.sample(item.parameters, len(item.parameters)))) for item in message.parameters
    )
    message = LlrpMessage(message.name, message.fields, shuffled, message.message_id)
    assert tag_reports(CODEC.encode(message)) == slowly(message)


def reported(*parameters: Parameter) -> bytes:
    return CODEC.encode(LlrpMessage("RO_ACCESS_REPORT", {}, (Parameter("TagReportData", {}, parameters),)))


EPC = Parameter("EPC_96", {"EPC": bytes(range(12))})


def test_impinj_values() -> None:
    data = reported(EPC, Parameter("ImpinjRFPhaseAngle", {"PhaseAngle": 2048}), Parameter("ImpinjPeakRSSI", {"RSSI": -5250}))
    (report,) = tag_reports(data)
    assert (report.phase, report.rssi_cdbm, report.rssi_dbm) == (2048, -5250, None)


def test_shapes_of_one_length_are_distinguished() -> None:
    """The same length with other parameters, and the same parameters in another order."""
    a = reported(EPC, Parameter("AntennaID", {"AntennaID": 3}), Parameter("TagSeenCount", {"TagCount": 9}))
    b = reported(EPC, Parameter("TagSeenCount", {"TagCount": 9}), Parameter("AntennaID", {"AntennaID": 3}))
    c = reported(EPC, Parameter("ChannelIndex", {"ChannelIndex": 3}), Parameter("TagSeenCount", {"TagCount": 9}))
    assert len(a) == len(b) == len(c)
    assert tag_reports(a) == tag_reports(b) == [TagReport(bytes(range(12)), antenna=3, seen=9)]
    assert tag_reports(c) == [TagReport(bytes(range(12)), channel=3, seen=9)]


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("!HH", 240, 4),
        struct.pack("!HHHH", 240, 8, 241, 4),
        struct.pack("!HHHHH", 240, 10, 241, 6, 16),
        struct.pack("!HHB", 240, 5, 0x80 | 13),
        struct.pack("!HHB", 240, 5, 0xFF),
        struct.pack("!HHB", 240, 9, 0x80 | 13),
    ],
)
def test_a_broken_report_refuses_the_message(body: bytes) -> None:
    good = reported(EPC)[HEADER.size :]
    with pytest.raises(ProfileError):
        tag_reports(HEADER.pack(1 << 10 | 61, HEADER.size + len(good) + len(body), 1) + good + body)


@settings(max_examples=80, deadline=None)
@given(messages(_REPORTS), st.randoms(use_true_random=False))
def test_wrong_bytes_give_reports_or_a_profile_error(message: LlrpMessage, rng: random.Random) -> None:
    data = bytearray(CODEC.encode(message))
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    try:
        tag_reports(bytes(data))
    except ProfileError:
        return


def test_shapes_that_only_hostile_bytes_have_do_not_fill_the_memory() -> None:
    rng = random.Random(7)
    for _ in range(1500):
        extra = [Parameter("Unknown", {"Type": rng.randrange(300, 900), "Data": bytes(rng.randrange(200))}) for _ in range(3)]
        tag_reports(reported(EPC, *extra))
    assert sum(map(len, reports._shapes.values())) <= reports.MOST_SHAPES
    many = [Parameter("AntennaID", {"AntennaID": n}) for n in range(reports.MOST_PARAMETERS + 1)]
    before = sum(map(len, reports._shapes.values()))
    assert tag_reports(reported(EPC, *many))[0].antenna == reports.MOST_PARAMETERS
    assert sum(map(len, reports._shapes.values())) == before
