"""What a fan may consent to: a stated list, since a mistyped purpose would change nothing and leave its fan named. Pure."""

from __future__ import annotations

from typing import Final, Literal, get_args

from footfall.mistakes import did_you_mean

Purpose = Literal["identify"]
IDENTIFY: Final[Purpose] = "identify"
"""To be named: without it nothing bears the fan."""
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)


def check_purpose(purpose: object) -> object:
    """Return what is a purpose, or no text at all. Raise ValueError for any other text, with the purpose that may be meant."""
    if not isinstance(purpose, str) or purpose in PURPOSES:
        return purpose
    meant = did_you_mean(purpose.strip().lower(), PURPOSES)
    raise ValueError(f"is none that Footfall acts on{meant or ':'} The purposes are: {', '.join(PURPOSES)}")
