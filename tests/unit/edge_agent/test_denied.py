"""What an agent makes of PUBACKs that deny it a topic."""

from __future__ import annotations

import pytest

from edge_agent.denied import FORGOTTEN_NS, NOT_AUTHORIZED, REPORT_NS, Denied
from footfall.denials import decode_denial
from footfall.topics import Topic

HEALTH, FRAMES = "footfall/1/s/a/health", "footfall/1/s/a/frames"


def test_what_is_denied_is_a_problem_until_it_is_let_through_or_not_tried_any_more(caplog: pytest.LogCaptureFixture) -> None:
    denied = Denied("a", HEALTH)
    denied.answered(FRAMES, 0, 1)
    assert denied.problems(1) == {}
    for now_ns in (2, 3):
        denied.answered(FRAMES, NOT_AUTHORIZED, now_ns)
    assert "footfall/1/s/a/frames" in denied.problems(3)["publish_denied"]
    assert len(caplog.records) == 1, "it is sent again every few seconds"
    assert denied.problems(3 + FORGOTTEN_NS) == {}
    denied.answered(FRAMES, NOT_AUTHORIZED, 4)
    denied.answered(FRAMES, 0, 5)
    assert denied.problems(5) == {}
    denied.answered(HEALTH, 0x97, 6)
    assert denied.problems(6) == {}, "a quota is another matter"


def test_it_is_reported_elsewhere_once_a_minute_where_health_cannot() -> None:
    denied = Denied("a", HEALTH)
    denied.answered(FRAMES, NOT_AUTHORIZED, 1)
    assert denied.report(1) == b"", "health has it"
    denied.answered(HEALTH, NOT_AUTHORIZED, 2)
    assert decode_denial(denied.report(2)) == [Topic("s", "a", "frames"), Topic("s", "a", "health")]
    denied.answered("footfall/1/s/other/denied", NOT_AUTHORIZED, 3)
    assert denied.report(2 + REPORT_NS - 1) == b""
    assert b"other" not in denied.report(2 + REPORT_NS)
