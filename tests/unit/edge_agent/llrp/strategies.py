"""Hypothesis strategies that follow the tables: any message that LLRP allows."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from edge_agent.llrp.codec import LlrpMessage, Parameter
from edge_agent.llrp.layout import Bits, LlrpValue
from edge_agent.llrp.tables import CUSTOM, IMPINJ, LAST_TV, Definition

_PARAMETERS = {definition.name: definition for definition in IMPINJ.parameters}
_FOREIGN_VENDOR = st.integers(0, 2**32 - 1).filter(lambda vendor: vendor != 25882)


def _value(layout: str) -> st.SearchStrategy[LlrpValue]:
    match layout:
        case "x12":
            return st.binary(min_size=12, max_size=12)
        case "text":
            return st.text(max_size=12)
        case "rest":
            return st.binary(max_size=12)
        case "bits":
            return st.integers(0, 100).flatmap(
                lambda n: st.binary(min_size=(n + 7) // 8, max_size=(n + 7) // 8).map(lambda data: Bits(n, data))
            )
        case "u8s" | "u16s" | "u32s":
            return st.lists(st.integers(0, 2 ** int(layout[1:-1]) - 1), max_size=4).map(tuple)
    width = int(layout[1:])
    if layout[0] == "i":
        return st.integers(-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    return st.integers(0, 2**width - 1)


def _fields(definition: Definition) -> st.SearchStrategy[dict[str, LlrpValue]]:
    values = {name: _value(layout) for name, layout in definition.fields if name != "-"}
    if "VendorIdentifier" in values:
        values["VendorIdentifier"] = _FOREIGN_VENDOR
    return st.fixed_dictionaries(values)


@st.composite
def _inside(draw: st.DrawFn, definition: Definition, depth: int) -> tuple[Parameter, ...]:
    """What its tables ask for, and a little of what they allow."""
    found = []
    for held in definition.holds:
        most = min(held.most or 2, 2) if depth < 3 else 0
        for _ in range(draw(st.integers(min(held.least, 1), max(most, held.least)))):
            name = draw(st.sampled_from(sorted(held.names & _PARAMETERS.keys())))
            found.append(draw(parameters(_PARAMETERS[name], depth + 1)))
    return tuple(found)


@st.composite
def parameters(draw: st.DrawFn, definition: Definition, depth: int = 0) -> Parameter:
    if definition.key[0] <= LAST_TV or (definition.key[0] == CUSTOM and not definition.holds):
        return Parameter(definition.name, draw(_fields(definition)))
    return Parameter(definition.name, draw(_fields(definition)), draw(_inside(definition, depth)))


def messages(definitions: Sequence[Definition] = IMPINJ.messages) -> st.SearchStrategy[LlrpMessage]:
    """Valid ones, nested up to four deep where the tables ask for no more."""

    @st.composite
    def one(draw: st.DrawFn) -> LlrpMessage:
        definition = draw(st.sampled_from(definitions))
        return LlrpMessage(definition.name, draw(_fields(definition)), draw(_inside(definition, 0)), draw(st.integers(0, 2**32 - 1)))

    return one()
