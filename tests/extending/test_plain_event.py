"""A kind of plain event is added by the edit of the document, and gets through accept and fold into the database."""

from __future__ import annotations

from collections.abc import Callable

from gateway.sinks.sqlite.reader import SqliteReader
from tests.extending.document import Copy, edits, product_files
from tests.support.running_gateway import Place

MOST_FILES = 3


def test_a_kind_of_plain_event_takes_three_files_and_its_people_are_counted(copy: Copy, gateway: Callable[..., Place]) -> None:
    change = edits("A kind of plain event")
    copy.apply(change)
    assert len(product_files(change)) <= MOST_FILES
    turn = {"kind": "turn", "door": "main"}
    with gateway() as place:
        place.events(
            {**turn, "id": "t-1", "direction": "in"}, {**turn, "id": "t-2", "direction": "out"}, {**turn, "id": "t-2", "direction": "out"}
        )
        place.events({**turn, "id": "t-3", "direction": "up"})
        balance = place.settle()
        doors = SqliteReader(place.database).rows("door", "s3")
        assert sorted(zip(doors.values("in"), doors.values("out"), strict=True)) == [(0, 1), (1, 0)]
        assert balance["quarantined_total"] == 1, "a direction that the contract does not know is refused"
        assert sum(SqliteReader(place.database).rows("traffic", "s3").values("in")) == 1
