"""A real Mosquitto on loopback, without access control; the deployed one is tried in `tests/integration/test_broker_access.py`.

On SIGTERM it saves what is queued; on SIGKILL it loses what came since the last save, which is why agents have a spool.
"""

from __future__ import annotations

import getpass
import os
import shutil
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError
from simulators.parts.process import Process, free_port, is_listening

_CONFIG: Final = """
user {user}
listener {port} 127.0.0.1
persistence {persistence}
persistence_location {folder}/
max_queued_messages {max_queued_messages}
max_inflight_messages {max_inflight_messages}
log_dest stdout
log_type error
log_type warning
log_type notice
allow_anonymous {anonymous}
{more}
"""


def binary() -> Path:
    """Return the broker's program. Raise ConfigError with how to get it."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
    if found is None:
        raise ConfigError("mosquitto is missing: `apt-get install mosquitto` (`make parts` does so where it is root)")
    return Path(found)


class Mosquitto:
    """One broker in `folder` on 127.0.0.1:`port`; a start on the same folder and port is a restart with its sessions.

    `max_queued_messages` is what it keeps for an absent subscriber, 0 keeps all; Mosquitto's own default is 1000. `max_inflight_messages`
    is what an MQTT 3.1.1 subscriber may have unacknowledged; one of MQTT 5 states its own. `more` are lines of its configuration.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        persistence: bool = True,
        max_queued_messages: int = 1000,
        max_inflight_messages: int = 20,
        anonymous: bool = True,
        more: str = "",
    ) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "mosquitto.conf"
        text = _CONFIG.format(
            user=getpass.getuser(),  # else root becomes `mosquitto`, who may not read the folder
            port=self.port,
            folder=self.folder,
            persistence=str(persistence).lower(),
            max_queued_messages=max_queued_messages,
            max_inflight_messages=max_inflight_messages,
            anonymous=str(anonymous).lower(),
            more=more,
        )
        config.write_text(text)
        self.process = Process([str(binary()), "-c", str(config)], self.folder / "mosquitto.log", lambda: is_listening(self.port))

    def start(self) -> Mosquitto:
        self.process.start()
        return self

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def __enter__(self) -> Mosquitto:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
