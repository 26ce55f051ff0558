"""Wire version 1 cannot change by accident: every file of the two folders is a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import ContractError
from tests.golden.wire.golden import FOLDER, decode, encode

CASES = sorted(FOLDER.glob("v1/*.json"))
REFUSED = sorted(FOLDER.glob("refused/*.json"))


def _case(path: Path) -> tuple[dict[str, Any], bytes]:
    return json.loads(path.read_text(encoding="utf-8")), path.with_suffix(".bin").read_bytes()


def _id(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("folder", ["v1", "refused"])
def test_every_case_has_its_bytes_and_every_bytes_their_case(folder: str) -> None:
    files = list((FOLDER / folder).iterdir())
    described, stored = ({file.stem for file in files if file.suffix == suffix} for suffix in (".json", ".bin"))
    assert described == stored
    assert len(described) >= 14


@pytest.mark.parametrize("path", [path for path in CASES if "decode_only" not in json.loads(path.read_text(encoding="utf-8"))], ids=_id)
def test_encoding_gives_exactly_these_bytes(path: Path) -> None:
    case, stored = _case(path)
    assert encode(case).hex() == stored.hex()


@pytest.mark.parametrize("path", CASES, ids=_id)
def test_decoding_gives_exactly_these_values(path: Path) -> None:
    case, stored = _case(path)
    values = {key: value for key, value in case.items() if key not in ("what", "says", "decode_only")}
    assert decode(case["what"], stored) == values


@pytest.mark.parametrize("path", REFUSED, ids=_id)
def test_what_breaks_the_contract_is_refused_with_its_reason(path: Path) -> None:
    case, stored = _case(path)
    with pytest.raises(ContractError) as refused:
        decode(case["what"], stored)
    assert refused.value.reason == case["reason"]
    assert len(str(refused.value)) < 400, "strangers do not choose how much is logged"
