"""Recordings of CSV files, written into a folder and read by their mapping."""

from __future__ import annotations

from pathlib import Path

from edge_agent.sources.csv_mapping import CsvMapping, read_mapping
from edge_agent.sources.csv_recording import read_csv
from edge_agent.sources.replay_settings import ReplaySettings, Run
from edge_agent.sources.source import Sighting

TIMES = '[time]\ncolumn = "t"\nunit_s = 1\n[identifier]\ncolumn = "tag"\n'
LONG = f'receiver = "gw"\nlevel = "rssi"\n{TIMES}'
"""A row a sighting; `[receivers]` is to follow."""
WIDE = f'{TIMES}[receivers]\nra = "a"\nrb = "b"\n'


def written(folder: Path, mapping: str, files: dict[str, str]) -> tuple[CsvMapping, list[Path]]:
    """Return the mapping and the files, written."""
    columns = folder / f"columns-{len(list(folder.glob('*.toml')))}.toml"  # mappings are read once
    columns.write_text(mapping, encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_mapping(columns), [folder / name for name in files]


def recorded(folder: Path, mapping: str, text: str, **others: str) -> Run:
    """Return the run of `heard.csv`; `others` are files beside it, such as `labels`."""
    columns, _ = written(folder, mapping, {"heard.csv": text, **{f"{name}.txt": beside for name, beside in others.items()}})
    (run,) = read_csv(columns, [folder / "heard.csv"], ReplaySettings())
    return run


def levels(run: Run) -> list[tuple[str, str, int]]:
    """Return receiver, identifier and level of what was heard."""
    return [(one.receiver, one.identifier, one.rssi_dbm) for one in run.heard if isinstance(one, Sighting)]
