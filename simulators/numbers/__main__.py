"""`make numbers`: one simulated chain in three databases, some hundred questions asked of each, and every value held to the truth."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from footfall.errors import FootfallError
from footfall.units import NS_PER_MS
from simulators.chain.chain import Chain
from simulators.chain.command import share_bar
from simulators.numbers.boards import boards_that_differ
from simulators.numbers.databases import DATABASES, SQLITE, filled, readers, running
from simulators.numbers.judge import Verdict, judged
from simulators.numbers.past import past_chains
from simulators.numbers.reckon import Reckoning
from simulators.numbers.rights import reckoned_beside
from simulators.numbers.table import YEAR, Asked, shipped_questions
from simulators.share_bars import OnShare, share_bars

GRAFANA: Final = Path(__file__).parents[2] / "deploy" / "grafana"
SMALL_STORES: Final = 3
SHOWN: Final = 5
"""Differences shown of one question."""


def main(
    seed: Annotated[int, typer.Option(min=0, help="Another seed: other people, other numbers.")] = 1,
    small: Annotated[bool, typer.Option("--small", help="Three stores, one week, SQLite alone: half a minute.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only this question; may be repeated.")] = None,
    database: Annotated[list[str] | None, typer.Option(help=f"Only this one of {', '.join(DATABASES)}; may be repeated.")] = None,
) -> None:
    """Ask the databases of a simulated chain what its truth knows, and print where they differ from it or from each other."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as ctrl-c: what was started is ended
    console, tables = Console(stderr=True, highlight=False, soft_wrap=True), shipped_questions()
    chain = Chain(SMALL_STORES, 1, seed) if small else Chain(seed=seed)
    questions = [each for each in (tables.small if small else tables.questions) if not only or each.id in only]
    names = [name for name in DATABASES if (name in database if database else name == SQLITE or not small)]
    if not questions or not names:
        raise typer.BadParameter("there is no such question, or no such database")
    try:
        needs_past = any(each.compare == YEAR and not each.error for each in questions)
        past = past_chains(chain, small=small) if needs_past else ()
        verdict = _through(chain, past, questions, names, console)
    except FootfallError as error:
        console.print(f"[bold red]numbers:[/] {escape(str(error))}")
        raise typer.Exit(2) from None
    for line in verdict.lines(SHOWN):
        console.print(escape(line))
    print(verdict.summary(), flush=True)
    raise typer.Exit(0 if verdict.is_right else 1)


def _through(chain: Chain, past: Sequence[Chain], questions: Sequence[Asked], names: Sequence[str], console: Console) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="footfall-numbers-") as folder, running(names, Path(folder)) as databases:
        with share_bar(console, f"{chain.count} stores, {chain.weeks} weeks") as on_simulated:
            simulated = filled(chain, past, databases, on_simulated)
        reckoning = Reckoning(simulated, past)
        with (
            reckoned_beside(reckoning, questions) as right_of,
            readers(databases) as open_readers,
            share_bars(console) as on_share,
        ):
            verdict = judged(reckoning, _one_by_one(questions, on_share), open_readers, right_of)
        end_ns = max(store.to_ms for store in reckoning.stores.values()) * NS_PER_MS
        if (boards := boards_that_differ(databases, GRAFANA, end_ns)) is not None:
            verdict.boards_differ, verdict.boards = boards
        return verdict


def _one_by_one(questions: Sequence[Asked], on_share: OnShare) -> Iterator[Asked]:
    """Yield the questions, and say how many of them were asked."""
    for asked, question in enumerate(questions):
        on_share("questions", asked / len(questions))
        yield question
    on_share("questions", 1.0)


if __name__ == "__main__":
    typer.run(main)
