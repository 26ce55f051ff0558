"""A simulated chain at a glance fits a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from simulators.chain.chain import Chain
from simulators.chain.run import simulate_chain
from simulators.chain.show import chain_table


def test_no_number_is_cut_short_on_eighty_columns() -> None:
    chain = Chain(1, 1, 1)
    simulated = simulate_chain(chain, [], lambda share: None)
    out = Console(file=io.StringIO(), width=80)
    out.print(chain_table(simulated))
    text = out.file.getvalue()  # type: ignore[attr-defined] # a StringIO
    assert "…" not in text
    entered = sum(passing.entered for passing in simulated.truth.passings if passing.store == chain.stores[0].name)
    assert f"{entered:,}" in text
    assert all(store.name in text for store in chain.stores)
