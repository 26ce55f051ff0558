"""What a reader is given: power from its own table, antennas, reports; and that it is valid LLRP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.llrp.codec import Codec, LlrpMessage, Parameter
from edge_agent.llrp.setup import Capabilities, Inventory, add_rospec, read_capabilities, reader_config, uses_impinj
from edge_agent.llrp.tables import IMPINJ

CODEC = Codec(IMPINJ)
IMPINJ_READER = Capabilities(antennas=4, vendor=25882, powers={1: 1000, 2: 2000, 3: 3000}, is_hopping=True, hop_table=1)

inventories = st.builds(
    Inventory,
    antennas=st.lists(st.integers(1, 16), min_size=1, max_size=4, unique=True).map(tuple),
    power_dbm=st.none() | st.floats(0, 40),
    session=st.integers(0, 3),
    mode=st.none() | st.integers(0, 2000),
    report_every=st.integers(1, 1000),
    report_ms=st.none() | st.integers(50, 60_000),
    gpi_ports=st.lists(st.integers(1, 4), unique=True).map(tuple),
    impinj=st.booleans(),
)


@given(inventories, st.sampled_from([Capabilities(), IMPINJ_READER]))
def test_what_is_sent_is_valid_and_survives_the_wire(inventory: Inventory, capabilities: Capabilities) -> None:
    for message in (reader_config(inventory), add_rospec(inventory, capabilities)):
        CODEC.check(message)
        CODEC.check(CODEC.decode(CODEC.encode(message)))


@pytest.mark.parametrize(("power_dbm", "index"), [(20.0, 2), (29.9, 2), (30.0, 3), (40.0, 3), (5.0, 1)])
def test_the_power_level_is_never_above_what_is_asked_but_for_the_lowest(power_dbm: float, index: int) -> None:
    assert IMPINJ_READER.power_index(power_dbm) == index


def test_a_reader_without_a_power_table_is_given_zero() -> None:
    assert Capabilities().power_index(20.0) == 0


def walk(item: Parameter) -> list[Parameter]:
    return [item, *(found for parameter in item.parameters for found in walk(parameter))]


def spoken(inventory: Inventory, capabilities: Capabilities) -> dict[str, Parameter]:
    return {item.name: item for item in walk(add_rospec(inventory, capabilities))}


def test_a_hopping_reader_is_given_its_table_and_another_a_channel() -> None:
    inventory = Inventory((1,), power_dbm=30.0)
    assert spoken(inventory, IMPINJ_READER)["RFTransmitter"].fields == {"HopTableID": 1, "ChannelIndex": 0, "TransmitPower": 3}
    fixed = Capabilities(powers={7: 3000})
    assert spoken(inventory, fixed)["RFTransmitter"].fields == {"HopTableID": 0, "ChannelIndex": 1, "TransmitPower": 7}
    assert "RFTransmitter" not in spoken(Inventory((1,)), IMPINJ_READER), "its own power stays"


def test_impinj_extensions_only_on_its_readers_and_where_wanted() -> None:
    assert "ImpinjTagReportContentSelector" in spoken(Inventory((1,)), IMPINJ_READER)
    assert "ImpinjTagReportContentSelector" not in spoken(Inventory((1,), impinj=False), IMPINJ_READER)
    assert "ImpinjTagReportContentSelector" not in spoken(Inventory((1,)), Capabilities(vendor=10_642))
    assert not uses_impinj(Inventory((1,)), Capabilities(vendor=10_642))


def test_reports_after_some_tags_after_some_time_or_both() -> None:
    def reports(**keys: int) -> tuple[int, int]:
        said = spoken(Inventory((1,), **keys), IMPINJ_READER)  # type: ignore[arg-type]  # numbers all
        return said["ROReportSpec"].number("N"), said["AISpecStopTrigger"].number("DurationTrigger")

    assert reports() == (1, 0)
    assert reports(report_every=50) == (50, 0)
    assert reports(report_ms=500) == (0, 500)
    assert reports(report_every=50, report_ms=500) == (50, 500)


def test_a_reader_that_reports_nothing_of_itself_has_no_capabilities() -> None:
    assert read_capabilities(LlrpMessage("GET_READER_CAPABILITIES_RESPONSE")) == Capabilities()


def test_each_antenna_is_given_session_population_and_mode() -> None:
    said = add_rospec(Inventory((2, 5), session=2, population=400, mode=1002), IMPINJ_READER)
    configurations = [item for item in walk(said) if item.name == "AntennaConfiguration"]
    assert [item.number("AntennaID") for item in configurations] == [2, 5]
    for item in configurations:
        inside = {found.name: found for found in walk(item)}
        assert inside["C1G2SingulationControl"].fields == {"Session": 2, "TagPopulation": 400, "TagTransitTime": 0}
        assert inside["C1G2RFControl"].number("ModeIndex") == 1002
    (ai_spec,) = [item for item in walk(said) if item.name == "AISpec"]
    assert ai_spec.fields["AntennaIDs"] == (2, 5)


def test_the_reader_is_asked_for_events_keepalives_and_its_ports() -> None:
    said = reader_config(Inventory((1,), keepalive_ms=700, gpi_ports=(1, 3)))
    states = [item for item in walk(said) if item.name == "EventNotificationState"]
    assert {item.number("EventType") for item in states if item.number("NotificationState")} == {1, 2, 3, 4, 8}
    assert [item.number("PeriodicTriggerValue") for item in walk(said) if item.name == "KeepaliveSpec"] == [700]
    assert [item.number("GPIPortNum") for item in said.all("GPIPortCurrentState")] == [1, 3]
