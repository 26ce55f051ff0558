"""Whose the files of `state_dir` are: a command that root types leaves none there that the gateway's user cannot read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def give_to_owner_of(folder: Path, paths: Iterable[Path]) -> None:
    """Give `paths` to the owner of `folder`, where root runs this. Nobody else could, nor needs to."""
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
