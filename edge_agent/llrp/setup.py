"""The set-up of a reader before it inventories, and its capabilities. Pure: messages from settings and capabilities.

    read_capabilities(response: Message) -> Capabilities
    reader_config(inventory) -> Message             # SET_READER_CONFIG: events, keepalives, GPI ports
    add_rospec(inventory, capabilities) -> Message  # ADD_ROSPEC: antennas, power, session, what is reported and when

LLRP 1.0.1, sections 10 (ROSpec), 12 (reader configuration), 14 (reports and events); the numbers are its enumerations (section 16).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge_agent.llrp.codec import LlrpMessage, Parameter
from edge_agent.llrp.layout import LlrpValue

ROSPEC_ID: Final = 0x464F
IMPINJ_VENDOR: Final = 25882
GPI_EVENT, ROSPEC_EVENT, BUFFER_FILLING, READER_EXCEPTION, ANTENNA_EVENT = 1, 2, 3, 4, 8
_EVENTS: Final = {0: 0, GPI_EVENT: 1, ROSPEC_EVENT: 1, BUFFER_FILLING: 1, READER_EXCEPTION: 1, 5: 0, 6: 0, 7: 0, ANTENNA_EVENT: 1}
_GEN2: Final = 1
_PERIODIC: Final = 1
_DURATION: Final = 1
_AT_END_OF_AISPEC: Final = 1


@dataclass(frozen=True, slots=True)
class Inventory:
    """`power_dbm`, `mode`: None leaves the reader's own. `report_ms`: None reports as soon as `report_every` tags are read."""

    antennas: tuple[int, ...]
    power_dbm: float | None = None
    session: int = 1
    population: int = 32
    mode: int | None = None
    report_every: int = 1
    report_ms: int | None = None
    keepalive_ms: int = 5000
    gpi_ports: tuple[int, ...] = ()
    impinj: bool = True


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`powers`: index of a power level -> hundredths of a dBm."""

    antennas: int = 0
    has_utc: bool = False
    vendor: int = 0
    model: int = 0
    firmware: str = ""
    powers: Mapping[int, int] = field(default_factory=dict)
    is_hopping: bool = False
    hop_table: int = 0

    def power_index(self, power_dbm: float) -> int:
        """Return the highest level that is not above `power_dbm`, else the lowest; 0 where the reader names none."""
        within = [(level, index) for index, level in self.powers.items() if level <= round(100 * power_dbm)]
        levels = [max(within)] if within else [min(((level, index) for index, level in self.powers.items()), default=(0, 0))]
        return levels[0][1]


def read_capabilities(response: LlrpMessage) -> Capabilities:
    """Return the capabilities in a GET_READER_CAPABILITIES_RESPONSE; what it lacks stays at its default."""
    general = response.first("GeneralDeviceCapabilities") or Parameter("")
    regulatory = response.first("RegulatoryCapabilities") or Parameter("")
    band = regulatory.first("UHFBandCapabilities") or Parameter("")
    frequencies = band.first("FrequencyInformation") or Parameter("")
    tables = [table.number("HopTableID") for table in frequencies.all("FrequencyHopTable")]
    return Capabilities(
        antennas=general.number("MaxNumberOfAntennaSupported"),
        has_utc=bool(general.number("HasUTCClockCapability")),
        vendor=general.number("DeviceManufacturerName"),
        model=general.number("ModelName"),
        firmware=str(general.fields.get("ReaderFirmwareVersion", "")),
        powers={level.number("Index"): level.number("TransmitPowerValue") for level in band.all("TransmitPowerLevelTableEntry")},
        is_hopping=bool(frequencies.number("Hopping")),
        hop_table=min(tables, default=0),
    )


def reader_config(inventory: Inventory) -> LlrpMessage:
    """Return SET_READER_CONFIG. Reports are not held for a reconnect: those kept meanwhile have no time that can be trusted."""
    events = tuple(_p("EventNotificationState", EventType=event, NotificationState=state) for event, state in _EVENTS.items())
    gpis = tuple(_p("GPIPortCurrentState", GPIPortNum=port, Config=1, State=2) for port in inventory.gpi_ports)
    parameters = (
        Parameter("ReaderEventNotificationSpec", {}, events),
        _p("KeepaliveSpec", KeepaliveTriggerType=_PERIODIC, PeriodicTriggerValue=inventory.keepalive_ms),
        *gpis,
        _p("EventsAndReports", HoldEventsAndReportsUponReconnect=0),
    )
    return LlrpMessage("SET_READER_CONFIG", {"ResetToFactoryDefault": 0}, parameters)


def add_rospec(inventory: Inventory, capabilities: Capabilities) -> LlrpMessage:
    """Return ADD_ROSPEC. It begins on START_ROSPEC, and with `report_ms` ends after that time and must be started again."""
    duration = inventory.report_ms or 0
    spec = Parameter(
        "ROSpec",
        {"ROSpecID": ROSPEC_ID, "Priority": 0, "CurrentState": 0},
        (
            Parameter("ROBoundarySpec", {}, (_p("ROSpecStartTrigger"), _p("ROSpecStopTrigger"))),
            Parameter(
                "AISpec",
                {"AntennaIDs": inventory.antennas},
                (
                    _p("AISpecStopTrigger", AISpecStopTriggerType=_DURATION if duration else 0, DurationTrigger=duration),
                    _inventory_spec(inventory, capabilities),
                ),
            ),
            _report_spec(inventory, capabilities),
        ),
    )
    return LlrpMessage("ADD_ROSPEC", {}, (spec,))


def uses_impinj(inventory: Inventory, capabilities: Capabilities) -> bool:
    return inventory.impinj and capabilities.vendor == IMPINJ_VENDOR


def _inventory_spec(inventory: Inventory, capabilities: Capabilities) -> Parameter:
    control = [_p("C1G2RFControl", ModeIndex=inventory.mode, Tari=0)] if inventory.mode is not None else []
    singulation = _p("C1G2SingulationControl", Session=inventory.session, TagPopulation=inventory.population, TagTransitTime=0)
    command = Parameter("C1G2InventoryCommand", {"TagInventoryStateAware": 0}, (*control, singulation))
    power = [_transmitter(inventory.power_dbm, capabilities)] if inventory.power_dbm is not None else []
    antennas = tuple(Parameter("AntennaConfiguration", {"AntennaID": antenna}, (*power, command)) for antenna in inventory.antennas)
    return Parameter("InventoryParameterSpec", {"InventoryParameterSpecID": 1, "ProtocolID": _GEN2}, antennas)


def _transmitter(power_dbm: float, capabilities: Capabilities) -> Parameter:
    """Return the radio's settings: a hopping reader gets its hop table, any other a channel of its list."""
    hop_table, channel = (capabilities.hop_table, 0) if capabilities.is_hopping else (0, 1)
    return _p("RFTransmitter", HopTableID=hop_table, ChannelIndex=channel, TransmitPower=capabilities.power_index(power_dbm))


def _report_spec(inventory: Inventory, capabilities: Capabilities) -> Parameter:
    wanted = ("AntennaID", "PeakRSSI", "LastSeenTimestamp", "TagSeenCount")
    memory = _p("C1G2EPCMemorySelector", EnableCRC=0, EnablePCBits=1)
    selector = Parameter("TagReportContentSelector", {f"Enable{name}": 1 for name in wanted}, (memory,))
    impinj = Parameter(
        "ImpinjTagReportContentSelector",
        {},
        (_p("ImpinjEnableRFPhaseAngle", RFPhaseAngleMode=1), _p("ImpinjEnablePeakRSSI", PeakRSSIMode=1)),
    )
    custom = (impinj,) if uses_impinj(inventory, capabilities) else ()
    every = 0 if inventory.report_ms and inventory.report_every == 1 else inventory.report_every
    return Parameter("ROReportSpec", {"ROReportTrigger": _AT_END_OF_AISPEC, "N": every}, (selector, *custom))


def _p(name: str, **fields: LlrpValue) -> Parameter:
    return Parameter(name, fields)
