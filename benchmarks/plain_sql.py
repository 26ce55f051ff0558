"""The numbers of `footfall query traffic` as an analyst would ask for them by SQL, to compare with; in a process of its own.

    python -m benchmarks.plain_sql FILE INTERVAL_NS      # prints the sum of each number over all rows, as JSON

It has what is added up. The command also has last values, ratios, totals and coverage.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from typing import Final

SUMS: Final = (
    "in", "out", "visits_started", "visits_closed", "dwell_sum_s", "transactions", "transactions_known", "returns", "revenue", "touches"
)  # fmt: skip
STATEMENTS: Final = (
    f"""SELECT store, time_ns / ?1, {", ".join(f'sum("{name}") AS "{name}"' for name in SUMS)}, max(occupancy) AS occupancy_max
        FROM traffic GROUP BY 1, 2""",
    """SELECT store, time_ns / ?1, count(*) AS visits, sum(known) AS visits_known
       FROM visit WHERE NOT void AND NOT is_staff GROUP BY 1, 2""",
)
COMPARED: Final = ("in", "transactions", "revenue", "visits", "visits_known")


def totals(path: str, interval_ns: int) -> dict[str, float]:
    """Return the sum of each compared number over all stores and intervals."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for statement in STATEMENTS for row in db.execute(statement, (interval_ns,))]
    return {name: sum(row.get(name, 0) for row in rows) for name in COMPARED}


if __name__ == "__main__":
    print(json.dumps(totals(sys.argv[1], int(sys.argv[2]))))
