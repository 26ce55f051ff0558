"""Which gateway's journal an agent is bound to. Pure: journal ids and boot times in, decisions out.

    binding = Binding(journal_id, notice_ns)
    binding.asked(now_ns)                    # a hello or a frame was sent; every gateway on the broker answers it
    binding.hear(journal_id, now_ns) -> Word # BOUND: it counts; OTHER: it does not; CHANGE: bind to it
    binding.bind(journal_id)                 # once the change is stored
    binding.lost(now_ns)                     # no connection: nobody can be asked

An agent stays bound to its journal while that answers. It accepts another only after its own, asked over a connection, was silent for
`notice_ns`. The way back is the same. So a second gateway on the broker takes no agent away from the first. Nor does one that was
started for a moment with an empty state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from footfall.units import NS_PER_HOUR

MAX_JOURNALS: Final = 16
"""Journals remembered: health has room for no more."""


class Word(Enum):
    """What a receipt of a journal means."""

    BOUND = auto()
    OTHER = auto()
    CHANGE = auto()


class Stopwatch:
    """The time that passed while it ran; it can be stopped and resumed."""

    def __init__(self) -> None:
        self._before_ns = 0
        self._since_ns: int | None = None

    def start(self, now_ns: int) -> None:
        if self._since_ns is None:
            self._since_ns = now_ns

    def stop(self, now_ns: int) -> None:
        self._before_ns = self.read_ns(now_ns)
        self._since_ns = None

    def reset(self) -> None:
        self._before_ns, self._since_ns = 0, None

    def read_ns(self, now_ns: int) -> int:
        return self._before_ns + (0 if self._since_ns is None else now_ns - self._since_ns)


@dataclass(slots=True)
class _Presence:
    """Since when, and until when, a journal was heard without a silence of more than `notice_ns`."""

    first_ns: int
    last_ns: int


class Binding:
    """`journal_id` None: not bound yet; the agent binds to the first that answers."""

    def __init__(self, journal_id: str | None, notice_ns: int) -> None:
        self.journal_id = journal_id
        self._notice_ns: Final = notice_ns
        self._silence: Final = Stopwatch()
        self._heard: Final[dict[str, _Presence]] = {}

    def asked(self, now_ns: int) -> None:
        self._silence.start(now_ns)

    def lost(self, now_ns: int) -> None:
        self._silence.stop(now_ns)

    def hear(self, journal_id: str, now_ns: int) -> Word:
        self._note(journal_id, now_ns)
        if journal_id == self.journal_id:
            self._silence.reset()
            return Word.BOUND
        if self.journal_id is not None and self.silent_ns(now_ns) < self._notice_ns:
            return Word.OTHER
        return Word.CHANGE

    def bind(self, journal_id: str) -> None:
        self.journal_id = journal_id
        self._silence.reset()

    def silent_ns(self, now_ns: int) -> int:
        """Return for how long, while connected, the journal was asked and did not answer."""
        return self._silence.read_ns(now_ns)

    def ages_s(self, now_ns: int) -> dict[str, float]:
        """Return how many seconds ago each journal of the last hour was last heard."""
        ages_ns = {name: now_ns - heard.last_ns for name, heard in list(self._heard.items())}
        return {name: max(0, age_ns) / 1e9 for name, age_ns in ages_ns.items() if age_ns <= NS_PER_HOUR}

    def rivals(self, now_ns: int) -> list[str]:
        """Return the journals that answer at the same time: each heard within `notice_ns`, and since the others began."""
        lately = {name: heard for name, heard in list(self._heard.items()) if now_ns - heard.last_ns <= self._notice_ns}
        return sorted(
            name for name, heard in lately.items() if any(_overlap(heard, other) for rival, other in lately.items() if rival != name)
        )

    def _note(self, journal_id: str, now_ns: int) -> None:
        heard = self._heard.get(journal_id)
        if heard is None or now_ns - heard.last_ns > self._notice_ns:
            self._heard[journal_id] = _Presence(now_ns, now_ns)
        else:
            heard.last_ns = now_ns
        for name in sorted(self._heard, key=lambda name: self._heard[name].last_ns)[:-MAX_JOURNALS]:
            del self._heard[name]


def _overlap(one: _Presence, other: _Presence) -> bool:
    return one.first_ns <= other.last_ns and other.first_ns <= one.last_ns
