"""The brand's own beacons, as the last receipt had them: in a file beside the spool, so that a box that starts offline knows them.

kept = OwnBeaconsFile(spool_path)
kept.rule()                          # a BeaconRule; one without UUIDs if there is no file
kept.keep(own)                       # whole or not at all; what cannot be written is asked for again by the next start
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgpack

from footfall.beacons import BeaconRule, OwnBeacon, packed, unpacked

log = logging.getLogger("footfall.agent")


class OwnBeaconsFile:
    """`{spool}.beacons`, readable by its owner alone."""

    def __init__(self, spool: Path) -> None:
        self._path: Final = spool.with_name(f"{spool.name}.beacons")

    def rule(self) -> BeaconRule:
        try:
            return BeaconRule(unpacked(msgpack.unpackb(self._path.read_bytes())))
        except FileNotFoundError:
            return BeaconRule()
        except (OSError, ValueError, msgpack.UnpackException) as error:
            log.warning("%s: cannot be read, and waits for the gateway: %s", self._path, type(error).__name__)
            return BeaconRule()

    def keep(self, own: tuple[OwnBeacon, ...]) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            beside.write_bytes(msgpack.packb(packed(own)))
            beside.chmod(0o600)
            beside.replace(self._path)
        except OSError as error:
            log.warning("%s: cannot be written: %s", self._path, error.strerror)
