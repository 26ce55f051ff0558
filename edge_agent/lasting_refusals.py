"""What is refused again and again, until somebody should know of it. Pure: times are arguments.

    refusals = LastingRefusals("intake")
    refusals.note("10.0.0.5", "secret", now_ns)     # a request, or a message, was refused; "": taken
    refusals.lasting(now_ns)                        # {"secret": "intake: 10.0.0.5, 12 times in 75 s"}
    refusals.forget()                               # the cause is gone

Refusals for one reason from one sender are one run until there is none for QUIET_NS. A run that spans LASTING_NS is reported: a single
mistake is the sender's own, which has the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol, runtime_checkable

from footfall.units import NS_PER_S

LASTING_NS: Final = 60 * NS_PER_S
QUIET_NS: Final = 600 * NS_PER_S
"""Tills repeat what was not taken, and some of them sell seldom."""
MOST_RUNS: Final = 256
"""Runs that are remembered: a scan of the network must not fill the memory."""
MOST_NAMED: Final = 3
MOST_TEXT: Final = 300
CLIENTS_REFUSED: Final = "clients_refused"
NO_KEY: Final = "event.key"
_ASKED_FOR: Final = "secret"
_CODES: Final[Mapping[str, str]] = {NO_KEY: "intake_no_key"}
"""Codes of `footfall status` by reason; of any other it is CLIENTS_REFUSED."""


@dataclass(slots=True)
class _Run:
    since_ns: int
    last_ns: int
    total: int = 1


class LastingRefusals:
    """Any thread may use it."""

    def __init__(self, name: str) -> None:
        self._name: Final = name
        self._lock: Final = Lock()
        self._runs: Final[dict[tuple[str, str], _Run]] = {}
        """By reason and sender, the one that was refused longest ago first."""

    def note(self, sender: str, reason: str, now_ns: int) -> None:
        """Note that something of a sender was refused for a reason, which is a stable word; "": that it was taken."""
        with self._lock:
            if not reason:  # devices send without a secret first, and are then asked for it
                self._runs.pop((_ASKED_FOR, sender), None)
                return
            run = self._runs.pop((reason, sender), None)
            if run is None or now_ns - run.last_ns > QUIET_NS:
                run = _Run(now_ns, now_ns, 0)
            run.last_ns, run.total = now_ns, run.total + 1
            self._runs[reason, sender] = run
            if len(self._runs) > MOST_RUNS:
                del self._runs[next(iter(self._runs))]

    def forget(self) -> None:
        with self._lock:
            self._runs.clear()

    def lasting(self, now_ns: int) -> dict[str, str]:
        """Return by reason who is refused for so long that somebody should know, and how often."""
        with self._lock:
            found: dict[str, list[tuple[str, _Run]]] = {}
            for (reason, sender), run in self._runs.items():
                if run.last_ns - run.since_ns >= LASTING_NS and now_ns - run.last_ns <= QUIET_NS:
                    found.setdefault(reason, []).append((sender, run))
            return {reason: self._text(runs) for reason, runs in found.items()}

    def _text(self, runs: list[tuple[str, _Run]]) -> str:
        named = [f"{sender}, {run.total:,} times in {(run.last_ns - run.since_ns) / NS_PER_S:,.0f} s" for sender, run in runs[-MOST_NAMED:]]
        more = f" and {len(runs) - MOST_NAMED} more" if len(runs) > MOST_NAMED else ""
        return f"{self._name}: {'; '.join(named)}{more}"


@runtime_checkable
class Refusing(Protocol):
    """The intake, or a source to which devices send by themselves: it may have to refuse what comes."""

    def lasting_refusals(self) -> dict[str, str]:
        """Return by reason who is refused for long. Any thread calls it."""


def refused_by(*parts: object) -> dict[str, str]:
    """Return what those parts that are `Refusing` refuse for long, as problems for health: a text by code of `footfall status`."""
    texts: dict[str, list[str]] = {}
    for part in parts:
        for reason, who in part.lasting_refusals().items() if isinstance(part, Refusing) else ():
            texts.setdefault(_CODES.get(reason, CLIENTS_REFUSED), []).append(who if reason in _CODES else f"{reason}: {who}")
    return {code: "; ".join(each)[:MOST_TEXT] for code, each in texts.items()}
