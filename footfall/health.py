"""Health: what an agent reports of itself every ten seconds, retained on `footfall/1/{store}/{agent}/health`.

Agent and gateway share this model. Its last will is the same with `state` "offline". Keys of later releases are ignored.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footfall.errors import ContractError
from footfall.events import Name

MAX_HEALTH_BYTES: Final = 65_536
MOST_REASONS: Final = 32

Total = Annotated[int, Field(ge=0, lt=1 << 63)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _AgentReport(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SourceHealth(_AgentReport):
    """`fault`: it raised; `silent`: nothing was heard for longer than it may be. Either is being restarted."""

    state: Literal["ok", "fault", "silent"] = "ok"
    detail: Annotated[str, Field(max_length=300)] = ""
    restarts_total: Total = 0
    heard_total: Total = 0
    """What was heard since the agent started: sightings, crossings, counters' readings, and each message that no profile explains."""


class Health(_AgentReport):
    """`sent_wall_ns` is the agent's own clock, which may be wrong; totals count from the agent's start."""

    v: Literal[1] = 1
    state: Literal["online", "offline"]
    agent: Name
    store: Name
    boot: Name
    uptime_s: Seconds = 0.0
    sent_wall_ns: Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)] = 0
    spool_frames: Total = 0
    spool_bytes: Total = 0
    oldest_unsent_s: Seconds = 0.0
    sightings_total: Total = 0
    dropped_total: Total = 0
    """Rows dropped by a full spool, and sightings that the configuration does not explain."""
    dropped: Annotated[dict[Name, Total], Field(max_length=MOST_REASONS)] = {}
    """How many of `dropped_total` for each reason, the commonest ones."""
    ignored_total: Total = 0
    """Counters' reports that were repeated or sent beside totals, and therefore not counted."""
    rows_total: Total = 0
    neighbours_total: Total = 0
    """Sightings of beacons whose UUID is not the brand's."""
    sources: Annotated[dict[Name, SourceHealth], Field(max_length=256)] = {}
    wall_synced: bool = False
    """Whether the agent's wall clock is synchronised, as its kernel reports."""
    journals: Annotated[dict[Name, Seconds], Field(max_length=16)] = {}
    """Journals whose receipts came within the last hour, with the seconds since the last receipt of each."""
    problems: Annotated[dict[Name, Annotated[str, Field(max_length=300)]], Field(max_length=32)] = {}
    """What is wrong at the agent: a code of `footfall status`, and a text."""
    certificate_ends_s: int | None = None
    """When the agent's certificate ends, seconds since 1970; None: it has none."""

    @property
    def is_goodbye(self) -> bool:
        """Return whether a recording was played to its end: its sender, which has no clock of its own, left with nothing unsent.

        An agent that is there for good comes back. A last will is no goodbye: it has what was unsent when the connection began.
        """
        return self.state == "offline" and not self.spool_frames and not self.sent_wall_ns


def encode_health(health: Health) -> bytes:
    return health.model_dump_json().encode()


def decode_health(payload: bytes) -> Health:
    """Return the health message. Raise ContractError `health.size` or `health.invalid` for any other bytes."""
    if len(payload) > MAX_HEALTH_BYTES:
        raise ContractError("health.size", f"health has at most {MAX_HEALTH_BYTES} bytes, this has {len(payload)}")
    try:
        return Health.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "health"
        raise ContractError("health.invalid", f"{where}: {first['msg']}") from None
