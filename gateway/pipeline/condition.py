"""What the ingest stage notices about itself and its journal, for status to show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Condition:
    """How the ingest stage's thread fares. `not_ready`: why nothing is taken in; `unwritable`: why the journal could not be written."""

    started_boot_ns: int
    not_ready: str = ""
    unwritable: str = ""
    jumped: str = ""
    is_full: bool = False
    journal_bytes: int = 0
    """In use: the file itself never shrinks."""
