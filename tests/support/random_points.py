"""Points of any measurement with any values, for properties of what stores them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from gateway.points import SCHEMA, Points, from_rows

HOSTILE = (
    "", " ", "\\", "a\\", "\\ ", "\\,", "\\=", '"', '\\"', "a b", "a,b", "a=b", "\n", "x\ny,store=z v=1i 1", "\r\n", "\t", "\x00", "#",
    "# comment",
    "a\\ b\\=\"", ",", "=", "''", "日本語", "😀", "\x7f", "\u2028", "%s", "true", "1i", "-0", "NaN", "x" * 64,
)  # fmt: skip
"""What breaks writers of line protocol and of SQL."""

texts = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.from_regex(r"[a-z0-9._-]{1,64}", fullmatch=True)
int64s = st.integers(-(1 << 63), (1 << 63) - 1)
floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**9), 10**9).map(lambda n: n / 1000),
    st.sampled_from([0.0, -0.0, 1e15, 5e-324]),
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "int": int64s,
    "float": floats,
    "bool": st.booleans(),
    "text": texts,
    "subject": st.integers(0, (1 << 64) - 1),
}
TIME_NS = st.integers(-(1 << 62), (1 << 62))


@st.composite
def points(
    draw: Callable[..., Any],
    times: st.SearchStrategy[int] = TIME_NS,
    min_size: int = 0,
    max_size: int = 150,
    fields: dict[str, st.SearchStrategy[Any]] | None = None,
) -> Points:
    """One measurement with rows at distinct times."""
    schema = SCHEMA[draw(st.sampled_from(sorted(SCHEMA)))]
    values = FIELDS | (fields or {})
    erased = draw(st.booleans())  # a subject column is integers, or texts as after an erasure
    spelled = {"subject": st.sampled_from(["", "00000000000000ff"])} if erased else {}
    row = st.tuples(times, *[texts for _ in schema.tags], *[(values | spelled)[kind] for kind in schema.fields.values()])
    rows = draw(st.lists(row, min_size=min_size, max_size=8, unique_by=lambda made: made[0]))
    if rows and max_size > len(rows) and draw(st.booleans()):  # enough for the encoder of many rows, from what was drawn
        step = 1 if rows[-1][0] < 0 else -1
        known = {made[0] for made in rows}
        more = [(rows[0][0] + step * n, *rows[n % len(rows)][1:]) for n in range(1, max_size)]
        rows += [made for made in more if made[0] not in known]
    return from_rows(schema.name, rows)
