"""The gateway's side of the contract on a real broker, as small as it can be: marks, receipts, and ways for both to go wrong."""

from __future__ import annotations

import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from footfall.frames import Body, Header, Kind, crc32_of, decode_body, decode_frame
from footfall.health import Health, decode_health
from footfall.receipts import DayKey, Receipt, Times, encode_receipt
from footfall.topics import Topic, parse_topic, wildcard
from tests.support.waiting import PATIENCE_S
from tests.support.waiting import until as wait_until

START_NS = 1_800_000_000_000_000_000


class Responder:
    """Accepts `mark + 1` (or `oldest`), drops what is known, repeats its mark for what is ahead. `sends` may swallow or multiply receipts.

    `taken`: (epoch, seq) -> body, in order of acceptance; `headers`: of every frame that arrived.
    """

    def __init__(self, port: int) -> None:
        self.marks: dict[str, int] = defaultdict(int)
        self.taken: dict[tuple[str, int], Body] = {}
        self.taken_again_total = 0
        self.headers: list[Header] = []
        self.health: list[Health] = []
        self.journal_id = "journal-1"
        self.versions: tuple[int, ...] = (1,)
        self.key: DayKey | None = None
        self.pause_s: int | None = None
        self.times: Times | None = None
        self.echoes = False
        """Whether receipts name what they answer, as a gateway of this release does."""
        self.parts = False
        """Whether frames are taken in parts."""
        self.joined_total = 0
        self._parts: dict[tuple[str, int, int], dict[int, bytes]] = defaultdict(dict)
        self.deaf: Callable[[Header], bool] = lambda header: False
        self.sends: Callable[[Receipt], list[Receipt]] = lambda receipt: [receipt]
        self._gateway_ns = START_NS
        self._lock = threading.Lock()
        self._client = Client(CallbackAPIVersion.VERSION2, f"responder-{time.monotonic_ns()}")
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe([(wildcard("frames"), 1), (wildcard("health"), 1)])
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Responder:
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def forget(self, journal_id: str | None = None) -> None:
        """As a gateway that lost its disk; with the same journal id, as one restored from a copy that is older."""
        with self._lock:
            self.marks.clear()
            self.journal_id = journal_id or self.journal_id

    def bodies(self) -> list[Body]:
        """Of all frames that were taken so far, in order of acceptance."""
        with self._lock:
            return list(self.taken.values())

    def rows(self, kind: Kind) -> list[dict[str, Any]]:
        """Extras of all rows of `kind` that were taken."""
        return [dict(body.extra.get(i, {})) for body in self.bodies() for i in range(len(body)) if body.kind[i] == kind]

    def count(self, kind: Kind) -> int:
        return sum(int(body.count[body.kind == kind].sum()) for body in self.bodies())

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        topic = parse_topic(message.topic)
        if topic.leaf == "health":
            self.health.append(decode_health(message.payload))
            return
        header, data = decode_frame(message.payload)
        with self._lock:
            self.headers.append(header)
            if self.deaf(header):
                return
            if header.parts > 1:
                whole = self._join(header, data)
                if whole is None or zlib.crc32(whole) != crc32_of(message.payload):
                    return
                data = whole
            self._accept(topic, header, data)

    def _join(self, header: Header, piece: bytes) -> bytes | None:
        assert self.parts, "parts were sent to a gateway that takes none"
        key = (header.epoch, header.seq, header.parts)
        self._parts[key][header.part] = piece
        if len(self._parts[key]) < header.parts:
            return None
        self.joined_total += 1
        pieces = self._parts.pop(key)
        return b"".join(pieces[i] for i in range(header.parts))

    def _accept(self, topic: Topic, header: Header, data: bytes) -> None:
        if header.seq and header.seq == max(self.marks[header.epoch] + 1, header.oldest):
            self.taken_again_total += (header.epoch, header.seq) in self.taken
            self.taken[header.epoch, header.seq] = decode_body(data)
            self.marks[header.epoch] = header.seq
        self._gateway_ns = START_NS + time.monotonic_ns() if self.echoes else self._gateway_ns + 1_000_000
        echo = (header.boot, header.sent_boot_ns) if self.echoes else ("", 0)
        receipt = Receipt(
            header.epoch,
            self.marks[header.epoch],
            self._gateway_ns,
            self.journal_id,
            self.versions,
            self.key,
            self.pause_s,
            *echo,
            parts=self.parts,
            times=self.times,
        )
        for one in self.sends(receipt):
            self._client.publish(str(Topic(topic.store, topic.agent, "receipts")), encode_receipt(one), 0)


def until(done: Callable[[], bool], seconds: float = PATIENCE_S, what: str = "") -> None:
    """Wait until `done`, failing after `seconds`."""
    wait_until(done, what or done, seconds)
