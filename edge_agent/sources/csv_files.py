"""The files of a CSV recording: which of them are rows, the names of their runs, and when each begins whose times count from a start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge_agent.sources.csv_mapping import CsvMapping
from edge_agent.sources.csv_truth import truth_path
from edge_agent.sources.replay_settings import BETWEEN_FILES_NS, Run
from edge_agent.sources.source import Gap
from footfall.units import NS_PER_S

NO_VISIT_NS: Final = 1800 * NS_PER_S
"""After so long without evidence a visit is over, by default."""


def recordings_of(mapping: CsvMapping, paths: Sequence[Path]) -> list[Path]:
    """Return the files without those of the truth of another, each once."""
    truths = {truth_path(mapping.truth, path) for path in paths}
    return [path for path in dict.fromkeys(paths) if path not in truths]


def run_names(files: Sequence[Path]) -> list[str]:
    """Return a name for each file: what stands before the first dot of its own, with more of it or its folders where others have that."""
    names = [path.name.split(".")[0] for path in files]
    wholes = [path.absolute().parts for path in files]
    for count in range(1, max(map(len, wholes), default=0) + 1):
        again = {name for name, times in Counter(names).items() if times > 1}
        if not again:
            break
        names = ["/".join(whole[-count:]) if name in again else name for name, whole in zip(names, wholes, strict=True)]
    return names


def next_start(start_ns: int, run: Run) -> int:
    """When a file after this one begins, where times count from a start: an hour later, or so many that no visit spans both."""
    last_ns = max((one.to_boot_ns if isinstance(one, Gap) else one.t_wall_ns for one in run.heard), default=start_ns)
    hours = max(-(-(last_ns + NO_VISIT_NS - start_ns) // BETWEEN_FILES_NS), 1)
    return start_ns + hours * BETWEEN_FILES_NS
