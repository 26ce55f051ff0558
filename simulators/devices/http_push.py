"""A camera above a door that posts how many passed, in the format of a vendor.

    with PushCamera("hikvision-people-counting", ["main"]) as camera:
        camera.say(Crossing(0, "main", 2, 1))
        camera.faults["wrong-secret"]()

It posts as soon as somebody passed, and every `push_s` though nobody did; what was not answered 2xx is posted again, byte for byte, as
cameras do. Faults: `wrong-secret`, `silence` and `unplugged` (connections cut off in the middle of a body) for `mend_s`;
`replay` (the last posts once more, byte for byte), `oversized` (a body of 80 MB), `garbage` (bodies that are nothing), `drip` (a client
that sends a byte now and then).

`said_total` counts people whose post was answered 2xx; for those that show totals, since the first that was.
"""

from __future__ import annotations

import contextlib
import http.client
import secrets
import socket
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from simulators.devices.emulator import SAID_S, until_said
from simulators.devices.http_push_formats import FORMATS, Counter, Post
from simulators.parts.process import free_port

TIMEOUT_S: Final = 12.0
MS: Final = 1_000_000
OVERSIZED: Final = 80 << 20
DRIP_S: Final = 0.5
REMEMBERED: Final = 20
GARBAGE: Final[tuple[Post, ...]] = (
    ("application/json", b"{"),
    ("application/json", b'{"logics_data": NaN}'),
    ("application/xml", b'<!DOCTYPE a [<!ENTITY b "b">]><EventNotificationAlert>&b;</EventNotificationAlert>'),
    ("multipart/form-data; boundary=b", b"--b\r\nno end of a head"),
    ("", b"\x00\xff" * 1000),
)


class PushCamera:
    """`doors`: one line each, in the order of its channels. `port`: where the agent will listen."""

    def __init__(
        self,
        profile: str = "hikvision-people-counting",
        doors: Sequence[str] = ("main",),
        *,
        push_s: float = 1.0,
        mend_s: float = 2.0,
        port: int | None = None,
    ) -> None:
        if profile not in FORMATS:
            raise ConfigError(f"{profile!r} is none of the formats {', '.join(FORMATS)}")
        self.said_total = 0
        self.answers: Final[deque[int]] = deque(maxlen=1000)
        """Statuses, the latest last."""
        self.port: Final = port or free_port()
        self.secret: Final = secrets.token_urlsafe(16)
        self._format: Final = FORMATS[profile]
        now_ns = time.time_ns()
        self._counters: Final = {door: Counter(n, from_ns=now_ns) for n, door in enumerate(doors, 1)}
        self._pending: Final[dict[str, tuple[list[Post], int]]] = {}
        self._seen: Final[set[str]] = set()
        self._push_s: Final = push_s
        self._mend_s: Final = mend_s
        self._wrong: tuple[str, float] = ("", 0.0)
        self._lock: Final = threading.Lock()
        self._wake: Final = threading.Event()
        self._stop: Final = threading.Event()
        self._last: Final[deque[Post]] = deque(maxlen=REMEMBERED)
        self._due: Final[deque[Post]] = deque()
        self._folder: Final = tempfile.TemporaryDirectory(prefix="footfall-camera-")
        self._thread: Final = threading.Thread(target=self._run, name="push-camera", daemon=True)
        self._drips: Final[list[threading.Thread]] = []

    def __enter__(self) -> Self:
        self._secret_file.write_text(self.secret)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self._stop.set()
        self._wake.set()
        for thread in (self._thread, *self._drips):
            thread.join()
        self._folder.cleanup()

    def say(self, heard: Sighting | Crossing) -> None:
        """ValueError for a sighting, and for a door that it does not see."""
        if not isinstance(heard, Crossing):
            raise ValueError("a camera above a door knows nobody")
        if heard.door not in self._counters:
            raise ValueError(f"{heard.door!r} is none of the doors {', '.join(self._counters)}")
        with self._lock:
            counter = self._counters[heard.door]
            for counts in (counter.totals, counter.unreported):
                counts[0] += heard.entered
                counts[1] += heard.left
        self._wake.set()

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        until_said(self._has_said_all, timeout_s)

    def _has_said_all(self) -> bool:
        with self._lock:
            passed = any(any(counter.unreported) for counter in self._counters.values())
            return not passed and not self._due and not any(people for _, people in self._pending.values())

    def settings(self) -> Mapping[str, Any]:
        doors = {self._format.line(counter.channel): door for door, counter in self._counters.items()}
        return {"kind": "http_push", "port": self.port, "secret_file": str(self._secret_file), "doors": doors}

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        return {
            "wrong-secret": lambda: self._go_wrong("wrong-secret"),
            "silence": lambda: self._go_wrong("silence"),
            "unplugged": lambda: self._go_wrong("unplugged"),
            "replay": self._repeat,
            "oversized": lambda: self._due.append(("application/json", b"")),
            "garbage": lambda: self._due.extend(GARBAGE),
            "drip": self._drip,
        }

    @property
    def _secret_file(self) -> Path:
        return Path(self._folder.name) / "secret"

    def _go_wrong(self, name: str) -> None:
        self._wrong = (name, time.monotonic() + self._mend_s)

    def _is(self, name: str) -> bool:
        wrong, until_s = self._wrong
        return wrong == name and time.monotonic() < until_s

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._push_s)
            self._wake.clear()
            if self._is("silence"):
                self._stop.wait(0.1)
                self._wake.set()
                continue
            while self._due:
                self._post_due(self._due.popleft())
            answered = [self._report(door) for door in self._counters]
            if not all(answered):
                self._stop.wait(0.2)
                self._wake.set()

    def _report(self, door: str) -> bool:
        """Post what passed since the last report; until it is answered, the same again, and what passes meanwhile is of the next."""
        with self._lock:
            if door not in self._pending:
                report = self._prepare(self._counters[door])
                if report is None:
                    return True
                self._pending[door] = report
            posts, people = self._pending[door]
        while posts:
            if self._post(*posts[0]) // 100 != 2:
                return False
            self._last.append(posts.pop(0))
        with self._lock:
            del self._pending[door]
            if not self._format.shows_totals or door in self._seen:
                self.said_total += people
            self._seen.add(door)
        return True

    def _prepare(self, counter: Counter) -> tuple[list[Post], int] | None:
        """What is to be posted, and of how many people; None if there is nothing to post yet."""
        people, now_ns = sum(counter.unreported), time.time_ns()
        if not people and counter.number and now_ns - counter.from_ns < self._push_s * 1e9:
            return None
        counter.to_ns = max(now_ns, counter.from_ns + MS)
        counter.number += 1
        posts = self._format.posts(counter)
        counter.from_ns, counter.unreported = counter.to_ns, [0, 0]
        return posts, people

    def _post_due(self, post: Post) -> None:
        if post[1]:
            self._post(*post)
            return
        with self._connected() as connection:  # oversized: its Content-Length is refused
            connection.putrequest("POST", "/push")
            connection.putheader("Content-Length", str(OVERSIZED))
            connection.putheader("Authorization", f"Bearer {self.secret}")
            connection.endheaders(b"{" * 100_000)
            self.answers.append(connection.getresponse().status)

    def _post(self, content_type: str, body: bytes) -> int:
        """The answer's status; 0 if there was none."""
        secret = "not-the-secret" if self._is("wrong-secret") else self.secret
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": content_type}
        with self._connected() as connection:
            if self._is("unplugged"):
                connection.putrequest("POST", "/push")
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    connection.putheader(name, value)
                connection.endheaders(body[: len(body) // 2])
                return 0
            connection.request("POST", "/push", body, headers)
            status: int = connection.getresponse().status
            self.answers.append(status)
            return status
        return 0

    @contextlib.contextmanager
    def _connected(self) -> Any:
        """A connection for one request; nobody listening, or hanging up, is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            yield connection

    def _repeat(self) -> None:
        with self._lock:
            self._due.extend(self._last)
        self._wake.set()

    def _drip(self) -> None:
        thread = threading.Thread(target=self._dripping, name="push-camera-drip", daemon=True)
        thread.start()
        self._drips.append(thread)

    def _dripping(self) -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S) as connection:
            connection.sendall(f"POST /push HTTP/1.1\r\nAuthorization: Bearer {self.secret}\r\nContent-Length: 1000\r\n\r\n".encode())
            until_s = time.monotonic() + 4 * self._mend_s
            while time.monotonic() < until_s and not self._stop.wait(DRIP_S):
                connection.sendall(b" ")
