"""Valid frames, made by the thousand: a template is filled by array operations, so that making one costs a few microseconds.

Frame number `seq` of an agent is a function of (seed, agent, seq): it can be made again at any time, for a rewind. Its rows are
consistent: each of the agent's places holds one subject at a time, which enters a zone, stays for 60 rows, leaves, and
enters the next one 5 s later. Another subject follows after two or three zones. Two rows of a frame are a door's.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.frames import COLUMNS, Body, Header, Kind, encode_body, encode_frame
from footfall.topics import Topic
from footfall.units import NS_PER_S
from gateway.site import Agent, Site, Store, Zone
from simulators import mqtt

ZONES: Final = ("entrance", "shelf", "checkout")
DOOR: Final = "main"
PROFILES: Final = ("ibeacon", "door-counter")
CYCLE: Final = 31
"""Frames that one presence lasts: 62 rows, of which 60 are stays."""
_MARK: Final = 1 << 62  # placeholders in the template, easy to find
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Load:
    """What to send: `stores` with `agents` each, frames of `rows` rows that span `frame_s` seconds. Another `seed`, other epochs."""

    stores: int = 1
    agents: int = 4
    rows: int = 30
    frame_s: float = 10.0
    seed: int = 1

    @property
    def total_agents(self) -> int:
        return self.stores * self.agents

    @property
    def places(self) -> int:
        """How many subjects an agent hears at once."""
        return (self.rows - 2) // 2

    @property
    def frame_ns(self) -> int:
        return round(self.frame_s * NS_PER_S)

    def store(self, agent: int) -> str:
        return f"s{agent // self.agents:05d}"

    def agent(self, agent: int) -> str:
        return f"a{agent:06d}"

    def epoch(self, agent: int) -> str:
        return f"e{self.seed:010d}{agent:06d}"

    def site(self, brand: str = "load") -> Site:
        """The estate that the frames come from."""
        receivers = {f"r-{zone}": zone for zone in ZONES}
        zones = (Zone(name="entrance", type="entrance"), Zone(name="shelf", type="shelf"), Zone(name="checkout", type="checkout"))
        return Site(
            brand=brand,
            stores=tuple(
                Store(
                    name=self.store(k * self.agents),
                    zones=zones,
                    doors=(DOOR,),
                    agents=tuple(Agent(name=self.agent(k * self.agents + i), receivers=receivers) for i in range(self.agents)),
                )
                for k in range(self.stores)
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sending:
    """When frames are sent: the boot clock and the wall clock now, the boot time of the first row, each agent's last receipt."""

    boot_ns: int
    wall_ns: int
    origin_boot_ns: int
    gateway_ns: Numbers
    heard_boot_ns: Numbers


class FrameFactory:
    """Fills the template of `load`."""

    def __init__(self, load: Load) -> None:
        if load.rows < 4 or load.rows % 2:
            raise ValueError(f"a frame of load has an even number of rows, at least 4, not {load.rows}")
        self.load = load
        body = encode_body(self._template_body())
        header = Header(
            load.store(0), load.agent(0), load.epoch(0), _MARK, _MARK + 1, self._boot, _MARK + 2, _MARK + 3, _MARK + 4, _MARK + 5
        )
        frame = encode_frame(header, body)
        crc_at = frame.index(b"\xa5crc32") + 6
        body_at = len(frame) - len(body)
        bin_header = 2 if len(body) < 1 << 8 else 3 if len(body) < 1 << 16 else 5
        # A fixed width for the checksum, whatever its value.
        frame = frame[:crc_at] + b"\xce\0\0\0\0" + frame[body_at - bin_header :]
        topic = str(Topic(load.store(0), load.agent(0), "frames"))
        self._packet = mqtt.publish(topic, 0, frame)
        self._payload_at = len(self._packet) - len(frame)
        self._body_at = len(self._packet) - len(body)
        self._crc_at = self._payload_at + crc_at + 1
        self._seed = _mixed(np.array([load.seed], "u8"))[0]

    @property
    def packet_bytes(self) -> int:
        """Every packet has this length."""
        return len(self._packet)

    def packets(self, agent: Numbers, seq: Numbers, packet_id: Numbers, oldest: Numbers, sending: Sending) -> bytearray:
        """The PUBLISH packets (QoS 1) of the frames `seq[k]` of the agents `agent[k]`, one behind the other."""
        n = len(agent)
        flat = bytearray(self._packet) * n
        work = np.frombuffer(flat, "u1").reshape(n, len(self._packet))
        self._fill_header(work, agent, seq, packet_id, oldest, sending)
        self._fill_body(work, agent, seq, sending)
        view, size, crc_at, body_at = memoryview(flat), len(self._packet), self._crc_at, self._body_at
        for at in range(0, n * size, size):
            struct.pack_into(">I", flat, at + crc_at, zlib.crc32(view[at + body_at : at + size]))
        return flat

    def payloads(self, agent: Numbers, seq: Numbers, sending: Sending) -> Iterator[tuple[str, bytes]]:
        """The same frames as `(topic, payload)`, without MQTT."""
        nothing = np.zeros(len(agent), "i8")
        flat, size = self.packets(agent, seq, nothing, nothing + 1, sending), self.packet_bytes
        for k, number in enumerate(agent.tolist()):
            yield (
                str(Topic(self.load.store(number), self.load.agent(number), "frames")),
                bytes(flat[k * size + self._payload_at : (k + 1) * size]),
            )

    def _fill_header(
        self, work: npt.NDArray[np.uint8], agent: Numbers, seq: Numbers, packet_id: Numbers, oldest: Numbers, sending: Sending
    ) -> None:
        for name, places in self._names_at.items():
            texts = self._texts[name][agent]
            for at in places:
                work[:, at : at + texts.shape[1]] = texts
        _put(work, self._payload_at - 2, packet_id, ">u2")
        first = seq - 1
        made_ns = sending.origin_boot_ns + seq * self.load.frame_ns
        sent_ns = np.full(len(seq), sending.boot_ns)
        wall_ns = sending.wall_ns - sending.boot_ns
        marks = [seq, oldest, sent_ns, sent_ns + wall_ns, sending.gateway_ns[agent], sending.heard_boot_ns[agent]]
        marks += [made_ns, made_ns + wall_ns, first * self.load.rows]
        for k, values in enumerate(marks):
            _put(work, self._marks_at[k], values, ">u8")

    def _fill_body(self, work: npt.NDArray[np.uint8], agent: Numbers, seq: Numbers, sending: Sending) -> None:
        load, frame = self.load, (seq - 1)[:, None]
        half_s = load.frame_s / 2
        progress = frame + self._phase[None, :]
        step, presence = progress % CYCLE, progress // CYCLE
        subject = self._subject(agent[:, None], presence)
        zone = (presence + self._phase[None, :]) % len(ZONES)
        first, second = step == 0, step == CYCLE - 1
        seconds = step * load.frame_s
        early = {
            "kind": np.where(first, Kind.ENTER, Kind.STAY),
            "subject": subject,
            "zone": zone,
            "rssi_dbm": -60 - (subject % 20).astype("i8"),
            "count": np.where(first, 1, 5),
            "value": seconds,
        }
        late = {
            **early,
            "kind": np.where(second, Kind.EXIT, Kind.STAY),
            "count": np.where(second, 0, 5),
            "value": seconds + half_s,
        }
        door = {"zone": len(ZONES), "count": 1}
        for name in early:
            column = np.empty((len(agent), load.rows), COLUMNS[name])
            column[:, : load.places], column[:, load.places + 1 : -1] = early[name], late[name]
            column[:, load.places] = Kind.IN if name == "kind" else door.get(name, 0)
            column[:, -1] = Kind.OUT if name == "kind" else door.get(name, 0)
            _put_column(work, self._columns_at[name], column)
        _put_column(work, self._columns_at["t_boot_ns"], sending.origin_boot_ns + frame * load.frame_ns + self._within_ns[None, :])

    def _subject(self, agent: Numbers, presence: Numbers) -> npt.NDArray[np.uint64]:
        """A new one after two or three zones; the top bit is 0, as for consented identifiers."""
        visit = presence // 5 * 2 + (presence % 5 >= 2)
        place = np.arange(self.load.places, dtype="u8")[None, :]
        number = (agent.astype("u8") << np.uint64(40)) ^ (place << np.uint64(28)) ^ visit.astype("u8")
        return _mixed(number ^ self._seed) >> np.uint64(1)

    @cached_property
    def _phase(self) -> Numbers:
        """Presences at the places begin at different times."""
        return np.arange(self.load.places, dtype="i8") * 7

    @cached_property
    def _within_ns(self) -> Numbers:
        """When in its frame each row happens."""
        return np.arange(self.load.rows, dtype="i8") * self.load.frame_ns // self.load.rows

    @cached_property
    def _texts(self) -> dict[str, npt.NDArray[np.uint8]]:
        numbers = range(self.load.total_agents)
        makers = {"store": self.load.store, "agent": self.load.agent, "epoch": self.load.epoch}
        found = {name: [make(number).encode() for number in numbers] for name, make in makers.items()}
        return {name: np.frombuffer(b"".join(texts), "u1").reshape(len(texts), -1) for name, texts in found.items()}

    @cached_property
    def _names_at(self) -> dict[str, list[int]]:
        return {name: _places(self._packet, texts[0].tobytes()) for name, texts in self._texts.items()}

    @cached_property
    def _marks_at(self) -> list[int]:
        return [self._packet.index(struct.pack(">Q", _MARK + k)) for k in range(9)]

    @cached_property
    def _columns_at(self) -> dict[str, int]:
        found = {}
        for name, dtype in COLUMNS.items():
            size = self.load.rows * dtype.itemsize
            key = bytes([0xA0 + len(name)]) + name.encode()
            found[name] = self._packet.index(key, self._body_at) + len(key) + (2 if size < 1 << 8 else 3 if size < 1 << 16 else 5)
        return found

    @property
    def _boot(self) -> str:
        return f"b{self.load.seed:010d}"

    def _template_body(self) -> Body:
        columns: dict[str, Any] = {name: np.zeros(self.load.rows, dtype) for name, dtype in COLUMNS.items()}
        columns["profile"][[self.load.places, -1]] = PROFILES.index("door-counter")
        return Body(
            boot=self._boot,
            made_boot_ns=_MARK + 6,
            made_wall_ns=_MARK + 7,
            wall_synced=True,
            first_row=_MARK + 8,
            key_id=1,
            zones=(*ZONES, DOOR),
            profiles=PROFILES,
            **columns,
        )


def _put(work: npt.NDArray[np.uint8], at: int, values: Numbers, dtype: str) -> None:
    data = values.astype(dtype)
    work[:, at : at + data.itemsize] = data.view("u1").reshape(len(values), data.itemsize)


def _put_column(work: npt.NDArray[np.uint8], at: int, column: npt.NDArray[Any]) -> None:
    data = np.ascontiguousarray(column).view("u1").reshape(len(column), -1)
    work[:, at : at + data.shape[1]] = data


def _places(data: bytes, part: bytes) -> list[int]:
    found, at = [], data.find(part)
    while at >= 0:
        found.append(at)
        at = data.find(part, at + 1)
    return found


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): well spread and one to one."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
