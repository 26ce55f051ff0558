"""What the broker does not let this agent publish, by the reason codes of its PUBACKs (MQTT 5). 3.1.1 has none: there nobody can know.

denied = Denied(agent, health_topic)
denied.answered(topic, code, now_ns)      # a PUBACK
denied.report(now_ns)                     # what to publish on `denied`, where not even health gets through; else b""
denied.problems(now_ns)                   # {"publish_denied": …}
"""

from __future__ import annotations

import logging
from typing import Final

from footfall.denials import encode_denial
from footfall.units import NS_PER_S

log = logging.getLogger("footfall.agent.publisher")

NOT_AUTHORIZED: Final = 0x87
REPORT_NS: Final = 60 * NS_PER_S
FORGOTTEN_NS: Final = 120 * NS_PER_S
"""Health goes every ten seconds, hellos every two: what is denied is denied again before."""


class Denied:
    """One agent's; what is not denied again for two minutes is over."""

    def __init__(self, agent: str, health_topic: str) -> None:
        self._agent: Final = agent
        self._health_topic: Final = health_topic
        self._at_ns: Final[dict[str, int]] = {}
        """By topic, when it was denied last."""
        self._report_due_ns = 0

    def answered(self, topic: str, code: int, now_ns: int) -> None:
        if code != NOT_AUTHORIZED:
            self._at_ns.pop(topic, None)
        elif not topic.endswith("/denied"):  # an access list that does not know of reports
            if topic not in self._at_ns:
                log.error("%s", _text(self._agent, [topic]))
            self._at_ns[topic] = now_ns

    def report(self, now_ns: int) -> bytes:
        """Return what is to be published now, once a minute, b"" else. While health gets through, it has the problem."""
        topics = self._topics(now_ns)
        if self._health_topic not in topics or now_ns < self._report_due_ns:
            return b""
        self._report_due_ns = now_ns + REPORT_NS
        return encode_denial(topics)

    def problems(self, now_ns: int) -> dict[str, str]:
        topics = self._topics(now_ns)
        return {"publish_denied": _text(self._agent, topics)} if topics else {}

    def _topics(self, now_ns: int) -> list[str]:
        return sorted(topic for topic, at_ns in self._at_ns.items() if now_ns - at_ns < FORGOTTEN_NS)


def _text(agent: str, topics: list[str]) -> str:
    return (
        f"the broker does not let us write {', '.join(topics)}: its access list goes by the name in the certificate or the user's, which"
        f" must be {agent}"
    )
