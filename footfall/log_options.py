"""The options of every process that logs: what it writes, and how.

def gateway(config: …, verbose: Verbose = False, level: LogLevel = INFO, form: LogFormat = AUTO) -> None:
    log_as("gateway", verbose, level, form)
"""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

from footfall.errors import ConfigError
from footfall.logs import LEVELS, log_to_stderr
from footfall.mistakes import did_you_mean

INFO: Final = "info"
AUTO: Final = "auto"
FORMATS: Final = (AUTO, "text", "json")
LEVEL_VARIABLE, FORMAT_VARIABLE = "FOOTFALL_LOG_LEVEL", "FOOTFALL_LOG_FORMAT"

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log more: the same as --log-level debug.")]
LogLevel = Annotated[
    str,
    typer.Option("--log-level", envvar=LEVEL_VARIABLE, help="debug, info, warning or error; also of one logger: info,footfall.agent=debug"),
]
LogFormat = Annotated[
    str,
    typer.Option(
        "--log-format", envvar=FORMAT_VARIABLE, help="text, json (an object a line), or auto: for people on a terminal, else text."
    ),
]


def log_as(process: str, verbose: bool, level: str, form: str) -> None:
    """Log to stderr from here on, under the name of a process; a child that it starts logs alike. Raise ConfigError for another word."""
    if form not in FORMATS:
        raise ConfigError(f"--log-format: {form!r} is none of {', '.join(FORMATS)}{did_you_mean(form, FORMATS)}")
    levels = _levels("debug" if verbose else level)
    os.environ[LEVEL_VARIABLE], os.environ[FORMAT_VARIABLE] = "debug" if verbose else level, form
    log_to_stderr(levels, form, process)


def _levels(text: str) -> dict[str, int]:
    """Return levels by logger, "" for all others."""
    found = {"": LEVELS[INFO]}
    for part in text.split(","):
        logger, _, name = part.strip().rpartition("=")
        if name.lower() not in LEVELS:
            raise ConfigError(f"--log-level: {name!r} is none of {', '.join(LEVELS)}{did_you_mean(name.lower(), LEVELS)}")
        found[logger] = LEVELS[name.lower()]
    return found
