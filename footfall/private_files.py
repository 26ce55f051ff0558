"""Files that hold what nobody but their owner may read.

create_private(path)     # 0600 from its first moment on, if it is not there
make_private(path)       # also one of an earlier release, with SQLite's companions beside it
private_folder(path)     # 0700, if it is not there
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_OTHERS: Final = 0o077
_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")


def create_private(path: Path) -> None:
    """Create an empty file that only its owner may read, whatever the umask is. One that is there stays as it is; so does a full disk."""
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def make_private(path: Path) -> None:
    """Take the rights of others to a SQLite file away. Only its owner can; on a disk that refuses writes it stays as it is."""
    for suffix in _COMPANIONS:
        file = path.with_name(path.name + suffix)
        with suppress(OSError):
            mode = file.stat().st_mode
            if mode & _OTHERS:
                file.chmod(mode & ~_OTHERS & 0o7777)


def private_folder(path: Path) -> None:
    """Create a folder, and those above it, that only its owner may enter. Raise OSError. One that is there stays as it is."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
