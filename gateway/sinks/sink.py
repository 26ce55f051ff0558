"""What every database behind the gateway guarantees. `tests/conformance` holds each to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.points import Points


class Sink(Protocol):
    """Takes points at least once and keeps each once: the same series and time again replaces every field.

    One thread uses a sink. Nothing is dropped silently: what `write` does not raise is durable.
    """

    name: str

    def write(self, batch: Sequence[Points]) -> None:
        """Write points: they are durable on return.

        SinkUnavailable: nothing may be assumed; the same batch is to be written again after `retry_after_s`.
        PartialWrite: everything is durable but the points it lists, which no repetition would store.
        """

    def delete(self, measurements: Sequence[str], store: str, from_ns: int, to_ns: int) -> None:
        """Forget the store's points of these measurements with from_ns <= time < to_ns. SinkUnavailable as for `write`."""

    def close(self) -> None:
        """Let go of connections; everything written stays."""
