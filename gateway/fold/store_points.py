"""Points of the table of stores: what a SITE record states of each store, and that a version is not stated any more."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.points.rows import StorePoint
from gateway.site.dated_version import DatedStoreVersion
from gateway.site.recorded import RecordedSite
from gateway.site.versions import store_versions


def store_points(before: RecordedSite | None, now: RecordedSite) -> Iterator[StorePoint]:
    """Yield a point of each version that `now` has, and void points of those that only the estate before it had."""
    versions = {(each.store, each.begin_ns): each for each in store_versions(now)}
    for earlier in store_versions(before) if before else ():
        if (earlier.store, earlier.begin_ns) not in versions:
            yield _point(earlier, void=True)
    for version in versions.values():
        yield _point(version, void=False)


def _point(version: DatedStoreVersion, void: bool) -> StorePoint:
    return StorePoint(
        time_ns=version.begin_ns, store=version.store, title=version.title, path=version.path, ownership=version.ownership,
        timezone=version.timezone, day_start=version.day_start, hours=version.hours, closed=version.closed, agents=version.agents,
        valid_from=version.valid_from, valid_to=version.valid_to, now=version.now, void=void,
    )  # fmt: skip
