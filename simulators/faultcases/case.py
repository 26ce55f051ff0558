"""What a case is, and the catalogue of all of them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from simulators.faultcases import cases

if TYPE_CHECKING:
    from simulators.faultcases.scene import Scene


@dataclass(frozen=True, slots=True)
class Case:
    """`run` does it to a scene of its own. `limit_s`: after that it counts as stuck. `is_short`: `make test` runs it, too."""

    name: str
    group: str
    sentence: str
    run: Callable[[Scene], None]
    limit_s: float
    is_short: bool


_found: Final[dict[str, Case]] = {}


def case(
    *, limit_s: float = 150.0, is_short: bool = False, each: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a function of a scene as a case; the first line of its docstring describes it. `each`: one a name, with these arguments."""

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        name, group = function.__name__.replace("_", "-"), function.__module__.rpartition(".")[2]
        sentence = (inspect.getdoc(function) or name).splitlines()[0]
        for suffix, arguments in (each or {"": {}}).items():
            full = f"{name}-{suffix}" if suffix else name
            short = is_short and (not suffix or suffix == next(iter(each or {})))
            _found[full] = Case(full, group, sentence, partial(function, **arguments), limit_s, short)
        return function

    return mark


def catalogue() -> dict[str, Case]:
    """All cases by name, in the order of their groups."""
    for module in sorted(pkgutil.iter_modules(cases.__path__), key=lambda found: found.name):
        importlib.import_module(f"{cases.__name__}.{module.name}")
    return _found
