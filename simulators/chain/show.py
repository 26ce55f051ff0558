"""A simulated chain at a glance: each store's people by week, its sales, and what happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from simulators.chain.chain import ChainStore
from simulators.chain.run import Simulated

_BLOCKS = "▁▂▃▄▅▆▇█"


def chain_table(simulated: Simulated) -> Group:
    """Return who really was there, whether counted or not, and below what happened to which store."""
    chain, truth = simulated.chain, simulated.truth
    people, visits, sales, revenue = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    by_week: dict[str, list[int]] = {store.name: [0] * chain.weeks for store in chain.stores}
    weeks_from = {store.name: [store.at_ms(7 * week) for week in range(chain.weeks)] for store in chain.stores}
    for passing in truth.passings:
        people[passing.store] += passing.entered
        begun = sum(from_ms <= passing.time_ms for from_ms in weeks_from[passing.store])
        by_week[passing.store][begun - 1] += passing.entered
    visits.update(visit.store for visit in truth.visits if not visit.is_staff)
    for touch in truth.touches:
        if touch.what == "transaction" and not touch.is_void:
            sales[touch.store] += 1
            revenue[touch.store] += round(touch.amount)
    table = Table(title=f"seed {chain.seed}, from {chain.first_day}, {chain.weeks} weeks", box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("store", "by week"):
        table.add_column(title, no_wrap=True)
    for title in ("people", "visits", "sales", "revenue"):
        table.add_column(title, justify="right", no_wrap=True)
    for store in chain.stores:
        figures = (f"{each[store.name]:,}" for each in (people, visits, sales, revenue))
        table.add_row(store.name, _picture(by_week[store.name]), *figures)
    happened = [(store, ", ".join(_happened(store))) for store in chain.stores]
    lines = [Text(f"{store.name} ({store.plan.path}): {what}") for store, what in happened if what]
    return Group(table, *lines, Text(f"{simulated.rows:,} rows in {simulated.messages:,} messages, {simulated.points:,} points written"))


def _picture(values: Sequence[int]) -> str:
    most = max(*values, 1)
    return "".join(_BLOCKS[round(value / most * (len(_BLOCKS) - 1))] if value else " " for value in values)


def _happened(store: ChainStore) -> Iterator[str]:
    life = store.life
    for day, what in ((life.opens_day, "opened"), (life.closes_day, "closed for good"), (life.moves_day, "moved")):
        if day and day < store.days:
            yield f"{what} {store.date_of(day):%d %b}"
    for outage in store.outages:
        hours = (outage.to_ms - outage.from_ms) / 3_600_000
        yield f"{outage.door or outage.box} {outage.kind} {hours:g} h"
