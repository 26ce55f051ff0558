"""A D-Bus daemon of its own, as a machine's system bus is: for an emulated BlueZ, and for whoever talks to it.

bleak finds the system bus by the environment alone: `with bus.in_environment():` points this process and its children to it.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError
from simulators.parts.process import Process

VARIABLE: Final = "DBUS_SYSTEM_BUS_ADDRESS"
_LONGEST_PATH: Final = 107
"""Of a Unix socket (unix(7))."""
_CONFIG: Final = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow send_type="signal"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""


def binary() -> Path:
    """Return the daemon's program. Raise ConfigError with how to get it."""
    found = shutil.which("dbus-daemon")
    if found is None:
        raise ConfigError("dbus-daemon is missing: `apt-get install dbus` (`make parts` does so where it is root)")
    return Path(found)


class PrivateBus:
    """A bus in `folder`; a start on the same folder is a restart at the same address, without those who were connected."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder: Final = folder or Path(tempfile.mkdtemp(prefix="footfall-bus."))
        self._is_ours: Final = folder is None
        self._socket: Final = self.folder.absolute() / "bus"
        self.address: Final = f"unix:path={self._socket}"
        if len(str(self._socket)) > _LONGEST_PATH:
            raise ConfigError(f"{self._socket}: too long for a Unix socket, {_LONGEST_PATH} bytes at most")
        config = self.folder / "bus.conf"
        config.write_text(_CONFIG.format(socket=self._socket))
        command = [str(binary()), f"--config-file={config}", "--nofork", "--nopidfile", "--nosyslog"]
        self.process: Final = Process(command, self.folder / "bus.log", self._is_ready)

    def start(self) -> PrivateBus:
        self._socket.unlink(missing_ok=True)
        self.process.start()
        return self

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    @contextmanager
    def in_environment(self) -> Iterator[None]:
        """Inside it is the system bus of this process and of those that it starts."""
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = self.address
        try:
            yield
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before

    def __enter__(self) -> PrivateBus:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._is_ours:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._socket)) == 0
