"""The gateway's public key: pinned by a file, or as its last receipt had it; and what an earlier release spooled in clear.

    key = GatewayKey(settings, spool)
    key.protection                             # of the intake's events
    key.renew(publisher.seal_key)              # every turn

A key of a receipt is written beside the spool, `{spool}.gateway`, so that a box which starts offline can seal. It is no secret.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge_agent.config import AgentSettings
from edge_agent.keys import read_keys
from edge_agent.protection import NoKeyYet, Protection
from edge_agent.spool import Spool, SpoolUnavailable
from footfall.errors import ConfigError
from footfall.private_files import create_private
from footfall.sealing import key_id, public_key_text, read_public_key

log = logging.getLogger("footfall.agent")


class GatewayKey:
    """Only an agent with an intake has something to seal: any other needs no key."""

    def __init__(self, settings: AgentSettings, spool: Spool) -> None:
        """Raise ConfigError if a file that the settings name cannot be used."""
        self._spool: Final = spool
        self._has_intake: Final = settings.intake is not None
        self._path: Final = settings.spool.path.with_name(f"{settings.spool.path.name}.gateway")
        pinned = settings.keys.gateway_file
        lasting = read_keys(settings.keys.file) if settings.keys.file else {}
        public = read_public_key(pinned) if pinned else self._remembered()
        self.protection: Final = Protection(lasting, public, pinned is not None)
        self._is_hidden = not self._has_intake
        self._hide()

    def use(self, lasting: Mapping[str, bytes], pinned: bytes | None) -> None:
        """Go on with the keys of a reload; without a pinned one with that of the last receipt."""
        self.protection.change(lasting, pinned)
        self._hide()

    def renew(self, public: bytes | None) -> None:
        """Take the key of the last receipt, None if it has none."""
        if self._has_intake and self.protection.offer(public) and self.protection.public is not None:
            log.info("identifiers of plain events are sealed to the gateway's key %s", key_id(self.protection.public))
            self._remember(self.protection.public)
            self._hide()

    def _hide(self) -> None:
        """Protect what an earlier release spooled in clear, once there is a key."""
        if self._is_hidden or self.protection.public is None:
            return
        try:
            self._spool.protect_events(self.protection.protected_text)
            self._is_hidden = True
        except (SpoolUnavailable, NoKeyYet) as error:
            log.error("events of an earlier release may still stand in the spool in clear: %s. The next start tries again", error)

    def _remembered(self) -> bytes | None:
        try:
            return read_public_key(self._path) if self._path.exists() else None
        except ConfigError as error:
            log.warning("%s; the next receipt brings it", error)
            return None

    def _remember(self, public: bytes) -> None:
        beside = Path(f"{self._path}.new")
        try:
            create_private(beside)
            beside.write_text(public_key_text(public) + "\n", encoding="ascii")
            beside.replace(self._path)
        except OSError as error:
            log.warning("%s: cannot be written: %s; the next start asks for the key again", self._path, error.strerror)
