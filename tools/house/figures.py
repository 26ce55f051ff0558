"""The figures, each with what it was before the house was made, where it should be, and how it is counted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from tools.house import layout, rules, words
from tools.house.tree import PRODUCT, Tree
from tools.house.walk import Walk

LONG_MODULE_LINES: Final = 300
LONG_FUNCTION_LINES: Final = 20
SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Counted:
    """`places`: what was counted, for who wants to change it."""

    value: int
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """`before` is of 6c2b348, counted by this program. `most`: the largest value with which the target is reached, None without one.

    `why`: the reason, for as long as it is not reached.
    """

    what: str
    before: int
    most: int | None
    count: Callable[[Tree], Counted]
    why: str = ""

    def state(self, value: int) -> str:
        if self.most is None or value <= self.most:
            return "" if self.most is None else "yes"
        return f"no: {self.why}" if self.why else "no"


@dataclass(frozen=True, slots=True)
class Walked:
    """A figure of the way of a frame; `before` and `why` as in Figure."""

    what: str
    before: int
    count: Callable[[Walk], Collection[object]]
    why: str = ""

    def state(self, value: int) -> str:
        return "yes" if value < self.before else f"no: {self.why}" if self.why else "no"


def _of(count: Callable[[Tree], Collection[object]]) -> Callable[[Tree], Counted]:
    def counted(tree: Tree) -> Counted:
        found = count(tree)
        return Counted(len(found), tuple(sorted(" -> ".join(one) if isinstance(one, tuple) else str(one) for one in found)))

    return counted


def _saying(tree: Tree) -> Counted:
    found, total = words.saying(tree)
    return Counted(round(sum(found.values()) * 10_000 / total), tuple(f"{path} {count}" for path, count in found.most_common(SHOWN)))


def _shared_names(tree: Tree) -> Counted:
    shared, _ = rules.shared_names(tree)
    return Counted(len(shared), tuple(sorted(shared)))


def _longest_module(tree: Tree) -> Counted:
    longest = max(tree.under(*PRODUCT), key=lambda module: module.lines)
    return Counted(longest.lines, (longest.path,))


def _long_modules(tree: Tree) -> Counted:
    found = [module for module in tree.under(*PRODUCT) if module.lines > LONG_MODULE_LINES]
    return Counted(len(found), tuple(f"{module.path} {module.lines}" for module in found))


def _longest_function(tree: Tree) -> Counted:
    longest = max(tree.functions(*PRODUCT), key=lambda function: function.lines)
    return Counted(longest.lines, (str(longest),))


def _long_functions(tree: Tree) -> Counted:
    functions = tree.functions(*PRODUCT)
    found = [function for function in functions if function.lines > LONG_FUNCTION_LINES]
    return Counted(round(1000 * len(found) / len(functions)), tuple(str(function) for function in found))


GROWN: Final = "visits are cut at handovers, too: how parts are put together is to stand in a module of its own"
FIGURES: Final = (
    Figure(
        "rooms of gateway/ (files and folders at its root)",
        28,
        15,
        _of(layout.rooms),
        "analysis/ came with answers for pandas, identity/ and shard with shards, fans/ and rebuild/ with corrections",
    ),
    Figure(
        "files at its root",
        21,
        6,
        _of(layout.root_files),
        "names, point_rows, recorded_site and config_checks serve rooms that must not import each other",
    ),
    Figure(
        "imports between its rooms",
        74,
        42,
        _of(layout.imports),
        "what came after the plan has the others: the shard, identity, fans, rebuild and analysis",
    ),
    Figure(
        "of these, upwards",
        0,
        0,
        _of(layout.upwards),
        "config composes the settings of sinks; the fold reads refused lines again with their reader",
    ),
    Figure(
        "rooms in a circle",
        0,
        0,
        _of(layout.circles),
        "no circle of modules, which a test holds; pipeline starts what is in http, and that reads the workers' counts",
    ),
    Figure("modules of the fold that import SQLite, or a module that does", 7, 0, _of(layout.fold_with_sqlite)),
    Figure("functions that state the rule of zone ownership", 4, 1, _of(rules.ownership)),
    Figure("branches on a sink's class outside `sinks/`", 7, 0, _of(rules.sink_branches)),
    Figure("files outside `sinks/` that name a sink", 6, 0, _of(rules.sink_files)),
    Figure("say / tell words per 10,000 of docstrings and comments", 94, 5, _saying),
    Figure(
        "names of classes and aliases that two modules define",
        48,
        10,
        _shared_names,
        "short words that modules far apart define for themselves; and the oracle of identity states all of its own anew",
    ),
    Figure("modules that define a second as 1_000_000_000", 16, 1, _of(rules.second_constants)),
    Figure("modules that open a SQLite file to write it", 5, 1, _of(rules.sqlite_opened)),
    Figure(
        "functions that write out a back-off",
        4,
        1,
        _of(rules.back_offs),
        "the child process that serves pages waits between its starts by itself",
    ),
    Figure("classes with a broker's settings", 2, 1, _of(rules.broker_settings)),
    Figure("classes `Tls`", 2, 1, _of(lambda tree: rules.classes_named(tree, "Tls"))),
    Figure(
        "lines of the longest module",
        391,
        LONG_MODULE_LINES,
        _longest_module,
        GROWN,
    ),
    Figure(
        f"modules over {LONG_MODULE_LINES} lines",
        8,
        0,
        _long_modules,
        GROWN,
    ),
    Figure("lines of the longest function", 54, None, _longest_function),
    Figure(f"functions over {LONG_FUNCTION_LINES} lines, per thousand", 36, None, _long_functions),
)
SMALLER: Final = "modules are smaller now, and frames bring dates, parts and checksums that they did not have then"
WALKED: Final = (
    Walked("rooms of gateway/ that a frame enters on its way to a line", 16, lambda walk: walk.rooms),
    Walked("pairs of rooms between which it passes", 23, lambda walk: walk.room_pairs),
    Walked("files of gateway/ that it enters", 32, lambda walk: walk.files, SMALLER),
    Walked("pairs of files between which it passes", 59, lambda walk: walk.pairs, SMALLER),
)
"""More, which a running gateway gives; no test repeats them. The target is less than before."""


def followed(walk: Walk) -> dict[str, Counted]:
    """Return the figures of WALKED."""
    return {each.what: Counted(len(each.count(walk))) for each in WALKED}


def counted(tree: Tree) -> dict[str, Counted]:
    """Return every figure of a tree that its text alone gives."""
    return {figure.what: figure.count(tree) for figure in FIGURES}
