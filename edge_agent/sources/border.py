"""Bugs while one message is decoded. Whatever a decoder, or a library that it uses, raises about a message counts as a refusal:
counted under a reason, logged once per kind, and the source goes on.

    except Exception as error:
        raise refusal(error) from error
"""

from __future__ import annotations

import logging
from typing import Final

from footfall.errors import ProfileError

log = logging.getLogger("footfall.agent.sources")

BUG: Final = "decoder.bug"
"""Reason of a message whose decoder raised an unplanned error."""
_MOST_KINDS: Final = 1000
_logged: Final[set[tuple[str, str, int]]] = set()


def refusal(error: Exception) -> ProfileError:
    """Return the ProfileError for what was raised about one message. The place in the code is logged, never the message: it may contain
    an identifier."""
    if isinstance(error, ProfileError):
        return error
    name, place = type(error).__name__, _place(error)
    kind = (name, *place)
    if kind not in _logged and len(_logged) < _MOST_KINDS:
        _logged.add(kind)
        log.error("a message was refused: its decoder raised %s in %s, line %d: a bug, please report it", name, *place)
    return ProfileError(BUG, f"its decoder raised {name} in {place[0]}, line {place[1]}")


def _place(error: Exception) -> tuple[str, int]:
    """Return the file and line where it was raised."""
    at = error.__traceback__
    if at is None:
        return "?", 0
    while at.tb_next is not None:
        at = at.tb_next
    return at.tb_frame.f_code.co_filename, at.tb_lineno
