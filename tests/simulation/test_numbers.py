"""`make numbers` in small: what `footfall query` answers about a simulated chain is what its truth knows, and a wrong answer is found."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer

from gateway.query.answer import Answer
from simulators.numbers import judge
from simulators.numbers.__main__ import main
from simulators.numbers.table import shipped_questions


def test_every_answer_about_a_small_chain_is_right() -> None:
    command = [sys.executable, "-m", "simulators.numbers", "--small", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    assert done.stdout.splitlines()[-1:] == [f"questions={len(shipped_questions().small)} wrong=0 databases_differ=0"], done.stderr
    assert done.returncode == 0


def test_an_answer_that_is_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ask = judge.answered

    def off_by_one(*arguments: object) -> Answer:
        answer = ask(*arguments)  # type: ignore[arg-type] # as it was called
        answer.rows[0] = tuple(value + 1 if type(value) is int else value for value in answer.rows[0])
        return answer

    monkeypatch.setattr(judge, "answered", off_by_one)
    with pytest.raises(typer.Exit) as ended:
        main(seed=3, small=True, only=["chain-day"])
    shown = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert shown.out.splitlines()[-1] == "questions=1 wrong=1 databases_differ=0"
    assert "in is" in shown.err
    assert "from_='2026-10-19'" in shown.err
