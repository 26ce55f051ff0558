"""`[[campaigns]]` of `site.toml`: what touches may belong to. Without any entry they may name any campaign. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from footfall.config import Section
from footfall.event_base import Text
from gateway.site.names import first_twice


class Campaign(Section):
    """One campaign, by the name that touches have."""

    name: Text


def check_campaigns(campaigns: Iterable[Campaign]) -> None:
    """Raise ValueError for a campaign that is listed twice."""
    if twice := first_twice(each.name for each in campaigns):
        raise ValueError(f"campaign {twice!r} is listed twice")
