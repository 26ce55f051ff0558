"""A folder that is written as a whole or not at all: beside its place first, then renamed.

with written_whole(Path("world"), "truth.jsonl") as folder:
    ...  # write into folder; what ends this early leaves nothing behind
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from footfall.errors import ConfigError

CheckSame = Callable[[], None]


@contextmanager
def written_whole(out: Path, mark: str) -> Iterator[tuple[Path, CheckSame]]:
    """Yield a folder to write into, which becomes `out` at the end, and what to call once `mark` is in it.

    A folder that has files already keeps them, but for those of equal names. That call raises ConfigError if `out` has another file `mark`:
    it belongs to something else. ConfigError, too, where `out` is no folder or cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out}: this is a file: name a folder, which is made if it is not there")
    aside = out.absolute().parent / f".{out.absolute().name}.{os.getpid()}.part"

    def check_same() -> None:
        if (out / mark).exists() and (out / mark).read_bytes() != (aside / mark).read_bytes():
            raise ConfigError(f"{out}: another world is here ({mark} differs): name another folder, or remove this one")

    try:
        aside.mkdir(parents=True)
        yield aside, check_same
        _put(aside, out)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _put(aside: Path, out: Path) -> None:
    if not out.exists():
        aside.rename(out)
        return
    for path in sorted(aside.iterdir()):
        path.replace(out / path.name)
