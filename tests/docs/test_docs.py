"""Every query and command in the documents works, and prints what the document shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.fold.store import VisitRow
from gateway.points import SCHEMA, Measurement
from gateway.sinks.influxdb.sink import InfluxDB
from gateway.state.ledger import Ledger
from simulators.parts.influxdb import InfluxServer
from tests.docs import dataset, run
from tests.docs.blocks import NOT_RUN, READ, ROOT, RUN, Block, blocks, documents, extract
from tests.docs.commands import commands, known
from tests.support.query_command import write_files
from tests.support.real_parts import INFLUX_VERSIONS, InfluxServers

BLOCKS = blocks()
NOT_RUN_LIST = Path(__file__).parent / "not_run.txt"
DOCUMENTED_URL = "http://localhost:8086"


def of(*tags: str) -> list[Block]:
    return [block for block in BLOCKS if block.tag in tags]


def check(block: Block, printed: str) -> None:
    """Trailing blanks do not count."""
    if block.output is not None:
        assert _stripped(printed) == _stripped(block.output), f"{block} prints:\n{printed}"


def _stripped(text: str) -> list[str]:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip().splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where shell blocks run: the data set in SQLite, with its configuration."""
    path = tmp_path_factory.mktemp("docs")
    write_files(path)
    ledger = Ledger(path / "ledger.db")
    ledger.save_visits(VisitRow(*visit) for visit in dataset.ledger_rows())
    ledger.checkpoint([])
    ledger.close()
    return path


@pytest.fixture(scope="module", params=INFLUX_VERSIONS)
def influx(request: pytest.FixtureRequest, influx_servers: InfluxServers) -> InfluxServer:
    return _with_data(influx_servers.running(request.param))


@pytest.fixture(scope="module")
def influx_2(influx_servers: InfluxServers) -> InfluxServer:
    return _with_data(influx_servers.running("2.7"))


def _with_data(server: InfluxServer) -> InfluxServer:
    """The data set in the server's own bucket, which is called as in the documents."""
    sink = InfluxDB(server.url, server.bucket, server.token, server.org)
    sink.write(dataset.points())
    sink.close()
    return server


@pytest.mark.parametrize("block", of("sql"), ids=str)
def test_sql(block: Block, folder: Path) -> None:
    check(block, run.sql(block.text, folder / "footfall.db"))


@pytest.mark.parametrize("block", of("sql ledger"), ids=str)
def test_sql_on_the_ledger(block: Block, folder: Path) -> None:
    check(block, run.sql(block.text, folder / "ledger.db"))


@pytest.mark.parametrize("block", of("influxql"), ids=str)
def test_influxql(block: Block, influx: InfluxServer) -> None:
    check(block, run.influxql(block.text, influx.url, influx.bucket, influx.token))


@pytest.mark.parametrize("block", of("flux"), ids=str)
def test_flux(block: Block, influx_2: InfluxServer) -> None:
    check(block, run.flux(block.text, influx_2.url, influx_2.org, influx_2.token))


@pytest.mark.parametrize("block", of("sh", "python"), ids=str)
def test_offline_blocks_in_the_order_of_the_document(block: Block, folder: Path) -> None:
    check(block, run.python(block.text, folder) if block.tag == "python" else run.shell(block.text, folder, {}))


@pytest.mark.parametrize("block", of("sh influxdb"), ids=str)
def test_commands_that_ask_influxdb(block: Block, folder: Path, influx_2: InfluxServer) -> None:
    assert DOCUMENTED_URL in block.text
    (folder / "token").write_text(influx_2.token)
    check(block, run.shell(block.text.replace(DOCUMENTED_URL, influx_2.url), folder, {}))


@pytest.mark.parametrize("measurement", SCHEMA.values(), ids=list(SCHEMA))
def test_analysing_explains_every_tag_and_field(measurement: Measurement) -> None:
    text = (ROOT / "docs" / "analysing.md").read_text(encoding="utf-8").partition("## What is stored")[2].partition("\n## ")[0]
    section = text.partition(f"\n### {measurement.name}:")[2].partition("\n### ")[0] or text.partition(f"\n| {measurement.name} |")[2]
    assert section, f"nothing about {measurement.name}"
    missing = {name for name in (*measurement.tags, *measurement.fields) if f"`{name}`" not in section.splitlines()[0] + section}
    assert not missing


def test_blocks_that_are_not_run_name_commands_and_options_that_exist() -> None:
    wrong = [
        f"{block}: {unknown} in: {line}"
        for block in BLOCKS
        if block.why_not_run
        for line in block.text.replace("\\\n", " ").splitlines()
        for command in commands(line)
        for unknown in known(command)
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("footfall query traffic --db x --from -7d | head", []),
        (". .venv/bin/activate && .venv/bin/footfall query traffic --bogus 1", ["--bogus"]),
        ("footfall nope --x", ["nope"]),
        ("footfall --version", []),
    ],
)
def test_commands_are_recognised(line: str, unknown: list[str]) -> None:
    assert [word for command in commands(line) for word in known(command)] == unknown


def test_blocks_are_found_with_what_they_must_print() -> None:
    text = "a\n```sql\nSELECT 1;\n```\n\n```output\n1\n```\n\n  ```sh gateway\n  footfall status\n  ```\n```\nplain\n```\n"
    found = [(block.line, block.tag, block.text.strip(), block.output, block.why_not_run) for block in extract(text, "x.md")]
    assert found == [
        (2, "sql", "SELECT 1;", "1\n", None),
        (10, "sh gateway", "footfall status", None, NOT_RUN["gateway"]),
        (13, "", "plain", None, None),
    ]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_no_fence_is_overlooked(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    outputs = sum(block.output is not None for block in extract(text, path.name))
    assert len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE)) == 2 * (len(extract(text, path.name)) + outputs)


def test_every_block_is_run_or_listed() -> None:
    """A block that no test runs stands in not_run.txt with the reason; a tag that nobody knows is a mistake."""
    unknown = [str(block) for block in BLOCKS if block.tag not in RUN | READ and block.why_not_run is None]
    assert not unknown, f"tags that tests/docs/blocks.py does not know: {unknown}"
    listed = [f"{block.path}: {block.text.split(chr(10))[0]}: {block.why_not_run}" for block in BLOCKS if block.why_not_run]
    expected = NOT_RUN_LIST.read_text(encoding="utf-8").splitlines()
    assert listed == expected, "tests/docs/not_run.txt must say:\n" + "\n".join(listed)
    assert set(NOT_RUN.values()) >= {line.rsplit(": ", 1)[1] for line in expected}
