"""The same key and body: the same answer; the same key and another body: refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from serve import idempotency
from serve.idempotency import KEPT_S, Answered, Answers, Asked, KeyRefused, Taken, check_key

ASKED = ("ann", "POST", "/api/events", "", "k-1")
DONE = Answered(202, b'{"accepted":1}')


def refused(answers: Answers, digest: bytes, now_s: float = 1.0) -> str:
    with pytest.raises(KeyRefused) as error:
        answers.begin(ASKED, digest, now_s)
    assert error.value.status == 409
    return error.value.reason


def taken(answers: Answers, asked: Asked = ASKED, digest: bytes = b"1", now_s: float = 0.0) -> Taken:
    """A request that goes on."""
    found = answers.begin(asked, digest, now_s)
    assert isinstance(found, Taken)
    return found


def test_sent_again_it_is_answered_the_same() -> None:
    answers = Answers()
    first = taken(answers)
    assert refused(answers, b"1") == "idempotency.busy", "two at once change nothing twice"
    answers.finish(first, DONE, 1.0)
    assert answers.begin(ASKED, b"1", 2.0) == DONE
    assert refused(answers, b"2") == "idempotency.other"
    taken(answers, ("ben", *ASKED[1:]), b"2")  # keys are each caller's own


def test_what_changed_nothing_may_come_again_with_another_body() -> None:
    answers = Answers()
    answers.give_up(taken(answers))
    taken(answers, digest=b"2")


def answered(answers: Answers, *keys: str, user: str = "ann", now_s: float = 0.0, answer: Answered = DONE) -> None:
    """Requests of a user, one after the other."""
    for key in keys:
        answers.finish(taken(answers, (user, *ASKED[1:4], key), now_s=now_s), answer, now_s)


def test_it_is_forgotten_after_a_day_and_beyond_the_bound_of_its_user_who_pushes_out_nobody_else_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "REMEMBERED", 10)
    answers = Answers()
    answered(answers, "k-1")
    answers.finish(taken(answers, digest=b"2", now_s=KEPT_S), DONE, KEPT_S)
    answered(answers, *(f"k-{n}" for n in range(30)), user="ben", now_s=KEPT_S + 1)
    assert answers.begin(ASKED, b"2", KEPT_S + 2) == DONE
    answered(answers, *(f"other-{n}" for n in range(10)), now_s=KEPT_S + 3)
    taken(answers, digest=b"3", now_s=KEPT_S + 4)


def test_who_has_most_bytes_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MOST_BYTES", 5_000)
    answers = Answers()
    answered(answers, "k-1")
    answered(answers, *(f"k-{n}" for n in range(30)), user="ben", now_s=1.0, answer=Answered(200, bytes(1_000)))
    assert answers.begin(ASKED, b"1", 2.0) == DONE
    assert answers.kept_bytes <= 5_000


def test_what_is_being_answered_is_not_forgotten_however_many_come_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "REMEMBERED", 10)
    answers = Answers()
    first = taken(answers)
    answered(answers, *(f"other-{n}" for n in range(30)), now_s=1.0)
    assert refused(answers, b"1") == "idempotency.busy"
    answers.finish(first, DONE, 2.0)
    assert answers.begin(ASKED, b"1", 3.0) == DONE


def test_a_file_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    columns = "asked TEXT PRIMARY KEY, digest BLOB NOT NULL, until_s REAL NOT NULL, moment_ns INTEGER, status INTEGER, body BLOB"
    with closing(sqlite3.connect(tmp_path / "answers.db")) as db, db:
        db.execute(f"CREATE TABLE answers ({columns}) WITHOUT ROWID")
        db.execute("INSERT INTO answers VALUES (?,?,?,NULL,?,?)", (json.dumps(ASKED), b"1", KEPT_S, *DONE))
    answers = Answers(tmp_path / "answers.db")
    assert answers.begin(ASKED, b"1", 2.0) == DONE
    answered(answers, "k-2", now_s=KEPT_S + 1)
    taken(answers, now_s=KEPT_S + 2)


def test_the_oldest_are_forgotten_beyond_the_bytes_that_are_kept_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MOST_BYTES", 5_000)
    long = Answered(200, bytes(1_000))
    answers = Answers(tmp_path / "answers.db")
    for n in range(9):
        answers.finish(taken(answers, (*ASKED[:4], f"k-{n}"), now_s=n), long, n)
        if n == 5:
            answers.close()
            answers = Answers(tmp_path / "answers.db")
    kept = [n for n in reversed(range(9)) if isinstance(answers.begin((*ASKED[:4], f"k-{n}"), b"1", 9.0), Answered)]
    assert kept == [8, 7, 6, 5], "each is a little longer than its answer"


def test_what_is_asked_takes_little_however_long_it_is() -> None:
    answers = Answers()
    asked = ("ann", "POST", "/api/events", "store=" + "x" * 100_000, "k-1")
    answers.finish(taken(answers, asked), DONE, 0.0)
    assert answers.begin(asked, b"1", 1.0) == DONE
    taken(answers, (*asked[:3], asked[3] + "y", "k-1"))
    assert answers.kept_bytes < 1_000


def test_answers_outlive_the_server(tmp_path: Path) -> None:
    before = Answers(tmp_path / "answers.db")
    before.finish(taken(before), DONE, 1.0)
    after = Answers(tmp_path / "answers.db")
    assert after.begin(ASKED, b"1", 2.0) == DONE
    assert refused(after, b"2") == "idempotency.other"
    assert (tmp_path / "answers.db").stat().st_mode & 0o077 == 0


def test_what_was_not_answered_when_the_server_ended_is_carried_out_again_as_of_the_first_time(tmp_path: Path) -> None:
    before = taken(Answers(tmp_path / "answers.db"))
    assert (before.moment_ns(5), before.moment_ns(6)) == (5, 5)
    after = Answers(tmp_path / "answers.db")
    again = taken(after, now_s=1.0)
    assert again.moment_ns(7) == 5
    after.finish(again, DONE, 2.0)
    assert Answers(tmp_path / "answers.db").begin(ASKED, b"1", 3.0) == DONE


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "answers.db").write_bytes(b"no database at all, however long it may be " * 100)
    taken(Answers(tmp_path / "answers.db"))
    assert (tmp_path / "answers.db.damaged").exists()


def test_where_a_key_cannot_be_kept_nothing_is_changed() -> None:
    answers = Answers()
    answers.close()
    with pytest.raises(KeyRefused) as error:
        answers.begin(ASKED, b"1", 0.0)
    assert (error.value.status, error.value.reason) == (503, "idempotency.file")


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_is_short_and_printable(key: str) -> None:
    with pytest.raises(KeyRefused) as error:
        check_key(key)
    assert (error.value.status, error.value.reason) == (400, "idempotency.key")
