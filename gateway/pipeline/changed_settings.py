"""What a reload finds in gateway.toml that only a restart puts in force.

settings = ChangedSettings(config, notices)      # as the process began with them
settings.look(read)                              # posts or withdraws `restart_needed` and `reload_refused`
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from footfall.config import changed_keys
from footfall.errors import ConfigError
from gateway.config import GatewayConfig
from gateway.pipeline.notices import Notices

log = logging.getLogger("footfall.gateway")

_ABOUT: Final = "gateway"


class ChangedSettings:
    """Values are not shown, only keys: some of them are nobody's business."""

    def __init__(self, in_use: GatewayConfig, notices: Notices) -> None:
        self._in_use: Final = in_use
        self._notices: Final = notices

    def look(self, read: Callable[[], GatewayConfig]) -> None:
        """Compare the settings in use with those that `read` returns, or that it refuses with ConfigError."""
        try:
            changed = changed_keys(self._in_use, read())
        except ConfigError as error:
            log.error("the gateway's settings stay as they were, and a restart would fail: %s", error)
            self._notices.post("reload_refused", f"settings are as they were, and a restart would fail: {error}", about=_ABOUT)
            return
        self._notices.withdraw("reload_refused", _ABOUT)
        if changed:
            log.warning("changes of %s are not taken: they need a restart", ", ".join(changed))
            self._notices.post("restart_needed", f"changes of gateway.toml wait for a restart: {', '.join(changed)}", about=_ABOUT)
        else:
            self._notices.withdraw("restart_needed", _ABOUT)
