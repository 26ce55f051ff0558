"""What the gateway would make of a correction by command: the same checks on the same estate, beside the gateway's files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from footfall.errors import ConfigError, ContractError
from footfall.topics import parse_topic
from gateway.accept.checkpointed_memory import CheckpointedMemory
from gateway.accept.plain_events import PlainEvents
from gateway.config import GatewayConfig
from gateway.fans.desk import pseudonymiser_of
from gateway.records import Record
from gateway.site import Site
from gateway.site.index import Places
from gateway.state.event_ids import content_in
from gateway.state.files import JOURNAL


class _Beside(CheckpointedMemory):
    """Knows the events that a gateway's journal knows, and keeps what it learns to itself."""

    def __init__(self, journal: Path) -> None:
        super().__init__("")
        self._journal: Final = journal

    def event_content(self, id_hash: bytes) -> bytes:
        return super().event_content(id_hash) or content_in(self._journal, [id_hash]) or b""


def taken(settings: GatewayConfig, site: Site, topic: str, payload: bytes, now_ns: int) -> Record:
    """Return the record that the gateway would make of a correction.

    Raise ConfigError, with its own words, for one that it would refuse though headquarters decides it now.
    """
    pseudonyms = pseudonymiser_of(settings, site)
    pseudonyms.consent = settings.profiles.registry().consent
    events = PlainEvents(Places(site), _Beside(settings.state_dir / JOURNAL), pseudonyms)
    try:
        outcome = events.published(parse_topic(topic), payload, now_ns, replayed=True)
    except ContractError as error:
        raise ConfigError(f"nothing was corrected: {error}") from None
    for refused in outcome.refused:
        raise ConfigError(f"nothing was corrected: {refused.message}")
    (entry,) = outcome.entries
    return entry.record(0, now_ns)
