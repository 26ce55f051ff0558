"""The file of what the brand knows, as `footfall links import` reads it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from simulators.people import iso
from simulators.truth import Link

LINK_COLUMNS: Final = ("identifier_type", "identifier", "fan", "from", "to", "source", "confidence")


def write_links(path: Path, links: Iterable[Link]) -> int:
    """The links as `footfall links import` reads them: CSV with times in ISO 8601, `to` empty while a link is open."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LINK_COLUMNS)
        for link in links:
            until = "" if link.to_ns is None else iso(link.to_ns)
            writer.writerow([link.id_type, link.identifier, link.fan, iso(link.from_ns), until, "simulated", "1.0"])
            count += 1
    return count
