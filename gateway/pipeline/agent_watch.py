"""Problems of agents that show only in a sequence of health messages. Pure: health messages in, problems out.

An agent that is pushed off the broker, whose certificate has ended or that hears two gateways cannot always report it itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from footfall.health import Health
from footfall.units import NS_PER_S

ENDS_SOON_S: Final = 30 * 86_400
SAME_NS: Final = 3 * NS_PER_S
"""What an agent counts in seconds since its start, and what waits in a broker, makes moments so uncertain."""
ALTERNATES_S: Final = 120.0
"""So long after the last sign of it two agents of one name are named."""


@dataclass(slots=True)
class _Known:
    """`runs`: when each run of the agent began, by its own clock, and when it was last heard; a run that comes back has a double."""

    runs: dict[tuple[str, int], int] = field(default_factory=dict)
    run: tuple[str, int] | None = None
    doubled_ns: int = 0
    waits_ns: int = 0
    """The moment from which its oldest frame has waited, and since when it is that one that waits."""
    same_since_ns: int = 0


class AgentWatch:
    """`hear` takes every health message as it comes; `problems` returns what is wrong with an agent."""

    def __init__(self, notice_s: float) -> None:
        self._notice_ns: Final = int(notice_s * NS_PER_S)
        self._known: Final[dict[str, _Known]] = {}

    def hear(self, health: Health, now_ns: int) -> None:
        """Take an agent's present health: not a message that a broker kept, and no last will."""
        known = self._known.setdefault(health.agent, _Known())
        self._follow_run(known, health, now_ns)
        waits_ns = now_ns - int(health.oldest_unsent_s * NS_PER_S) if health.spool_frames and health.oldest_unsent_s else 0
        if not waits_ns or abs(waits_ns - known.waits_ns) > SAME_NS:
            known.same_since_ns = now_ns
        known.waits_ns = waits_ns

    def problems(self, health: Health, now_ns: int, heard_ns: int, journal_id: str, started_ns: int) -> dict[str, str]:
        """Return what is wrong by the agent's last health, which came at `heard_ns`; its own report first.

        `started_ns`: since when this gateway runs.
        """
        known = self._known.get(health.agent, _Known())
        found: dict[str, str] = {}
        if known.waits_ns and now_ns - known.waits_ns > self._notice_ns and now_ns - known.same_since_ns > self._notice_ns:
            found["agent_stuck"] = f"{health.spool_frames:,} frames, the oldest waits for {(now_ns - known.waits_ns) / NS_PER_S:,.0f} s"
        if known.doubled_ns and now_ns - known.doubled_ns < ALTERNATES_S * NS_PER_S:
            found["two_agents"] = "two runs of it speak by turns"
        others = _other_journals(health, heard_ns, journal_id, started_ns)
        if others:
            found["two_gateways"] = f"it hears receipts of journal {', '.join(others)}, ours is {journal_id}"
        return found | _certificate(health, now_ns) | dict(health.problems)

    def _follow_run(self, known: _Known, health: Health, now_ns: int) -> None:
        """A run is known by boot and beginning. One that another has followed is over, unless there are two."""
        began_ns = (health.sent_wall_ns or now_ns) - int(health.uptime_s * NS_PER_S)
        run = next((each for each in known.runs if each[0] == health.boot and abs(each[1] - began_ns) <= SAME_NS), (health.boot, began_ns))
        if known.run is not None and run != known.run and run in known.runs:
            known.doubled_ns = now_ns
        known.run = run
        known.runs[run] = now_ns
        known.runs = {each: last_ns for each, last_ns in known.runs.items() if now_ns - last_ns < ALTERNATES_S * NS_PER_S}


def _other_journals(health: Health, heard_ns: int, journal_id: str, started_ns: int) -> list[str]:
    """Journals that answered the agent while this gateway ran. One that was put away before it started is none of them."""
    return [
        name for name, ago_s in health.journals.items() if name != journal_id and heard_ns - int(ago_s * NS_PER_S) > started_ns + SAME_NS
    ]


def _certificate(health: Health, now_ns: int) -> dict[str, str]:
    if health.certificate_ends_s is None:
        return {}
    left_s, day = health.certificate_ends_s - now_ns // NS_PER_S, _day(health.certificate_ends_s)
    if left_s <= 0:
        return {"certificate_expired": f"ended on {day}"}
    return {"certificate_ends": f"ends on {day}"} if left_s < ENDS_SOON_S else {}


def _day(time_s: int) -> str:
    """Far beyond any certificate there is no date."""
    return f"{datetime.fromtimestamp(min(max(time_s, 0), 253_402_300_799), UTC):%Y-%m-%d}"
