"""A device is added by the file of the document, and what it sends is decoded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.extending.document import Copy, edits, product_files


def test_a_device_takes_one_file_and_its_messages_are_decoded(copy: Copy, tmp_path: Path) -> None:
    assert "acme-tag" not in copy.footfall("profile", "list", cwd=tmp_path)
    change = edits("A device")
    copy.apply(change)
    assert len(product_files(change)) == 1
    assert all(edit.is_new and edit.path.endswith(".toml") for edit in change)
    listed = json.loads(copy.footfall("profile", "list", "--json", cwd=tmp_path))
    assert [row["vectors"] for row in listed if row["name"] == "acme-tag"] == [{"simulated": 1}]
    copy.footfall("profile", "test", "acme-tag", cwd=tmp_path)


def test_a_device_whose_vector_is_wrong_is_refused(copy: Copy, tmp_path: Path) -> None:
    copy.apply(edits("A device"))
    path = copy.folder / "device_profiles" / "profiles" / "acme-tag.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("battery_pct = 96", "battery_pct = 95"), encoding="utf-8")
    with pytest.raises(AssertionError, match="96"):
        copy.footfall("profile", "test", "acme-tag", cwd=tmp_path)
