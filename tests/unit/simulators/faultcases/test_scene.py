"""A scene waits for what must come, and reports under the right word what did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulators.faultcases.case import catalogue
from simulators.faultcases.findings import Stuck
from simulators.faultcases.scene import Scene


class Says:
    """As far as a scene asks a gateway for what is wrong."""

    def __init__(self, **problems: str) -> None:
        self._problems = problems

    def problems(self) -> dict[str, str]:
        return self._problems


def named(scene: Scene, gateway: Any, *codes: str) -> str:
    return scene.named(gateway, *codes, within_s=0.3)


def test_what_the_status_names_is_not_silent(tmp_path: Path) -> None:
    with Scene(tmp_path, 1) as scene:
        assert named(scene, Says(two_gateways="a1 hears two"), "agent_stuck", "two_gateways") == "a1 hears two"
        assert scene.findings.is_right


def test_a_silent_status_is_found(tmp_path: Path) -> None:
    with Scene(tmp_path, 1) as scene:
        named(scene, Says(agent_never="1 agent"), "two_gateways")
        assert len(scene.findings.silent) == 1


def test_what_does_not_come_is_stuck(tmp_path: Path) -> None:
    with Scene(tmp_path, 1) as scene, pytest.raises(Stuck, match="a receipt"):
        scene.until(lambda: False, "a receipt", 0.2)


def test_every_case_describes_what_it_is() -> None:
    found = catalogue()
    assert found
    for case in found.values():
        assert case.sentence.endswith("."), case.name
        assert case.limit_s <= 600, case.name
