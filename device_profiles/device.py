"""What a profile takes of its transport, and how it explains it. One subclass a transport; `devices/kinds.py` lists them all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from device_profiles.reading import Reading
from footfall.config import Section

ChosenT = TypeVar("ChosenT")


class Device(Section):
    """A subclass adds `transport: Literal["…"]`, its keys, and declares the type of its messages. All of it is pure."""

    transport: str
    is_assigned: ClassVar[bool] = False
    """Whether its source is given its profile, because messages of such devices do not distinguish one model from another."""

    @abstractmethod
    def specificity(self, message: Any) -> int:
        """Return how well it fits: 0 if the message is not for it, else the more, the more it asked for.

        The most specific profile takes it.
        """

    @abstractmethod
    def decode(self, message: Any) -> Sequence[Reading]:
        """Return what the message reports. Raise ProfileError for whatever else arrives, and no other exception."""

    @abstractmethod
    def message(self, values: Mapping[str, Any]) -> Any:
        """Return the message that a vector's `input` describes. Raise ValueError if it describes none."""

    def sku(self, identifier: str) -> str:
        """Return the article that an identifier of goods names, such as a GTIN; "" where it names none. Total, as `decode` is."""
        return ""

    @classmethod
    def chooser(cls, devices: Sequence[tuple[Device, ChosenT]]) -> Callable[[Any], ChosenT | None]:
        """Return a function that finds which of `devices`, all of this transport, takes a message.

        That is the most specific, of two equal ones the first; None if there is none.

        Trying all of them is right where there are few; a transport of many has an index.
        """

        def best(message: Any) -> ChosenT | None:
            found, most = None, 0
            for device, owner in devices:
                specificity = device.specificity(message)
                if specificity > most:
                    found, most = owner, specificity
            return found

        return best
