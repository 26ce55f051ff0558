"""Which messages of its transport a profile matches, and how it decodes them. One subclass per transport, listed in `devices/kinds.py`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from device_profiles.reading import Reading
from footfall.config import Section

ChosenT = TypeVar("ChosenT")


class Device(Section):
    """A subclass adds `transport: Literal["…"]` and its keys, and declares the type of its messages. All of it is pure."""

    transport: str
    is_assigned: ClassVar[bool] = False
    """Whether a source is configured with its profile, because messages do not distinguish one model from another."""

    @property
    def identifies_nobody(self) -> bool:
        """Return whether its messages, alone, are nobody's presence: another message of the same device names it."""
        return False

    @abstractmethod
    def specificity(self, message: Any) -> int:
        """Return 0 if the message does not match, else a number that grows with the conditions it met.

        The most specific profile decodes the message.
        """

    @abstractmethod
    def decode(self, message: Any) -> Sequence[Reading]:
        """Return what the message reports. Raise ProfileError for any other message, and no other exception."""

    @abstractmethod
    def message(self, values: Mapping[str, Any]) -> Any:
        """Return the message that a vector's `input` describes. Raise ValueError if it describes none."""

    def sku(self, identifier: str) -> str:
        """Return the article that an identifier of goods names, such as a GTIN; "" where it names none. Never raises."""
        return ""

    @classmethod
    def chooser(cls, devices: Sequence[tuple[Device, ChosenT]]) -> Chooser[ChosenT]:
        """Return what finds which of `devices`, all of this transport, takes a message.

        Trying all of them is right where there are few; a transport of many has an index.
        """
        return _Trying(devices)


class Chooser(Protocol[ChosenT]):
    """Finds the device that takes a message: the most specific, of two equal ones the first; None if there is none."""

    def __call__(self, message: Any, /) -> ChosenT | None: ...

    def beside(self, message: Any, /) -> list[ChosenT]:
        """Return those whose telemetry is in the message beside its identity."""
        ...


class _Trying(Generic[ChosenT]):
    """Tries all devices of a transport."""

    def __init__(self, devices: Sequence[tuple[Device, ChosenT]]) -> None:
        self._devices: Final = devices

    def __call__(self, message: Any, /) -> ChosenT | None:
        found, most = None, 0
        for device, owner in self._devices:
            specificity = device.specificity(message)
            if specificity > most:
                found, most = owner, specificity
        return found

    def beside(self, _message: Any, /) -> list[ChosenT]:
        return []
