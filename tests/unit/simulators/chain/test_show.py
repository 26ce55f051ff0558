"""A simulated chain at a glance fits a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.show import chain_table
from simulators.chain.truth import Passing, Touch, Truth


def test_no_number_of_a_whole_chain_is_cut_short_on_eighty_columns() -> None:
    chain = Chain()
    truth = Truth(
        passings=[
            Passing(each.name, "main", each.at_ms(7 * week) + 1, 1234, 0, True) for each in chain.stores for week in range(chain.weeks)
        ],
        touches=[
            Touch(
                each.name,
                each.from_ms,
                "transaction",
                "checkout",
                "",
                "",
                "s1",
                "shoes",
                "own_store",
                "",
                (),
                9_999_999.0,
                each.name,
                False,
            )
            for each in chain.stores
        ],
    )
    out = io.StringIO()
    Console(file=out, width=80).print(chain_table(Simulated(chain, truth, 1_234_567, 2_345_678, 3_456_789)))
    text = out.getvalue()
    assert "…" not in text
    assert all(text.count(number) == chain.count for number in ("12,340", "9,999,999"))
    assert all(store.name in text for store in chain.stores)
