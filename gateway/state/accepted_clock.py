"""A clock that somebody called right: a file in `state_dir`, which a gateway reads that runs, or is started later in the same boot."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from footfall.errors import ConfigError
from gateway.accept.own_clock import ClockReading
from gateway.state.ownership import give_to_owner_of

FILE: Final = "clock.json"
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def read_clocks() -> ClockReading:
    return ClockReading(time.time_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME))


def write_accepted(state_dir: Path, reading: ClockReading, who: str) -> None:
    """Write the file whole or not at all. Raise ConfigError if it cannot be written."""
    said = {"base_ns": reading.base_ns, "boot": _boot_id(), "wall_ns": reading.wall_ns, "by": who}
    beside = state_dir / f"{FILE}.new"
    try:
        beside.write_text(json.dumps(said), encoding="utf-8")
        beside.chmod(0o600)
        give_to_owner_of(state_dir, (beside,))
        beside.replace(state_dir / FILE)
    except OSError as error:
        raise ConfigError(f"{state_dir / FILE}: cannot be written: {error.strerror}") from None


def read_accepted(state_dir: Path) -> int | None:
    """Return the difference to CLOCK_BOOTTIME, in ns, that was accepted in this boot of the machine; None if none was."""
    with suppress(OSError, ValueError):
        said: Any = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
        match said:
            case {"base_ns": int(base_ns), "boot": str(boot)} if boot == _boot_id():
                return base_ns
    return None


def _boot_id() -> str:
    with suppress(OSError):
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return ""
