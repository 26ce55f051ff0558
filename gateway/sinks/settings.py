"""What the settings of every sink have in common: they make the sink and its reader, and check themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from footfall.config import Section
from gateway.sinks.reader import PointReader
from gateway.sinks.sink import Sink


def ignore_request() -> None:
    """Nobody counts requests."""


class SinkSettings(Section, ABC):
    """The section [sink] of gateway.toml. A kind of sink is a folder with a subclass of this in its `settings.py`."""

    kind: str

    @property
    @abstractmethod
    def where(self) -> str:
        """Return the file or address, as status shows it."""

    @property
    @abstractmethod
    def title(self) -> str:
        """Return product and place, as `footfall config check` shows them."""

    @property
    def busy_s(self) -> float:
        """Return for how many seconds one write may give no sign of life."""
        return 0.0

    @abstractmethod
    def sink(self, on_request: Callable[[], None] = ignore_request) -> Sink:
        """Return the open sink, which calls `on_request` at each request. ConfigError if the settings cannot be used."""

    @abstractmethod
    def reader(self, token: str = "") -> PointReader:
        """Return a reader of what the sink stored. `token` is used where the settings have none. ConfigError as for `sink`."""

    @abstractmethod
    def check(self, online: bool) -> Iterator[str]:
        """Yield a line for each mistake around the settings: files and, if `online`, whether the database takes points."""
