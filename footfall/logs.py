"""Where a process writes what it does: on a terminal for people, elsewhere one line a record, for journald, files and grep."""

from __future__ import annotations

import logging
import sys
import time


def log_to_stderr(verbose: bool) -> None:
    """Everything from INFO, if `verbose` from DEBUG. Times of lines are UTC."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[_for_people() if sys.stderr.isatty() else _lines()])


def _for_people() -> logging.Handler:
    from rich.console import Console
    from rich.logging import RichHandler

    handler = RichHandler(console=Console(stderr=True), show_path=False, log_time_format="%Y-%m-%d %H:%M:%S")
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _lines() -> logging.Handler:
    handler = logging.StreamHandler()
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    return handler
