"""A source is added by the edit of the document: agent.toml may name it, and it emits what its device sends."""

from __future__ import annotations

import json
from pathlib import Path

from tests.extending.document import Copy, edits, product_files

AGENT_TOML = """\
store = "s1"
agent = "a1"
[spool]
path = "spool.db"
[[sources]]
kind = "count_file"
name = "counter"
path = "counts.txt"
door = "main"
"""
PROGRAM = """
import json, threading, tomllib
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings
from footfall.config import check

settings = check(tomllib.load(open("agent.toml", "rb")), AgentSettings, "agent.toml")
source = settings.sources[0].source(SystemClock(), settings.registry())
stop, heard = threading.Event(), []

def emit(one):
    heard.append([one.door, one.entered, one.left])
    if len(heard) == 1:
        open("counts.txt", "a").write("0 3\\n")
    else:
        stop.set()

source.run(emit, stop)
print(json.dumps(heard))
"""


def test_a_source_takes_one_module_and_its_place_in_the_list_of_kinds(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(AGENT_TOML)
    (tmp_path / "counts.txt").write_text("2 1\n")
    change = edits("A source")
    copy.apply(change)
    assert product_files(change) == {"edge_agent/sources/count_file.py", "edge_agent/sources/kinds.py"}
    assert json.loads(copy.python(PROGRAM, cwd=tmp_path)) == [["main", 2, 1], ["main", 0, 3]]
