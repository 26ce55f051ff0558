"""Reads of fans that wait are answered from one checkpoint, each with its own answer or its own error."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import ConfigError, Unreadable
from gateway.fans.reading import FanReader
from gateway.state.ledger_reader import LedgerReader
from serve.fan_reads import AT_ONCE, FanReads
from serve.ledgers import Ledgers
from tests.support.served_ledger import write_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    write_ledger(tmp_path)
    return tmp_path / "ledger.db"


@pytest.fixture
def reads(ledger: Path) -> Iterator[FanReads]:
    ledgers = Ledgers(lambda: ledger)
    reads = FanReads(ledgers)
    yield reads
    reads.close()
    ledgers.close()


def answers(reads: FanReads, *asked: Callable[[FanReader], Any]) -> list[Any]:
    async def story() -> list[Any]:
        return await asyncio.gather(*(reads.read(each) for each in asked), return_exceptions=True)

    return asyncio.run(story())


def ledger_of(fans: FanReader) -> LedgerReader:
    return fans.ledger


def fails(error: Exception) -> Callable[[FanReader], None]:
    def read(fans: FanReader) -> None:
        raise error

    return read


def test_each_has_its_own_answer_or_error_however_many_wait(reads: FanReads) -> None:
    asked = [lambda fans, n=n: (n, fans.person("f-old").fan) for n in range(3 * AT_ONCE)]
    found = answers(reads, *asked, fails(ConfigError("mine")), *asked)
    assert found[: len(asked)] == found[len(asked) + 1 :] == [(n, "f-1") for n in range(3 * AT_ONCE)]
    assert str(found[len(asked)]) == "mine"


def test_a_reader_that_met_a_broken_file_is_opened_anew_and_the_others_are_answered(reads: FanReads) -> None:
    (before,) = answers(reads, ledger_of)
    broken, after = answers(reads, fails(sqlite3.DatabaseError("malformed")), ledger_of)
    assert isinstance(broken, Unreadable)
    assert isinstance(after, LedgerReader)
    assert answers(reads, ledger_of)[0] is not before


def test_without_a_ledger_every_read_states_it(reads: FanReads, ledger: Path) -> None:
    ledger.unlink()
    assert [type(each) for each in answers(reads, ledger_of, ledger_of)] == [Unreadable, Unreadable]


def test_who_leaves_keeps_nobody_waiting(reads: FanReads) -> None:
    async def story() -> str:
        left = asyncio.create_task(reads.read(ledger_of))
        await asyncio.sleep(0)
        left.cancel()
        return (await reads.read(lambda fans: fans.person("f-1"))).fan

    assert asyncio.run(story()) == "f-1"
