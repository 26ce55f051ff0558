"""docs/wire.md documents what the golden bytes hold and what the code refuses."""

from __future__ import annotations

import json
import re

import pytest

from footfall.frames import COLUMNS, DecidedTime, Header, Kind, Offset
from footfall.receipts import Receipt
from tests.docs.blocks import ROOT
from tests.golden.wire.golden import FOLDER

TEXT = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
BODY_KEYS = ("first_row", "key_id", "wall_synced", "zones", "profiles", "n", "t_wall_ns", "extra", "store", *Offset._fields)
RAISED = re.compile(r'(?:ContractError|Refused|Refusal)\(\s*"([a-z_.]+)"')


def chapter(title: str) -> str:
    return TEXT.partition(f"# {title}\n")[2].partition("\n#")[0]


def test_the_hello_is_the_golden_hello() -> None:
    assert (FOLDER / "v1/hello.bin").read_bytes().hex() in TEXT


def test_the_examples_are_golden() -> None:
    presence = json.loads((FOLDER / "v1/presence.json").read_text(encoding="utf-8"))["body"]
    sale = json.loads((FOLDER / "v1/events-sale.bin").read_bytes())
    assert any(example.items() <= presence.items() and example.keys() >= COLUMNS.keys() for example in EXAMPLES)
    assert sale in EXAMPLES


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Header", {*Header._fields, "crc32", *DecidedTime._fields} - {"decided"}),
        ("Body", {*COLUMNS, *(kind.name.lower() for kind in Kind), *BODY_KEYS}),
        ("Receipts", set(Receipt._fields)),
    ],
)  # fmt: skip
def test_every_key_is_explained(title: str, names: set[str]) -> None:
    assert {name for name in names if not re.search(rf"[`| ]{name}[`| ]", chapter(title))} == set()


def test_every_reason_is_explained() -> None:
    sources = [path.read_text(encoding="utf-8") for package in ("footfall", "gateway") for path in (ROOT / package).rglob("*.py")]
    raised = {reason for text in sources for reason in RAISED.findall(text)} - {
        "duplicate",
        "extension",
        "key",
    }  # inside packing: *.msgpack
    reasons = {reason for reason in raised if not reason.startswith("receipt.")}
    golden = {json.loads(path.read_text(encoding="utf-8"))["reason"] for path in FOLDER.glob("refused/*.json")}
    assert len(reasons) >= 30
    assert {reason for reason in reasons | golden if f"`{reason}`" not in chapter("What is refused")} == set()
