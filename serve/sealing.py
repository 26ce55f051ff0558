"""Identifiers of posted events are sealed to the gateway's public key before they are published: brokers keep messages on disk. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from footfall.events import AnyEvent
from footfall.identified import sealed_event, stated_identifiers
from footfall.sealing import public_key_of
from serve.broker_client import NotPublished


class EventSealer:
    """Remembers the gateway's key while the gateway is away."""

    def __init__(self) -> None:
        self._public: bytes | None = None

    def needs_key(self, events: Sequence[AnyEvent]) -> bool:
        """Return whether any event states an identifier."""
        return any(stated_identifiers(event) for event in events)

    def sealed(self, values: Sequence[Any], events: Sequence[AnyEvent], status: Mapping[str, Any]) -> list[Any]:
        """Return events as they may be published, by the gateway's `status`.

        Raise NotPublished if no gateway has answered yet. A gateway without a brand's secret has no key, and takes no identifiers.
        """
        if text := status.get("seal_key"):
            self._public = public_key_of(text)
            if self._public is None:
                raise NotPublished("the gateway's seal_key is no public key, and identifiers are published only sealed to it")
        public: Final = self._public
        if public is None and "version" not in status:
            raise NotPublished("the gateway does not answer, and identifiers are published only sealed to its key")
        return list(values) if public is None else [sealed_event(one, event, public) for one, event in zip(values, events, strict=True)]
