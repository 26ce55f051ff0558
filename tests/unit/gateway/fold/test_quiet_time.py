"""Quiet time: what is known to change, and when, while nobody is heard."""

from __future__ import annotations

from footfall.frames import Kind
from gateway.fold.fold import Fold
from gateway.fold.usual_levels import SLICE_NS
from tests.support.journal_stories import T0, Row, S, Story, new_fold, pairs


def folded(story: Story) -> Fold:
    fold = new_fold()
    fold.apply(pairs(story.records))
    return fold


def heard(agents: tuple[int, ...], seconds: int, profile: int = 0) -> Story:
    """Somebody in a, once a second by the first agent; signs of life of the others."""
    story = Story()
    for _ in range(seconds):
        story.wait(1)
        for agent in agents:
            story.frame(agent, [Row(Kind.STAY, subject=5, profile=profile)] if agent == 0 else [])
    return story


def test_it_is_not_quiet_while_rows_wait_for_another_agent() -> None:
    story = heard((0, 1), 30).wait(1).frame(0, [Row(Kind.STAY, subject=5)]).wait(1).tick()
    assert not folded(story).quiet_time.lasts_until(story.now_ns)


def test_it_is_quiet_until_a_slice_of_time_begins_or_a_dwell_ends() -> None:
    last_ns, ends = T0 + 30 * S, []
    for profile in (0, 1):
        fold = folded(heard((0, 1), 30, profile).wait(1).frame(0, []).frame(1, []).wait(1).tick())
        gap_ns = int(fold.state.estate.limits.gap_ns[fold.state.tracks.profile[0]])
        ends.append(min(last_ns + gap_ns, (last_ns // SLICE_NS + 1) * SLICE_NS - 1))
        assert fold.quiet_time.lasts_until(ends[-1])
        assert not fold.quiet_time.lasts_until(ends[-1] + 1)
    assert ends[1] < ends[0], "the slice ends what the one has, and a silence what the other has"
