"""Whether a documented command line can be typed: its sub-command and its options exist. Nothing is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import dropwhile
from typing import Any

import typer

from footfall.cli import build
from tests.docs.blocks import ROOT

_ENDS = {"|", "||", "&&", ";", "&", ">", ">>", "<", "2>", "2>&1"}
_TARGET = re.compile(r"^([a-z][a-z0-9_-]*)\s*:(?!=)", re.MULTILINE)


def commands(line: str) -> Iterator[list[str]]:
    """The `footfall …` and `make …` commands in a line of shell, as words."""
    words = shlex.split(line, comments=True)
    while words:
        stop = next((i for i, word in enumerate(words) if word in _ENDS), len(words))
        command, words = words[:stop], words[stop + 1 :]
        command = list(dropwhile(lambda word: "=" in word or word == "sudo", command))
        if command and command[0].rsplit("/", 1)[-1] in ("footfall", "make"):
            yield command


def known(words: list[str]) -> list[str]:
    """What of a command does not exist."""
    return _make(words[1:]) if words[0] == "make" else _footfall(words[1:])


def _make(words: list[str]) -> list[str]:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    return [word for word in words if not word.startswith("-") and "=" not in word and word not in targets]


def _footfall(words: list[str]) -> list[str]:
    command: Any = typer.main.get_command(build())
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return [words[0]]
        command, words = command.commands[words[0]], words[1:]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
