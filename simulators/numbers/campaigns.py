"""Touches of several campaigns: a fact has them as one text, and counts for each where campaigns are asked for, else once."""

from __future__ import annotations

from typing import Final

from simulators.chain.truth import Touch

CAMPAIGN: Final = "campaign"
_BETWEEN: Final = "\n"


def campaigns_of(touch: Touch) -> str:
    """Return the campaigns of a touch as one text."""
    return _BETWEEN.join(touch.campaigns) or touch.campaign


def each_campaign(text: str) -> list[str]:
    """Return the campaigns of such a text: a touch of none is of ""."""
    return text.split(_BETWEEN)
