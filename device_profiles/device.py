"""What a profile takes of its transport, and how it explains it. One subclass a transport; `devices/kinds.py` lists them all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from device_profiles.reading import Reading
from footfall.config import Section


class Device(Section):
    """A subclass adds `transport: Literal["…"]`, its keys, and says which type its messages have. All of it is pure."""

    transport: str

    @abstractmethod
    def specificity(self, message: Any) -> int:
        """How well it fits: 0 if the message is not for it, else the more, the more it asked for. The most specific profile takes it."""

    @abstractmethod
    def decode(self, message: Any) -> Sequence[Reading]:
        """What the message says; ProfileError for whatever else arrives, and never another exception, whatever the bytes."""

    @abstractmethod
    def message(self, values: Mapping[str, Any]) -> Any:
        """The message that a vector's `input` describes; ValueError says what is wrong with it."""
