"""The brand's own beacons, as the last receipt had them: in a file beside the spool, so that a box that starts offline knows them.

    kept = OwnBeaconsFile(spool_path, until_ns)
    kept.rule                            # a BeaconRule; one without UUIDs if there is no file
    kept.renewed(own, gateway_ns, now_ns) -> bool     # whether the rule is another one now
    kept.is_known                        # whether it was ever heard: until then, or `until_ns`, nothing is heard but waits

A box that starts for the first time does not know whose beacons are whose: its first receipt comes within a second.
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

    def __init__(self, spool: Path, until_ns: int) -> None:
        self._path: Final = spool.with_name(f"{spool.name}.beacons")
        self._until_ns: Final = until_ns
        kept = self._read()
        self.is_known = kept is not None
        self.rule = BeaconRule(kept or ())

    def renewed(self, own: tuple[OwnBeacon, ...] | None, gateway_ns: int, now_ns: int) -> bool:
        """Take what the last receipt has; None: nothing of it. `gateway_ns`: 0 while no receipt came, and read before `own`."""
        if gateway_ns and (not self.is_known or own not in (None, self.rule.own)):
            self._keep(own or ())
        self.is_known = self.is_known or bool(gateway_ns) or now_ns >= self._until_ns
        if own is None or own == self.rule.own:
            return False
        self.rule = BeaconRule(own)
        return True

    def _read(self) -> tuple[OwnBeacon, ...] | None:
        try:
            return unpacked(msgpack.unpackb(self._path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, msgpack.UnpackException) as error:
            log.warning("%s: cannot be read, and waits for the gateway: %s", self._path, type(error).__name__)
            return None

    def _keep(self, own: tuple[OwnBeacon, ...]) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            beside.write_bytes(msgpack.packb(packed(own)))
            beside.chmod(0o600)
            beside.replace(self._path)
        except OSError as error:
            log.warning("%s: cannot be written: %s", self._path, error.strerror)
