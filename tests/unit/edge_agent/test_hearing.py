"""Receipts that ask an agent to report promptly: they answer nothing, and count from its own gateway alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.hearing import LONGEST_PROMPT_S, Hearing
from edge_agent.spool import Spool
from footfall.receipts import Receipt, encode_receipt

S = 1_000_000_000
NOTICE_NS = 60 * S


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool.db", "epoch", "boot")
    yield made
    made.close()


def receipt(journal_id: str = "j1", prompt_s: int = 0) -> bytes:
    return encode_receipt(Receipt("epoch", 0, 1_800_000_000 * S, journal_id, (1,), prompt_s=prompt_s))


@pytest.mark.parametrize(("asked_s", "for_s"), [(8, 8), (10**6, LONGEST_PROMPT_S)])
def test_it_reports_promptly_for_as_long_as_it_is_asked_within_a_bound(spool: Spool, asked_s: int, for_s: int) -> None:
    hearing = Hearing(spool, "boot", NOTICE_NS, lambda key, gateway_ns: None)
    hearing.hear(receipt(), 5 * S)
    assert hearing.prompt_until_ns == 0
    assert hearing.hear(receipt(prompt_s=asked_s), 6 * S) is None
    assert (hearing.prompt_until_ns, hearing.last.prompt_s) == ((6 + for_s) * S, 0)


def test_another_gateway_on_the_broker_asks_in_vain(spool: Spool) -> None:
    hearing = Hearing(spool, "boot", NOTICE_NS, lambda key, gateway_ns: None)
    hearing.hear(receipt(), 5 * S)
    hearing.hear(receipt("j2", prompt_s=8), 6 * S)
    assert hearing.prompt_until_ns == 0
