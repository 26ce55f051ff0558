"""Real LLRP: whole messages beside their XML (LTK), and what an Impinj reader sent beside what it means. Every value, both ways."""

from __future__ import annotations

import base64
import json
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from edge_agent.llrp.codec import HEADER, Codec, LlrpMessage, Parameter
from edge_agent.llrp.layout import Bits, LlrpValue
from edge_agent.llrp.reports import TagReport, tag_reports
from edge_agent.llrp.tables import CORE, IMPINJ
from footfall.moments import to_ns

ENUMERATIONS: Final = {
    ("ProtocolID", "EPCGlobalClass1Gen2"): 1,
    ("CurrentState", "Disabled"): 0,
    ("AccessSpecStopTrigger", "Null"): 0,
    ("ROSpecStartTriggerType", "Null"): 0,
    ("ROSpecStopTriggerType", "Null"): 0,
    ("AISpecStopTriggerType", "Null"): 0,
    ("ROReportTrigger", "Upon_N_Tags_Or_End_Of_AISpec"): 1,
    ("ROReportTrigger", "Upon_N_Tags_Or_End_Of_ROSpec"): 2,
    ("AccessReportTrigger", "End_Of_AccessSpec"): 1,
    ("KeepaliveTriggerType", "Periodic"): 1,
    ("RequestedData", "All"): 0,
    ("Status", "Success"): 0,
} | {
    ("EventType", name): number
    for number, name in enumerate(
        [
            "Upon_Hopping_To_Next_Channel",
            "GPI_Event",
            "ROSpec_Event",
            "Report_Buffer_Fill_Warning",
            "Reader_Exception_Event",
            "RFSurvey_Event",
            "AISpec_Event",
            "AISpec_Event_With_Details",
            "Antenna_Event",
        ]
    )
}
"""Numbers that the XML gives as words (LLRP 1.0.1, section 16)."""

TWO_BITS: Final = {"0": 0, "1": 2, "2": 1, "3": 3}
"""The LTK that wrote the XML counts the bits of a two-bit field from the other end: `Session` 1 stands beside the bits 10. The standard
has the highest bit first, and so does the Impinj reader of the other recording, whose session 1 is 01."""
MESSAGES: Final = {
    "CloseConnectionResponse": 4,
    "GetReaderCapabilitiesResponse": 11,
    "GetReaderConfigResponse": 12,
    "GetROSpecsResponse": 36,
    "GetAccessSpecsResponse": 54,
    "ROAccessReport": 61,
    "ReaderEventNotification": 63,
}
NAMES: Final = {
    "EPC96": "EPC_96",
    "FirstSeenUTC": "FirstSeenTimestampUTC",
    "KeepAliveSpec": "KeepaliveSpec",
    "RFControl": "C1G2RFControl",
    "SingulationControl": "C1G2SingulationControl",
    "C1G2RFModes": "C1G2UHFRFModeTable",
    "UHFC1G2RFModeTableEntries": "C1G2UHFRFModeTableEntry",
    "ReceiveSensitivities": "ReceiveSensitivityTableEntry",
    "PerAntennaAirProtocols": "PerAntennaAirProtocol",
    "TransmitPowerLevels": "TransmitPowerLevelTableEntry",
    "FrequencyHopTables": "FrequencyHopTable",
    "AntennaConfigurations": "AntennaConfiguration",
    "EventNotificationStates": "EventNotificationState",
    "GPIPortCurrentStates": "GPIPortCurrentState",
    "MaxSupportedAntennas": "MaxNumberOfAntennaSupported",
    "HasUTCClock": "HasUTCClockCapability",
    "DeviceManufacturer": "DeviceManufacturerName",
    "Model": "ModelName",
    "FirmwareVersion": "ReaderFirmwareVersion",
    "ReceiveSensitivity": "ReceiveSensitivityValue",
    "AirProtocolIDs": "ProtocolID",
    "SupportsEventsAndReportHolding": "SupportsEventAndReportHolding",
    "MaxPriorityLevelSupported": "MaxNumPriorityLevelsSupported",
    "ClientRequestedOpSpecTimeout": "ClientRequestOpSpecTimeout",
    "MaxROSpecs": "MaxNumROSpecs",
    "MaxSpecsPerROSpec": "MaxNumSpecsPerROSpec",
    "MaxInventoryParameterSpecsPerAISpec": "MaxNumInventoryParameterSpecsPerAISpec",
    "MaxAccessSpecs": "MaxNumAccessSpecs",
    "MaxOpSpecsPerAccessSpec": "MaxNumOpSpecsPerAccessSpec",
    "Frequencies": "Frequency",
    "ModeID": "ModeIdentifier",
    "DivideRatio": "DRValue",
    "IsEPCHagConformant": "EPCHAGTCConformance",
    "Modulation": "MValue",
    "SpectralMask": "SpectralMaskIndicator",
    "BackscatterDataRate": "BDRValue",
    "PIERatio": "PIEValue",
    "MinTariTime": "MinTariValue",
    "MaxTariTime": "MaxTariValue",
    "StepTariTime": "StepTariValue",
    "TransmitPowerIndex": "TransmitPower",
    "RFModeID": "ModeIndex",
    "ReaderEventType": "EventType",
    "NotificationEnabled": "NotificationState",
    "EnableInventoryParamSpecID": "EnableInventoryParameterSpecID",
    "CRCEnabled": "EnableCRC",
    "PCBitsEnabled": "EnablePCBits",
    "XPCBitsEnabled": "EnableXPCBits",
    "Interval": "PeriodicTriggerValue",
    "Enabled": "Config",
    "Data": "GPOData",
    "Status": "StatusCode",
    "SupportsBlockErase": "CanSupportBlockErase",
    "SupportsBlockWrite": "CanSupportBlockWrite",
    "SupportsBlockPermalock": "CanSupportBlockPermalock",
    "SupportsTagRecommissioning": "CanSupportTagRecommissioning",
    "SupportsUMIMethod2": "CanSupportUMIMethod2",
    "SupportsXPC": "CanSupportXPC",
    "MaxSelectFiltersPerQuery": "MaxNumSelectFiltersPerQuery",
}
"""Where the recording's JSON has another word than the standard."""
SAME_WORD: Final = {
    ("ROReportSpec", "Trigger"): "ROReportTrigger",
    ("KeepaliveSpec", "Trigger"): "KeepaliveTriggerType",
    ("GPIPortCurrentState", "Port"): "GPIPortNum",
    ("GPOWriteData", "Port"): "GPOPortNumber",
}
GONE: Final = (None, {"EPCNumBits": 0, "EPC": None})


def files(folder: Path, pattern: str, count: int) -> list[Path]:
    found = sorted(folder.glob(pattern))
    assert len(found) == count
    return found


def test_messages_decode_to_what_their_xml_holds_and_encode_to_the_same_bytes(real_data: Path) -> None:
    codec = Codec(CORE)
    for path in files(real_data / "llrp-golden", "*.bin", 13):
        data = path.read_bytes()
        message = codec.decode(data)
        root = ET.parse(path.with_suffix(".xml")).getroot()  # noqa: S314  recorded files of our own
        assert message.message_id == int(root.attrib["MessageID"]), path.name
        assert message.version == int(root.attrib["Version"]), path.name
        assert from_xml(root, message) == plain(message), path.name
        codec.check(message)
        assert codec.encode(message) == data, path.name
        assert Codec(IMPINJ).encode(Codec(IMPINJ).decode(data)) == data, path.name


def plain(item: Parameter) -> dict[str, Any]:
    return {"name": item.name, "fields": dict(item.fields), "parameters": [plain(parameter) for parameter in item.parameters]}


def from_xml(element: ET.Element, like: Parameter) -> dict[str, Any]:
    """The element as `plain` gives a parameter; `like` only shows of which type each value is."""
    children = [(child.tag.rpartition("}")[2], child) for child in element]
    texts = {name: (child.text or "").strip() for name, child in children if not len(child)}
    insides = [child for _, child in children if len(child)]
    return {
        "name": element.tag.rpartition("}")[2],
        "fields": {name: value(name, text, like.fields.get(name)) for name, text in texts.items()},
        "parameters": [from_xml(child, inside) for child, inside in zip(insides, like.parameters, strict=True)],
    }


def value(name: str, text: str, like: LlrpValue | None) -> LlrpValue:
    if isinstance(like, Bits):
        return Bits(4 * len(text), bytes.fromhex(text))
    if isinstance(like, bytes):
        return bytes.fromhex(text)
    if isinstance(like, tuple):
        return tuple(int(word, 16 if name == "WriteData" else 10) for word in text.split())
    if name in ("Session", "MB"):
        return TWO_BITS[text]
    if name == "Microseconds":
        return to_ns(datetime.fromisoformat(text)) // 1000
    return ENUMERATIONS[name, text] if (name, text) in ENUMERATIONS else int(text)


def test_what_an_impinj_reader_sent_decodes_to_what_it_means_and_encodes_to_the_same_bytes(real_data: Path) -> None:
    codec = Codec(IMPINJ)
    for path in files(real_data / "llrp-impinj", "*.bytes", 15):
        data = whole(path)
        message = codec.decode(data)
        codec.check(message)
        assert codec.encode(message) == data, path.name
        said = json.loads(path.with_suffix(".json").read_text())
        left = compare(said, message, path.name)
        assert left == 0, f"{path.name}: {left} values are decoded that the recording does not say"


def whole(path: Path) -> bytes:
    body = path.read_bytes()
    return HEADER.pack(1 << 10 | MESSAGES[path.stem[:-4]], HEADER.size + len(body), 1) + body


def compare(said: dict[str, Any], found: Parameter, where: str) -> int:
    """Holds every value of the recording against what was decoded; how many decoded values it did not speak of."""
    left = len(found.fields) + len(found.parameters)
    for word, expected in said.items():
        name = SAME_WORD.get((found.name, word), NAMES.get(word, word))
        inside = list(found.all(name))
        if name in found.fields:
            assert as_said(found.fields[name]) == expected, f"{where}.{word}"
            left -= 1
        elif isinstance(expected, list):
            assert len(inside) == len(expected), f"{where}.{word}"
            left += sum(compare(one, other, f"{where}.{word}") for one, other in zip(expected, inside, strict=True)) - len(inside)
        elif not inside:
            assert expected in GONE or (word, expected) == ("Uptime", 0), f"{where}.{word}"
        elif isinstance(expected, dict):
            left += compare(expected, inside[0], f"{where}.{word}") - 1
        else:
            (only,) = inside[0].fields.values()
            assert as_said(only) == expected, f"{where}.{word}"
            left -= 1
    return left


def as_said(found: LlrpValue) -> Any:
    """As the JSON has it: bytes in base64, several numbers as a list, or in base64 where they are bytes."""
    if isinstance(found, bytes):
        return base64.b64encode(found).decode()
    if isinstance(found, tuple):
        return Numbers(found)
    return found


class Numbers(list[Any]):
    """Equal to a list of the same, and to the base64 of the same bytes."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return base64.b64encode(bytes(self)).decode() == other if isinstance(other, str) else super().__eq__(other)


def test_the_fast_way_reads_the_same_reports(real_data: Path) -> None:
    (golden,) = tag_reports((real_data / "llrp-golden" / "RO_ACCESS_REPORT.bin").read_bytes())
    seen_us = to_ns(datetime.fromisoformat("2008-09-22T09:51:17-04:00")) // 1000
    assert golden == TagReport(bytes.fromhex("306edd870775c77926b231a9"), 1, 0, seen_us, seen_us, 1, 0)
    for path in files(real_data / "llrp-impinj", "ROAccessReport-*.bytes", 9):
        said = json.loads(path.with_suffix(".json").read_text())["TagReportData"]
        expected = [
            TagReport(base64.b64decode(tag["EPC96"]["EPC"]), tag["AntennaID"], tag["PeakRSSI"], tag["FirstSeenUTC"]) for tag in said
        ]
        assert tag_reports(whole(path)) == expected


def test_a_word_that_is_missing_would_be_noticed() -> None:
    """The comparison itself: a value too many, one missing, one different."""
    found = LlrpMessage("X", {"AntennaID": 1}, (Parameter("PeakRSSI", {"PeakRSSI": -48}),))
    assert compare({"AntennaID": 1, "PeakRSSI": -48}, found, "x") == 0
    assert compare({"AntennaID": 1}, found, "x") == 1
    for wrong in ({"AntennaID": 2}, {"PeakRSSI": -47}, {"AntennaID": 1, "ChannelIndex": 3}):
        with pytest.raises(AssertionError):
            compare(wrong, found, "x")
