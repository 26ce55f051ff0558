"""Names that frames list: only those that rows use are remembered."""

from __future__ import annotations

from dataclasses import replace

from footfall.frames import Kind, decode_body, encode_body
from tests.support.journal_stories import Row, Story, new_fold, of, pairs, store


def flooded(frames: int, names: int) -> Story:
    """Frames that list thousands of names, no two alike, and use the first, `a`."""
    story = Story()
    for number in range(frames):
        story.wait(1).frame(0, [Row(Kind.STAY, 5)])
        record = story.records[-1]
        body = decode_body(record.body)
        zones = ("a", *[f"z{number}-{each}" for each in range(names)])
        story.records[-1] = record._replace(body=encode_body(replace(body, zones=zones)))
    return story


def test_names_that_no_row_uses_get_no_code_and_are_not_kept() -> None:
    story = flooded(frames=30, names=4000)
    fold = new_fold()
    fold.apply(pairs(story.records[:1]))
    before = len(fold.state.estate.zones)
    rows = store(fold.apply(pairs(story.records[1:])), {})
    assert len(fold.state.estate.zones) == len(fold.state.estate.zone_name) == len(fold.state.estate.zone_store) == before
    assert {row["zone"] for row in of(rows, "presence")} == {"a"}
    assert not any(len(names) > 64 for _, names in fold.state.estate._zone_codes)


def test_points_bear_only_the_names_that_rows_use() -> None:
    fold = new_fold()
    points = fold.apply(pairs(flooded(frames=3, names=4000).records))
    assert max(len(tag.names) for each in points for tag in each.tags.values()) < 20


def test_names_that_rows_use_later_get_their_codes_then() -> None:
    """The same list of names, of which one row uses the first, a later one the second."""
    story = Story().frame(0, [Row(Kind.STAY, 5, 0)]).wait(1).frame(0, [Row(Kind.STAY, 7, 1), Row(Kind.STAY, 8, 4)])
    rows = store(new_fold().apply(pairs(story.end(1).records)), {})
    assert {(row["subject"][-1], row["zone"]) for row in of(rows, "dwell")} == {("5", "a"), ("7", "b"), ("8", "w")}
