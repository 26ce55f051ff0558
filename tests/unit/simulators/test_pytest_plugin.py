"""The fixtures come from the installed package, by its entry point: nothing is imported here for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from edge_agent.sources.source import Crossing, Sighting
from footfall.frames import decode_body, decode_frame
from footfall.pseudonyms import to_hex
from simulators.devices.bluez import BlueZ
from simulators.devices.http_push import PushCamera
from simulators.devices.llrp import LlrpReader
from simulators.devices.modbus import ModbusCounter
from simulators.devices.vendor_mqtt import VendorGateways
from simulators.parts.process import is_listening
from simulators.pytest_plugin import BRAND_SECRET
from simulators.truth import collect, subject_hex, truth_of
from simulators.world import World


def test_frames_of_a_world_name_the_subjects_of_its_truth(
    footfall_world: Callable[..., World], footfall_frames: Callable[[World], Iterator[tuple[str, bytes]]]
) -> None:
    world = footfall_world(seed=7, hours=0.3)
    carried = {
        subject_hex(BRAND_SECRET, c.id_type, c.identifier) for visit in collect(truth_of(world)).visits for c in visit.carried if c.lasting
    }
    heard, seqs = set(), []
    for topic, payload in footfall_frames(world):
        header, body = decode_frame(payload)
        assert header.agent in topic
        seqs.append(header.seq)
        heard |= {to_hex(int(subject)) for subject in decode_body(body).subject if 0 < subject < 1 << 63}
    assert heard
    assert heard <= carried
    assert seqs.count(1) == len(world.plan.agents)


def test_a_counter_counts(footfall_modbus_counter: ModbusCounter) -> None:
    footfall_modbus_counter.say(Crossing(0, "main", 2, 1))
    assert footfall_modbus_counter.said_total == 3


def test_devices_that_are_heard_report_where_they_are(
    footfall_llrp_reader: LlrpReader, footfall_http_camera: PushCamera, footfall_vendor_mqtt: VendorGateways
) -> None:
    assert is_listening(footfall_llrp_reader.settings()["port"])
    assert is_listening(footfall_vendor_mqtt.settings()["broker"]["port"])
    assert not is_listening(footfall_http_camera.port), "it is the agent that listens"


def test_a_bluez_waits_for_a_scanner(footfall_bluez: BlueZ) -> None:
    assert os.environ["DBUS_SYSTEM_BUS_ADDRESS"] == footfall_bluez.bus.address
    footfall_bluez.say(Sighting(0, "hci0", "ibeacon", "f007fa11-0000-4000-8000-000000000000:1:7", -61))
    footfall_bluez.wait_said()
    assert footfall_bluez.said_total == 0, "nobody scans"
