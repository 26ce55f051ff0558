"""An LLRP reader on TCP: antennas, GPI ports, one client at a time, and everything that goes wrong with readers.

    with LlrpReader(["reader1.1", "reader1.2"], doors=["main"]) as reader:
        settings = {"name": "x", "receivers": {"reader1.1": "entrance", "reader1.2": "fitting"}, **reader.settings()}
        reader.say(Sighting(0, "reader1.1", "garment-tag", "3074257bf7194e4000001a85", -55))
        reader.say(Crossing(0, "main", 1, 0))
        reader.faults["half-message"]()

`receivers` are its antennas 1, 2, 3 …; each of `doors` has two light barriers: GPI ports 1 (in) and 2 (out), then 3 and 4.
A tag that is said while no ROSpec inventories there is not read.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from edge_agent.llrp.codec import HEADER, LlrpMessage, Parameter
from edge_agent.llrp.setup import ANTENNA_EVENT, GPI_EVENT, READER_EXCEPTION, ROSPEC_EVENT
from edge_agent.sources.source import Crossing, Sighting
from simulators.devices.emulator import SAID_S, until_said
from simulators.devices.llrp_answers import CODEC, Read, ReaderState
from simulators.devices.llrp_client import Client, attempt, event

HOST: Final = "127.0.0.1"
TICK_S: Final = 0.02
MEND_S: Final = 8.0
"""A client that is stalled is served again after so long, if it waited."""
AWAY_S: Final = 0.7
MOST_KEPT: Final = 20_000
"""Reads that wait for a client that takes no more; then its buffer overflows."""
SUCCESS, TAKEN, ANOTHER = 0, 2, 4
ALWAYS: Final = -1


class LlrpReader:
    """`state` is the reader's own memory; `refused_total` counts clients that found it taken."""

    def __init__(self, receivers: Sequence[str] = ("reader.1", "reader.2"), *, doors: Sequence[str] = (), away_s: float = AWAY_S) -> None:
        self.port = 0
        self.said_total = 0
        self.refused_total = 0
        self.receivers: Final = {name: antenna for antenna, name in enumerate(receivers, 1)}
        self.doors: Final = {name: 2 * i + 1 for i, name in enumerate(doors)}
        self.faults: Final[Mapping[str, Callable[[], None]]] = {
            name: partial(self._soon, fault)
            for name, fault in {
                "drop": self._drop,
                "reset": self._reset,
                "stall": self._stall,
                "half-message": self._half_message,
                "garbage": self._garbage,
                "unreadable-messages": self._unreadable,
                "reboot": self._reboot,
                "held": self._hold,
                "keepalives-missing": self._keepalives_missing,
                "buffer-overflow": self._overflow,
                "antenna-lost": self._lose_antenna,
                "rospec-ended": self._end_rospec,
                "reader-exception": self._exception,
            }.items()
        }
        self._away_s: Final = away_s
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(target=self._loop.run_forever, name="llrp-reader", daemon=True)
        self._server: asyncio.Server | None = None
        self._clients: Final[set[Client]] = set()
        self._holder: Client | None = None
        self._held_until_s = 0.0
        self._kept: Final[deque[Read]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.state = self._fresh()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self._soon(self._tick)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def say(self, heard: Sighting | Crossing) -> None:
        if isinstance(heard, Crossing):
            if heard.door not in self.doors:
                raise ValueError(f"{heard.door!r} has no light barrier here; {', '.join(self.doors) or 'none'} has")
            self._soon(lambda: self._pass(heard))
            return
        if heard.receiver not in self.receivers:
            raise ValueError(f"{heard.receiver!r} is none of the antennas {', '.join(self.receivers)}")
        read = Read(bytes.fromhex(heard.identifier), self.receivers[heard.receiver], heard.rssi_dbm)
        self._soon(lambda: self._read(read))

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        taken = threading.Event()
        self._soon(taken.set)
        until_said(lambda: taken.is_set() and not self._kept, timeout_s)

    def settings(self) -> Mapping[str, Any]:
        gpi = [
            {"port": port + way, "door": door, "direction": direction}
            for door, port in self.doors.items()
            for way, direction in enumerate(("in", "out"))
        ]
        named = all(name.rpartition(".")[2] == str(antenna) for name, antenna in self.receivers.items())
        return {
            "kind": "llrp",
            "host": HOST,
            "port": self.port,
            "keepalive_s": 0.5,
            "answer_s": 2.0,
            **({} if named else {"antennas": dict(self.receivers)}),
            **({"gpi": gpi} if gpi else {}),
        }

    # --- in the loop's thread from here on ---

    def _soon(self, call: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(call)

    def _fresh(self) -> ReaderState:
        return ReaderState(antennas=max(4, len(self.receivers)), gpis=max(4, 2 * len(self.doors)))

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(lambda: Client(self), HOST, self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        if self._timer:
            self._timer.cancel()
        for client in list(self._clients):
            client.transport.abort()
        if self._server:
            self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    def admitted(self, client: Client) -> None:
        """A client has come: the first one has the reader, later ones are refused with that reason (LLRP 1.0.1, section 5.2)."""
        self._clients.add(client)
        if self._holder is None and time.monotonic() >= self._held_until_s:
            self._holder = client
            client.send(event(attempt(SUCCESS)))
            return
        self.refused_total += 1
        client.send(event(attempt(TAKEN)))
        client.transport.close()
        if self._holder:
            self._holder.send(event(attempt(ANOTHER)))

    def gone(self, client: Client) -> None:
        self._clients.discard(client)
        if client is self._holder:
            self._holder = None
            self._kept.clear()

    def asked(self, client: Client, message: bytes) -> None:
        if client is not self._holder:
            return
        answer = self.state.answer(message)
        if answer is None:
            return
        client.send(answer)
        if answer.name == "CLOSE_CONNECTION_RESPONSE":
            client.transport.close()

    def _tick(self) -> None:
        """What time brings: keepalives, the end of an AISpec, reads that could not be sent before."""
        now_s = time.monotonic()
        client = self._holder
        if client:
            if self.state.keepalive_ms and now_s - client.kept_alive_s >= self.state.keepalive_ms / 1000:
                client.kept_alive_s = now_s
                if not client.lacks_keepalives:
                    client.send(LlrpMessage("KEEPALIVE"))
            duration_s = self.state.duration_ms() / 1000
            if duration_s and now_s - client.began_s >= duration_s:
                client.began_s = now_s
                self._report(at_end=True)
                self._end_rospec()
            elif not duration_s:
                client.began_s = now_s
                self._report()
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def _read(self, read: Read) -> None:
        if self._holder is None or self._holder.is_mute or not self.state.reads(read.antenna):
            return
        self._kept.append(read)
        if len(self._kept) > MOST_KEPT:
            self._overflow()
        else:
            self._report()

    def _report(self, at_end: bool = False) -> None:
        """All whole reports that are due and that the client takes."""
        client, every = self._holder, self.state.every()
        while client and not client.is_full and self._kept and (at_end or (every and len(self._kept) >= every)):
            reads = [self._kept.popleft() for _ in range(min(every or len(self._kept), len(self._kept)))]
            if client.send(self.state.report(reads, time.time_ns() // 1000)):
                self.said_total += len(reads)

    def _pass(self, crossing: Crossing) -> None:
        for way, people in enumerate((crossing.entered, crossing.left)):
            port = self.doors[crossing.door] + way
            for _ in range(people if port in self.state.gpi_ports else 0):
                said = self._tell(GPI_EVENT, Parameter("GPIEvent", {"GPIPortNumber": port, "GPIEvent": 1}))
                self._tell(GPI_EVENT, Parameter("GPIEvent", {"GPIPortNumber": port, "GPIEvent": 0}))
                self.said_total += said

    def _tell(self, event_type: int, what: Parameter) -> bool:
        """Notify the client, if it enabled that notification."""
        return self._holder is not None and (event_type == ALWAYS or self.state.wants(event_type)) and self._holder.send(event(what))

    # --- faults ---

    def _drop(self) -> None:
        if self._holder:
            self._holder.transport.close()

    def _reset(self) -> None:
        if self._holder:
            made: socket.socket = self._holder.transport.get_extra_info("socket")
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._holder.transport.abort()

    def _stall(self) -> None:
        if self._holder:
            self._holder.mute_until_s = time.monotonic() + MEND_S

    def _half_message(self) -> None:
        if self._holder:
            whole = CODEC.encode(self.state.report([Read(bytes(12), 1, -60)], 0))
            self._holder.transport.write(whole[: len(whole) // 2])
            self._stall()

    def _garbage(self) -> None:
        """Never a header by chance: the first byte has its reserved bits set."""
        if self._holder:
            self._holder.transport.write(b"\xff" + random.randbytes(99))

    def _unreadable(self) -> None:
        """Whole messages without meaning: of an unknown type, and a report that is broken inside."""
        if self._holder:
            broken = b"\x00\xf0\x00\x07\x8d\x30\x74"
            self._holder.transport.write(HEADER.pack(1 << 10 | 999, HEADER.size, 1))
            self._holder.transport.write(HEADER.pack(1 << 10 | 61, HEADER.size + len(broken), 0) + broken)

    def _reboot(self) -> None:
        """Nobody listens for a while, and then it has forgotten everything."""
        if self._server:
            self._server.close()
        for client in list(self._clients):
            client.transport.abort()
        self._kept.clear()
        self.state = self._fresh()
        self._loop.call_later(self._away_s, lambda: self._loop.create_task(self._listen()))

    def _hold(self) -> None:
        """Another client was faster."""
        self._held_until_s = time.monotonic() + self._away_s
        self._drop()

    def _keepalives_missing(self) -> None:
        if self._holder:
            self._holder.lacks_keepalives = True

    def _overflow(self) -> None:
        self._kept.clear()
        self._tell(ALWAYS, Parameter("ReportBufferOverflowErrorEvent"))

    def _lose_antenna(self) -> None:
        """The first one, for a while."""
        self.state.lost_antennas.add(1)
        self._tell(ANTENNA_EVENT, Parameter("AntennaEvent", {"EventType": 0, "AntennaID": 1}))
        self._loop.call_later(self._away_s, self._find_antenna)

    def _find_antenna(self) -> None:
        self.state.lost_antennas.discard(1)
        self._tell(ANTENNA_EVENT, Parameter("AntennaEvent", {"EventType": 1, "AntennaID": 1}))

    def _end_rospec(self) -> None:
        if what := self.state.end_rospec():
            self._tell(ROSPEC_EVENT, what)

    def _exception(self) -> None:
        self._tell(READER_EXCEPTION, Parameter("ReaderExceptionEvent", {"Message": "the power amplifier is too hot"}))
