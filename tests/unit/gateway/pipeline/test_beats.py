from __future__ import annotations

from gateway.pipeline.beats import Beats


def test_a_thread_that_goes_on_is_not_named_and_one_that_hangs_is() -> None:
    now_s = [0.0]
    beats = Beats({"fold": 5.0, "sink": 25.0}, lambda: now_s[0])
    assert beats.silent() == {}, "none has begun"
    beats.beat("fold")
    beats.beat("sink")
    now_s[0] = 6.0
    assert beats.silent() == {"fold": 6.0}
    beats.beat("fold")
    assert beats.silent() == {}
    now_s[0] = 30.0
    beats.leave("fold")
    assert beats.silent() == {"sink": 30.0}
