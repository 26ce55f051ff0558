"""The user of a command, for the record of what was done."""

from __future__ import annotations

import getpass
import os


def user_name() -> str:
    """Return the user's name; `uid 12345` if that id has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the latter since Python 3.13
        return f"uid {os.getuid()}"
