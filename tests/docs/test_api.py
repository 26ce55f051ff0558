"""The commands of docs/api.md, run against a real gateway with its `footfall serve`: each is answered, and none is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import run
from tests.docs.blocks import Block, blocks
from tests.support.embedded_gateway import EmbeddedGateway
from tests.support.waiting import until

DOCUMENTED_URL = "http://127.0.0.1:8090"
BLOCKS = [block for block in blocks() if block.tag == "sh api"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedGateway]:
    made = EmbeddedGateway(tmp_path_factory.mktemp("api") / "gateway")
    (made.folder / "site.toml").write_text('brand = "acme"\n[[stores]]\nname = "flagship"\nagents = [{ name = "crm" }]\n')
    (made.folder / ".curlrc").write_text("fail-with-body\n")
    with made:
        yield made


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_commands_of_the_api_are_answered(block: Block, gateway: EmbeddedGateway) -> None:
    """What was sent is on its way for a moment: whoever asks what became of it asks again."""
    assert DOCUMENTED_URL in block.text
    for line in block.text.replace("\\\n", " ").replace(DOCUMENTED_URL, gateway.page_url).splitlines():
        said = [f"not run: {line}"]
        until(lambda line=line, said=said: _is_done(line, gateway.folder, said), lambda said=said: said[-1])  # type: ignore[misc] # bound


def _is_done(line: str, folder: Path, said: list[str]) -> bool:
    done = run.bash(line, folder, {"HOME": str(folder)})
    said.append(f"{line}\n{done.stdout}\n{done.stderr}")
    return done.returncode == 0
