"""A row of the table of stores: what a store was from one time on. Pure."""

from __future__ import annotations

from typing import NamedTuple


class DatedStoreVersion(NamedTuple):
    """From `begin_ns` on, up to the next version of the store; 0 where it held always."""

    store: str
    begin_ns: int
    title: str
    path: str
    ownership: str
    timezone: str
    day_start: str
    hours: str
    """See `gateway.site.hours`."""
    closed: str
    """Dates, with blanks between them."""
    agents: str
    """JSON: `[{"name", "from_ns", "to_ns", "now", "tasks"}, …]`; null where it was there always, or is there until further notice.

    `now` is its present name. `tasks` are those for which it is there, before it was heard: as stated, else as they are suggested.
    """
    valid_from: str
    valid_to: str
    """The last day; "" where it holds until further notice."""
    now: str
    """The store's present name."""
