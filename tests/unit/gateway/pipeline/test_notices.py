from __future__ import annotations

from gateway.pipeline.notices import Notices


def test_what_is_reported_is_shown_until_it_is_withdrawn_or_its_time_is_over() -> None:
    now_s = [0.0]
    notices = Notices(lambda: now_s[0])
    notices.post("clock_jumped", "by 8 h", for_s=60)
    notices.post("history_not_ours", "s1: up to noon", about="s1")
    notices.post("history_not_ours", "s2: up to one", about="s2")
    notices.post("history_not_ours", "s2: up to two", about="s2")
    assert notices.shown() == {"clock_jumped": "by 8 h", "history_not_ours": "s1: up to noon; s2: up to two"}
    now_s[0] = 61
    notices.withdraw("history_not_ours", "s1")
    notices.withdraw("history_not_ours", "never said")
    assert notices.shown() == {"history_not_ours": "s2: up to two"}
