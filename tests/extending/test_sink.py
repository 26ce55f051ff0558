"""A sink is added by the edit of the document: gateway.toml names it, config check finds its mistakes, and the gateway writes into it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.extending.document import Copy, edits, product_files
from tests.support.running_gateway import Place

KINDS = "gateway/sinks/kinds.py"


def test_a_sink_takes_its_folder_and_its_place_in_the_list_of_kinds(copy: Copy, gateway: Callable[..., Place], tmp_path: Path) -> None:
    change = edits("A sink")
    copy.apply(change)
    outside = {path for path in product_files(change) if not path.startswith("gateway/sinks/json_files/")}
    assert outside == {KINDS}
    assert [edit.added_lines for edit in change if edit.path == KINDS] == [1]
    folder = tmp_path / "points"
    folder.mkdir()
    with gateway(sink={"kind": "json_files", "folder": str(folder)}) as place:
        place.events({"kind": "count", "id": "c-1", "door": "main", "in": 2, "out": 1})
        place.until(lambda: bool(list(folder.glob("door.*.json"))), "the door's file")
        place.until(place.gateway.is_settled, "everything to be written")
        assert place.gateway.status()["sink"]["where"] == str(folder)
    (written,) = folder.glob("door.*.json")
    found = json.loads(written.read_text())
    assert (found["store"], found["door"], found["in"], found["out"]) == ("s3", "main", 2, 1)
    assert not list(folder.glob("*.new"))
