"""What is fuzzed of LLRP: whole messages, tag reports by the fast way, and streams; and messages of every kind to begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from device_profiles.registry import Registry
from edge_agent.llrp.codec import HEADER, Codec, LlrpMessage
from edge_agent.llrp.reports import RO_ACCESS_REPORT, tag_reports
from edge_agent.llrp.setup import ROSPEC_ID, Capabilities, Inventory, add_rospec, read_capabilities, reader_config
from edge_agent.llrp.stream import Splitter
from edge_agent.llrp.tables import IMPINJ
from edge_agent.sources.llrp import whose
from edge_agent.sources.llrp_reader import sighting
from simulators.devices.llrp_answers import Read, ReaderState
from simulators.fuzz.heard import RECEIVER, HeardAgent
from simulators.fuzz.rare import Grammar, tag

CODEC: Final = Codec(IMPINJ)


def read_message(data: bytes) -> None:
    """The header is mended, so that what is inside is read; what was read must survive the wire."""
    message = CODEC.decode(_mended(data))
    if CODEC.decode(CODEC.encode(message)) != message:
        raise AssertionError(f"{message.name} is another message once encoded")
    CODEC.check(message)


def read_reports(data: bytes) -> None:
    tag_reports(_report(data))


def _report(data: bytes) -> bytes:
    return HEADER.pack(1 << 10 | RO_ACCESS_REPORT, HEADER.size + len(data), 1) + data


def hear_reports(registry: Registry, agent: HeardAgent) -> Callable[[bytes], None]:
    """What a reader source makes of the tags of a report, down to the frame."""

    def run(data: bytes) -> None:
        for report in tag_reports(_report(data)):
            profile, identifier = whose(registry, report.epc, report.pc)
            if profile:
                agent.take(sighting(report, 0, RECEIVER, profile, identifier, has_utc=True))

    return run


def rare_reports() -> Grammar:
    """Of any valid tags, with any times and levels that their fields can hold."""
    state = ReaderState()
    for message in (
        add_rospec(Inventory((1,)), Capabilities()),
        LlrpMessage("ENABLE_ROSPEC", {"ROSpecID": ROSPEC_ID}),
        LlrpMessage("START_ROSPEC", {"ROSpecID": ROSPEC_ID}),
    ):
        state.answer(CODEC.encode(message))

    def made(rng: Random, seeds: Sequence[bytes]) -> bytes:
        reads = [Read(tag(rng).epc, 1, rng.choice((-128, -1, 0, 127, -60))) for _ in range(rng.randint(1, 4))]
        return CODEC.encode(state.report(reads, rng.choice((0, 1, 1 << 53, (1 << 63) - 1, (1 << 64) - 1))))[HEADER.size :]

    return made


def read_stream(data: bytes) -> None:
    """In pieces of growing length."""
    splitter, at, size = Splitter(), 0, 1
    while at < len(data):
        for message in splitter.feed(data[at : at + size]):
            CODEC.decode(message)
        at, size = at + size, size + 1


def messages() -> list[bytes]:
    """The messages of a client and a reader in one connection."""
    state, inventory = ReaderState(), Inventory((1, 2), power_dbm=27.0, gpi_ports=(1,))
    capabilities = read_capabilities(state.answer(CODEC.encode(LlrpMessage("GET_READER_CAPABILITIES"))) or LlrpMessage(""))
    asked = [
        LlrpMessage("GET_READER_CAPABILITIES"),
        LlrpMessage("IMPINJ_ENABLE_EXTENSIONS"),
        reader_config(inventory),
        LlrpMessage("GET_READER_CONFIG"),
        add_rospec(inventory, capabilities),
        LlrpMessage("ENABLE_ROSPEC"),
        LlrpMessage("START_ROSPEC"),
        LlrpMessage("GET_ROSPECS"),
        LlrpMessage("DELETE_ROSPEC", {"ROSpecID": 5}),
    ]
    answers = [state.answer(CODEC.encode(message)) for message in asked]
    said = [*asked, *(answer for answer in answers if answer), state.report([Read(bytes(12), 1, -60), Read(bytes(26), 2, -70)], 1)]
    return [CODEC.encode(message) for message in said]


def reports() -> list[bytes]:
    return [message[HEADER.size :] for message in messages() if message[1] == RO_ACCESS_REPORT]


def _mended(data: bytes) -> bytes:
    head = data[: HEADER.size].ljust(HEADER.size, b"\0")
    body = data[HEADER.size :]
    type_ = int.from_bytes(head[:2], "big") & 0x3FF
    return HEADER.pack(1 << 10 | type_, HEADER.size + len(body), int.from_bytes(head[6:10], "big")) + body
