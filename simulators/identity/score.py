"""How right names are: against the truth, and against the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from simulators.identity.truth import Class, Row, Truth

Names = Mapping[str | tuple[str, int], str]
"""By the key of a row, whom something names: a registered fan, `anon-…` or ""."""
COUNTED: Final = (Class.KNOWN, Class.NOBODY)
LEAST_PRECISION: Final = 0.998
LEAST_RECALL: Final = 0.97
MOST_APART: Final = 0.03
"""How far the anonymous share may lie from that of the truth."""


def registered(name: str) -> str:
    """Return a registered fan as it is, and "" for one who is provisional."""
    return "" if name.startswith("anon-") else name


@dataclass(slots=True)
class Score:
    """`wrong`: rows that name somebody else, or somebody at all where nobody must be named."""

    right: int = 0
    wrong: list[Row] = field(default_factory=list)
    missed: list[Row] = field(default_factory=list)
    known: int = 0

    @property
    def precision(self) -> float:
        named = self.right + len(self.wrong)
        return self.right / named if named else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.known if self.known else 1.0


def score(truth: Truth, names: Names, visits: Names | None = None) -> Score:
    """Return how right names are, over rows that are known or nobody's: of touches and dwells, and of `visits` beside them."""
    found = Score()
    _count(found, truth, truth.rows, names)
    if visits is not None:
        _count(found, truth, [row for row in truth.rows if isinstance(row.key, tuple)], visits)
    return found


def _count(found: Score, truth: Truth, rows: Iterable[Row], names: Names) -> None:
    for row in rows:
        if row.klass not in COUNTED:
            continue
        name = registered(names.get(row.key, ""))
        found.known += row.klass is Class.KNOWN
        if not name:
            if row.klass is Class.KNOWN:
                found.missed.append(row)
        elif row.klass is Class.KNOWN and truth.person_of_fan.get(name) == row.person:
            found.right += 1
        else:
            found.wrong.append(row)


def anonymous(truth: Truth, names: Names) -> float:
    """Return the share of all rows that name no registered fan."""
    return sum(not registered(names.get(row.key, "")) for row in truth.rows) / len(truth.rows)


def truly_anonymous(truth: Truth) -> float:
    """Return the share of rows whose person no true fact reaches."""
    return sum(not row.reached for row in truth.rows) / len(truth.rows)


def differences(one: Names, other: Names) -> list[str | tuple[str, int]]:
    """Return the keys of rows that are not the same fan's, or that only one has: a row that was lost is none that names nobody.

    Provisional ids have no meaning but which rows have the same one, so they are compared as groups.
    """
    keys = one.keys() | other.keys()
    differ: set[str | tuple[str, int]] = set(one.keys() ^ other.keys())
    differ |= {key for key in keys if registered(one.get(key, "")) != registered(other.get(key, ""))}
    partner: dict[tuple[int, str], str] = {(0, ""): "", (1, ""): ""}
    for key in sorted(keys - differ, key=str):
        a, b = one.get(key, ""), other.get(key, "")
        if partner.setdefault((0, a), b) != b or partner.setdefault((1, b), a) != a:
            differ.add(key)
    return sorted(differ, key=str)
