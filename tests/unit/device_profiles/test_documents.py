"""docs/profiles.md names every key that a profile may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from device_profiles.devices.kinds import AnyDevice
from device_profiles.profile import READINGS, Profile
from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
TRANSPORTS = {device.model_fields["transport"].annotation.__args__[0]: device for device in get_args(get_args(AnyDevice)[0])}


def keys(model: type[BaseModel]) -> Iterator[str]:
    """Of a section and of those in it."""
    for name, info in model.model_fields.items():
        yield name
        for kind in _models(info.annotation):
            yield from keys(kind)


def _models(annotation: Any) -> set[type[BaseModel]]:
    inside = {found for argument in get_args(annotation) for found in _models(argument)}
    return inside | ({annotation} if isinstance(annotation, type) and issubclass(annotation, BaseModel) else set())


def chapter(title: str) -> str:
    found = re.search(rf"^#+ {title}\n(.*?)(?=^#+ |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/profiles.md has no chapter {title!r}"
    return found[1]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_key_of_a_transport_is_explained(transport: str) -> None:
    text = chapter(transport)
    assert {key for key in keys(TRANSPORTS[transport]) if f"`{key}`" not in text} == {"transport"}


@pytest.mark.parametrize("section", ["presence", "counter", "vectors"])
def test_every_key_of_a_section_is_explained(section: str) -> None:
    (model,) = _models(Profile.model_fields[section].annotation)
    assert {key for key in keys(model) if f"`{key}`" not in chapter(section)} == set()


def test_the_head_and_the_kinds_of_readings_are_explained() -> None:
    sections = {"presence", "counter", "vectors", "device"}
    assert {key for key in Profile.model_fields if f"`{key}`" not in chapter("The file")} == sections
    assert {kind for kind in READINGS if f"`{kind}`" not in chapter("vectors")} == set()


def test_a_key_that_is_missing_would_be_found() -> None:
    assert {"frames", "fields", "offset", "irks"} <= set(keys(TRANSPORTS["ble"]))
    assert {"each", "by", "form", "zone", "start"} <= set(keys(TRANSPORTS["feed"]))
