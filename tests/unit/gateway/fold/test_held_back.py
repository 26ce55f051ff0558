"""Recordings in one store: one that has ended holds nobody up, and one that was broken off is named."""

from __future__ import annotations

import json
from dataclasses import replace

from footfall.frames import Kind, decode_body, encode_body
from gateway.records import RecordKind
from tests.support.journal_stories import Row, Story, new_fold, of, pairs, store

X, Y = 0, 1


def play(story: Story, agent: int) -> None:
    """Add a frame of a recording: somebody in the agent's first zone for a minute, and gone."""
    stays = [Row(Kind.STAY, subject=5 + 2 * agent, age_s=age_s) for age_s in range(60, 0, -1)]
    story.frame(agent, [*stays, Row(Kind.EXIT, subject=5 + 2 * agent)])
    frame = story.records[-1]
    body = decode_body(frame.body)
    recorded = replace(body, made_boot_ns=0, t_boot_ns=body.t_boot_ns * 0, t_wall_ns=body.t_boot_ns + frame.offset_ns)
    story.records[-1] = frame._replace(body=encode_body(recorded))


def tick(story: Story, seconds: int) -> None:
    for _ in range(seconds // 2):
        story.wait(2).tick()


def two_recordings(goodbye: bool) -> tuple[list[str], tuple[str, ...]]:
    """Return whose dwells are stored a minute after the second one, and who is held back then."""
    story = Story()
    play(story, X)
    if goodbye:
        story.add(RecordKind.HEALTH, json.dumps({"state": "offline"}).encode(), "s1", "x")
    tick(story.wait(100), 20)
    play(story, Y)
    tick(story, 62)
    fold = new_fold()
    rows = store(fold.apply(pairs(story.records)), {})
    return sorted(dwell["agent"] for dwell in of(rows, "dwell") if not dwell["void"]), fold.state.held_back


def test_a_second_recording_does_not_wait_for_one_that_has_ended() -> None:
    assert two_recordings(goodbye=True) == (["x", "y"], ())


def test_rows_that_wait_for_a_recording_that_was_broken_off_are_named() -> None:
    dwells, held_back = two_recordings(goodbye=False)
    assert dwells == ["x"]
    assert held_back == ("s1: y for x, which reported up to 2026-05-28 20:26:40 UTC",)
