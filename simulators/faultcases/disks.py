"""A small disk of a case's own, which it can fill and empty."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from simulators.faultcases.findings import Missing
from simulators.faultcases.scene import Scene

_STEP_BYTES: Final = 4096


class SmallDisk:
    """A tmpfs of `size_bytes` at `folder`; it goes with the scene."""

    def __init__(self, scene: Scene, name: str, size_bytes: int) -> None:
        self.folder: Final = scene.folder / name
        self.folder.mkdir()
        self._filler: Final = self.folder / "filler"
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"no small disk can be mounted here: {done.stderr.strip() or 'who may mount is root'}")
        scene.ending.callback(unmount, self.folder)

    def fill(self) -> None:
        """To the last byte."""
        with self._filler.open("ab", buffering=0) as file:
            for step in (1 << 20, _STEP_BYTES):
                while True:
                    try:
                        if file.write(bytes(step)) < step:
                            break
                    except OSError:
                        break

    def empty(self) -> None:
        self._filler.unlink()


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def unmount_below(folder: Path) -> None:
    """Whatever a case left mounted there."""
    mounts = Path("/proc/mounts")
    for line in mounts.read_text(encoding="utf-8").splitlines() if mounts.exists() else ():
        place = line.split()[1]
        if place.startswith(f"{folder}/"):
            unmount(Path(place))
