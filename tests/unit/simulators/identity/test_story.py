"""The story of Ming and Mr Wang, through the real gateway."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from simulators.identity.story import FAN, GUIDE, play_story, story_table


def test_a_payment_joins_what_the_store_saw_and_what_the_web_shop_knows(tmp_path: Path) -> None:
    story = play_story(tmp_path)
    assert (story.before.visits_of_fan, story.after.visits_of_fan) == (0, 5)
    assert story.visits_before_purchase == 4
    assert story.touches_before_purchase == 6
    assert story.credited == GUIDE
    assert story.before.anonymous > 0.6 > 0.3 > story.after.anonymous
    assert story.after.rows - story.after.named == 4, "strangers stay strangers"
    console = Console(record=True, width=100)
    console.print(story_table(story))
    text = console.export_text()
    assert FAN in text
    assert "4 visits" in text
    assert max(map(len, text.splitlines())) <= 80
