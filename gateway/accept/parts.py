"""Frames that arrive in parts, since their agent's broker takes no larger packets: joined in memory, receipted as a whole. Pure.

Nothing here is durable: after a restart the agent, which has no receipt, sends all parts again.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from footfall.errors import ContractError
from footfall.frames import MAX_FRAME_BYTES, Header

MAX_WHOLE_BYTES: Final = MAX_FRAME_BYTES - 2048
"""Leaves room for a header: the whole is a frame again."""
MAX_AGENT_BYTES: Final = 2 * MAX_FRAME_BYTES
MAX_UNDER_WAY: Final = 8
"""Frames per agent; above this or MAX_AGENT_BYTES, the oldest are given up."""
MAX_AGENTS: Final = 64
"""Agents with frames in parts at the same time; bounds memory against strangers."""


class _Name(NamedTuple):
    epoch: str
    seq: int
    parts: int
    crc32: int


@dataclass(slots=True)
class _Whole:
    parts: dict[int, bytes] = field(default_factory=dict)
    size_bytes: int = 0

    def add(self, part: int, data: bytes) -> None:
        self.size_bytes += len(data) - len(self.parts.get(part, b""))
        self.parts[part] = data


class Parts:
    """Frames under way, by agent."""

    def __init__(self) -> None:
        self._agents: Final[dict[str, dict[_Name, _Whole]]] = {}

    def join(self, header: Header, data: bytes, crc32: int) -> bytes | None:
        """Return the whole body with its last part, else None. Raise ContractError, and drop it, if it is too large or its CRC is wrong."""
        under_way = self._agents.pop(header.agent, {})
        name = _Name(header.epoch, header.seq, header.parts, crc32)
        whole = under_way.pop(name, None) or _Whole()
        whole.add(header.part, data)
        if whole.size_bytes > MAX_WHOLE_BYTES:
            self._keep(header.agent, under_way)
            raise ContractError("frame.size", f"the parts of a frame have at most {MAX_WHOLE_BYTES} bytes together")
        if len(whole.parts) < header.parts:
            self._keep(header.agent, under_way | {name: whole})
            return None
        self._keep(header.agent, under_way)
        body = b"".join(whole.parts[part] for part in range(header.parts))
        if zlib.crc32(body) != crc32:
            raise ContractError("frame.crc", f"crc32 of the {header.parts} parts put together disagrees with the header")
        return body

    def _keep(self, agent: str, under_way: dict[_Name, _Whole]) -> None:
        while len(under_way) > MAX_UNDER_WAY or sum(whole.size_bytes for whole in under_way.values()) > MAX_AGENT_BYTES:
            del under_way[next(iter(under_way))]
        if under_way:
            self._agents[agent] = under_way
        while len(self._agents) > MAX_AGENTS:
            del self._agents[next(iter(self._agents))]
