"""What an LLRP reader answers, without I/O: its ROSpecs, its configuration, its reports. LLRP 1.0.1, sections 5, 10 to 14.

state = ReaderState(antennas=4, gpis=4)
state.answer(message: bytes) -> Message | None     # None: nothing is owed
state.report(reads, utc_us) -> Message             # an RO_ACCESS_REPORT with what the client asked for
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.llrp.codec import HEADER, Codec, LlrpMessage, Parameter
from edge_agent.llrp.layout import Bits, LlrpValue
from edge_agent.llrp.tables import IMPINJ
from footfall.errors import ProfileError

CODEC: Final = Codec(IMPINJ)
IMPINJ_VENDOR: Final = 25882
SPEEDWAY_R420: Final = 2001002
DISABLED, INACTIVE, ACTIVE = 0, 1, 2
IMMEDIATE: Final = 1
MISSING, REPEATED, UNEXPECTED = 103, 104, 102
FIELD_ERROR, UNSUPPORTED_MESSAGE, UNSUPPORTED_PARAMETER, PARAMETER_ERROR, OUT_OF_RANGE = 101, 109, 209, 100, 301
_STATUS: Final = {"llrp.missing": MISSING, "llrp.repeated": REPEATED, "llrp.unexpected": UNEXPECTED}
_CONFIGURED: Final = ("ReaderEventNotificationSpec", "KeepaliveSpec", "EventsAndReports")
_NO_ANSWER: Final = frozenset({"KEEPALIVE_ACK", "ENABLE_EVENTS_AND_REPORTS", "GET_REPORT"})


@dataclass(frozen=True, slots=True)
class Read:
    """A tag answered an antenna."""

    epc: bytes
    antenna: int
    rssi_dbm: int


class Refusal(Exception):  # it becomes the LLRPStatus of an answer
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status: Final = status


@dataclass
class _Spec:
    parameter: Parameter
    state: int = DISABLED


class ReaderState:
    """Of one reader, from its start until it is switched off. `acks_total`: keepalives that were answered."""

    def __init__(self, antennas: int = 4, gpis: int = 4, vendor: int = IMPINJ_VENDOR) -> None:
        self.antennas: Final = antennas
        self.gpis: Final = gpis
        self.vendor: Final = vendor
        self.keepalive_ms = 0
        self.acks_total = 0
        self.has_extensions = False
        self.gpi_ports: Final[set[int]] = set()
        self.lost_antennas: Final[set[int]] = set()
        self._config: Final[dict[str, Parameter]] = {}
        self._rospecs: Final[dict[int, _Spec]] = {}
        self._answers: Final[Mapping[str, Callable[[LlrpMessage], tuple[Parameter, ...]]]] = {
            "GET_READER_CAPABILITIES": self._capabilities,
            "GET_READER_CONFIG": self._get_config,
            "SET_READER_CONFIG": self._set_config,
            "ADD_ROSPEC": self._add,
            "DELETE_ROSPEC": self._delete,
            "ENABLE_ROSPEC": lambda message: self._each(message, {DISABLED: INACTIVE, INACTIVE: INACTIVE, ACTIVE: ACTIVE}),
            "START_ROSPEC": lambda message: self._each(message, {INACTIVE: ACTIVE}),
            "STOP_ROSPEC": lambda message: self._each(message, {ACTIVE: INACTIVE}),
            "DISABLE_ROSPEC": lambda message: self._each(message, {DISABLED: DISABLED, INACTIVE: DISABLED, ACTIVE: DISABLED}),
            "GET_ROSPECS": self._get_rospecs,
            "IMPINJ_ENABLE_EXTENSIONS": self._enable_extensions,
            "CLOSE_CONNECTION": lambda message: (),
        }

    def answer(self, data: bytes) -> LlrpMessage | None:
        """Of one whole message; its id is the request's."""
        number = HEADER.unpack_from(data)[2]
        try:
            message = CODEC.decode(data)
            CODEC.check(message)
        except ProfileError as error:
            status = UNSUPPORTED_MESSAGE if error.reason == "llrp.message" else _STATUS.get(error.reason, PARAMETER_ERROR)
            return LlrpMessage("ERROR_MESSAGE", {}, (_status(status, str(error)),), number)
        if message.name in _NO_ANSWER:
            self.acks_total += message.name == "KEEPALIVE_ACK"
            return None
        if message.name not in self._answers:
            return LlrpMessage("ERROR_MESSAGE", {}, (_status(UNSUPPORTED_MESSAGE, message.name),), number)
        name = f"{message.name}_RESPONSE"
        try:
            return LlrpMessage(name, {}, (_status(), *self._answers[message.name](message)), number)
        except Refusal as refusal:
            return LlrpMessage(name, {}, (_status(refusal.status, str(refusal)),), number)

    def active(self) -> int:
        """The ROSpec that inventories; 0 if none does."""
        return next((number for number, spec in self._rospecs.items() if spec.state == ACTIVE), 0)

    def reads(self, antenna: int) -> bool:
        """Whether it inventories there."""
        spec = self._rospecs.get(self.active())
        antennas = _numbers(spec.parameter, "AISpec", "AntennaIDs") if spec else ()
        return antenna not in self.lost_antennas and (antenna in antennas or antennas == (0,))

    def every(self) -> int:
        """After how many tags it reports; 0: only when the AISpec ends."""
        spec = self._report_spec()
        return spec.number("N") if spec and spec.number("ROReportTrigger") else 0

    def duration_ms(self) -> int:
        """How long an AISpec lasts; 0: until it is stopped."""
        spec = self._rospecs.get(self.active())
        ai_spec = spec.parameter.first("AISpec") if spec else None
        trigger = ai_spec.first("AISpecStopTrigger") if ai_spec else None
        return trigger.number("DurationTrigger") if trigger else 0

    def end_rospec(self) -> Parameter | None:
        """End the active one; return its end event."""
        number = self.active()
        if not number:
            return None
        self._rospecs[number].state = INACTIVE
        return Parameter("ROSpecEvent", {"EventType": 1, "ROSpecID": number})

    def wants(self, event_type: int) -> bool:
        """Return whether the client enabled such events (NotificationEventType)."""
        states = self._config.get("ReaderEventNotificationSpec", Parameter("")).all("EventNotificationState")
        return any(state.number("EventType") == event_type and state.number("NotificationState") for state in states)

    def report(self, reads: Iterable[Read], utc_us: int) -> LlrpMessage:
        spec = self._report_spec() or Parameter("")
        selector = spec.first("TagReportContentSelector") or Parameter("")
        impinj = spec.first("ImpinjTagReportContentSelector")
        return LlrpMessage("RO_ACCESS_REPORT", {}, tuple(_tag(read, selector, impinj, self.active(), utc_us) for read in reads))

    def _report_spec(self) -> Parameter | None:
        spec = self._rospecs.get(self.active())
        return spec.parameter.first("ROReportSpec") if spec else None

    def _capabilities(self, message: LlrpMessage) -> tuple[Parameter, ...]:
        general = Parameter(
            "GeneralDeviceCapabilities",
            {
                "MaxNumberOfAntennaSupported": self.antennas,
                "HasUTCClockCapability": 1,
                "DeviceManufacturerName": self.vendor,
                "ModelName": SPEEDWAY_R420,
                "ReaderFirmwareVersion": "5.14.0.240",
            },
            (
                _p("ReceiveSensitivityTableEntry", Index=1),
                _p("GPIOCapabilities", NumGPIs=self.gpis, NumGPOs=4),
                *(_p("PerAntennaAirProtocol", AntennaID=antenna, ProtocolID=(1,)) for antenna in self._all()),
            ),
        )
        powers = tuple(_p("TransmitPowerLevelTableEntry", Index=i + 1, TransmitPowerValue=1000 + 25 * i) for i in range(81))
        table = _p("FrequencyHopTable", HopTableID=1, Frequency=tuple(range(902_750, 927_751, 500)))
        frequencies = Parameter("FrequencyInformation", {"Hopping": 1}, (table,))
        modes = Parameter("C1G2UHFRFModeTable", {}, (_p("C1G2UHFRFModeTableEntry", ModeIdentifier=1000, BDRValue=40_000),))
        band = Parameter("UHFBandCapabilities", {}, (*powers, frequencies, modes))
        regulatory = Parameter("RegulatoryCapabilities", {"CountryCode": 840, "CommunicationsStandard": 1}, (band,))
        own = _p("LLRPCapabilities", CanReportBufferFillWarning=1, SupportsEventAndReportHolding=1, MaxNumROSpecs=1)
        return general, own, regulatory, _p("C1G2LLRPCapabilities", CanSupportBlockWrite=1, MaxNumSelectFiltersPerQuery=2)

    def _get_config(self, message: LlrpMessage) -> tuple[Parameter, ...]:
        antennas = (_p("AntennaProperties", AntennaConnected=int(a not in self.lost_antennas), AntennaID=a) for a in self._all())
        return (*antennas, *(self._config[name] for name in _CONFIGURED if name in self._config))

    def _set_config(self, message: LlrpMessage) -> tuple[Parameter, ...]:
        if message.number("ResetToFactoryDefault"):
            self._config.clear()
        for port in message.all("GPIPortCurrentState"):
            if not 1 <= port.number("GPIPortNum") <= self.gpis:
                raise Refusal(OUT_OF_RANGE, f"there is no GPI port {port.number('GPIPortNum')}")
            (self.gpi_ports.add if port.number("Config") else self.gpi_ports.discard)(port.number("GPIPortNum"))
        self._config.update({name: found for name in _CONFIGURED if (found := message.first(name))})
        keepalive = self._config.get("KeepaliveSpec", Parameter(""))
        self.keepalive_ms = keepalive.number("PeriodicTriggerValue") if keepalive.number("KeepaliveTriggerType") else 0
        return ()

    def _add(self, message: LlrpMessage) -> tuple[Parameter, ...]:
        spec = message.first("ROSpec") or Parameter("")
        number = spec.number("ROSpecID")
        if not number or number in self._rospecs or spec.number("CurrentState") != DISABLED:
            raise Refusal(FIELD_ERROR, f"ROSpec {number} is there already, is 0 or is not disabled")
        if self._rospecs:
            raise Refusal(OUT_OF_RANGE, "it has room for one ROSpec")
        if absent := [antenna for antenna in _numbers(spec, "AISpec", "AntennaIDs") if antenna > self.antennas]:
            raise Refusal(OUT_OF_RANGE, f"there is no antenna {absent[0]}")
        if not self.has_extensions and "Impinj" in repr(spec):
            raise Refusal(UNSUPPORTED_PARAMETER, "extensions are not enabled")
        self._rospecs[number] = _Spec(spec)
        return ()

    def _delete(self, message: LlrpMessage) -> tuple[Parameter, ...]:
        for number in self._chosen(message):
            del self._rospecs[number]
        return ()

    def _each(self, message: LlrpMessage, becomes: Mapping[int, int]) -> tuple[Parameter, ...]:
        for number in self._chosen(message):
            spec = self._rospecs[number]
            if spec.state not in becomes:
                raise Refusal(FIELD_ERROR, f"ROSpec {number} is in state {spec.state}")
            spec.state = becomes[spec.state]
            boundary = spec.parameter.first("ROBoundarySpec")
            trigger = boundary.first("ROSpecStartTrigger") if boundary else None
            if message.name == "ENABLE_ROSPEC" and trigger and trigger.number("ROSpecStartTriggerType") == IMMEDIATE:
                spec.state = ACTIVE
        return ()

    def _chosen(self, message: LlrpMessage) -> list[int]:
        """0 means all."""
        number = message.number("ROSpecID")
        if number and number not in self._rospecs:
            raise Refusal(FIELD_ERROR, f"there is no ROSpec {number}")
        return [number] if number else list(self._rospecs)

    def _get_rospecs(self, message: LlrpMessage) -> tuple[Parameter, ...]:
        return tuple(
            Parameter("ROSpec", {**spec.parameter.fields, "CurrentState": spec.state}, spec.parameter.parameters)
            for spec in self._rospecs.values()
        )

    def _enable_extensions(self, message: LlrpMessage) -> tuple[Parameter, ...]:
        if self.vendor != IMPINJ_VENDOR:
            raise Refusal(UNSUPPORTED_MESSAGE, "this is no Impinj reader")
        self.has_extensions = True
        return ()

    def _all(self) -> range:
        return range(1, self.antennas + 1)


def _tag(read: Read, selector: Parameter, impinj: Parameter | None, rospec: int, utc_us: int) -> Parameter:
    epc: Parameter = _p("EPC_96", EPC=read.epc) if len(read.epc) == 12 else _p("EPCData", EPC=Bits(8 * len(read.epc), read.epc))
    said = {
        "ROSpecID": _p("ROSpecID", ROSpecID=rospec),
        "SpecIndex": _p("SpecIndex", SpecIndex=1),
        "InventoryParameterSpecID": _p("InventoryParameterSpecID", InventoryParameterSpecID=1),
        "AntennaID": _p("AntennaID", AntennaID=read.antenna),
        "PeakRSSI": _p("PeakRSSI", PeakRSSI=read.rssi_dbm),
        "ChannelIndex": _p("ChannelIndex", ChannelIndex=1),
        "FirstSeenTimestamp": _p("FirstSeenTimestampUTC", Microseconds=utc_us),
        "LastSeenTimestamp": _p("LastSeenTimestampUTC", Microseconds=utc_us),
        "TagSeenCount": _p("TagSeenCount", TagCount=1),
    }
    memory = selector.first("C1G2EPCMemorySelector")
    pc = (_p("C1G2_PC", PC_Bits=(len(read.epc) // 2) << 11),) if memory and memory.number("EnablePCBits") else ()
    finer = (_p("ImpinjRFPhaseAngle", PhaseAngle=2048), _p("ImpinjPeakRSSI", RSSI=100 * read.rssi_dbm)) if impinj else ()
    asked = (parameter for name, parameter in said.items() if selector.number(f"Enable{name}"))
    return Parameter("TagReportData", {}, (epc, *asked, *pc, *finer))


def _status(code: int = 0, text: str = "") -> Parameter:
    return _p("LLRPStatus", StatusCode=code, ErrorDescription=text)


def _numbers(item: Parameter, inside: str, name: str) -> tuple[int, ...]:
    found = item.first(inside)
    value = found.fields.get(name, ()) if found else ()
    return value if isinstance(value, tuple) and not isinstance(value, Bits) else ()


def _p(name: str, **fields: LlrpValue) -> Parameter:
    return Parameter(name, fields)
