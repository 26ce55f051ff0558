"""The same key and body: the same answer; the same key and another body: refused."""

from __future__ import annotations

import pytest

from serve.idempotency import KEPT_S, REMEMBERED, Answered, Answers, KeyRefused, check_key

ASKED = ("ann", "POST", "/api/events", "", "k-1")
DONE = Answered(202, b'{"accepted":1}')


def refused(answers: Answers, digest: bytes, now_s: float = 1.0) -> str:
    with pytest.raises(KeyRefused) as error:
        answers.begin(ASKED, digest, now_s)
    assert error.value.status == 409
    return error.value.reason


def test_sent_again_it_is_answered_the_same() -> None:
    answers = Answers()
    assert answers.begin(ASKED, b"1", 0.0) is None
    assert refused(answers, b"1") == "idempotency.busy", "two at once change nothing twice"
    answers.finish(ASKED, DONE, 1.0)
    assert answers.begin(ASKED, b"1", 2.0) == DONE
    assert refused(answers, b"2") == "idempotency.other"
    assert answers.begin(("ben", *ASKED[1:]), b"2", 2.0) is None, "keys are each caller's own"


def test_what_changed_nothing_may_come_again_with_another_body() -> None:
    answers = Answers()
    answers.begin(ASKED, b"1", 0.0)
    answers.give_up(ASKED)
    assert answers.begin(ASKED, b"2", 1.0) is None


def test_it_is_forgotten_after_a_day_and_the_oldest_beyond_the_bound() -> None:
    answers = Answers()
    answers.begin(ASKED, b"1", 0.0)
    answers.finish(ASKED, DONE, 0.0)
    assert answers.begin(ASKED, b"2", KEPT_S) is None
    for n in range(REMEMBERED):
        answers.begin((*ASKED[:4], f"other-{n}"), b"1", 1.0)
    assert answers.begin(ASKED, b"3", 2.0) is None


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_is_short_and_printable(key: str) -> None:
    with pytest.raises(KeyRefused) as error:
        check_key(key)
    assert (error.value.status, error.value.reason) == (400, "idempotency.key")
