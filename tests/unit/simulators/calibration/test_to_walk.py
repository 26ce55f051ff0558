"""What is to be calibrated, with the commands."""

from __future__ import annotations

from pathlib import Path

from gateway.site import Agent, Site, Store, Zone
from gateway.site.calibrations import Calibration
from simulators.calibration.to_walk import MOST, what_to_walk

SITE = Path("site.toml")


def store(name: str, zones: int = 2, calibrated: bool = False) -> Store:
    heard = {f"r{k}": f"z{k}" for k in range(zones)}
    found = Store(
        name=name,
        zones=tuple(Zone(name=zone) for zone in (*heard.values(), *(["attic"] if zones > 1 else []))),
        agents=(Agent(name=f"box-{name}", receivers=heard),),
    )
    return found.model_copy(update={"calibrations": (Calibration(profile="ibeacon"),)}) if calibrated else found


def lines(*stores: Store, asked: str | None = None) -> str:
    return "\n".join(what_to_walk(SITE, Site(brand="b", stores=stores), asked))


def test_each_store_that_nobody_calibrated_has_its_commands() -> None:
    found = lines(store("bern"), store("berlin", calibrated=True), store("one", zones=1))
    assert found.startswith("site.toml: 1 of 3 stores are to be calibrated\nstore bern: walk through z0 (r0), z1 (r1), attic")
    assert "no receiver of site.toml hears attic" in found
    assert "footfall calibrate site.toml --store bern --config gateway.toml --beacon TYPE:VALUE" in found
    assert "berlin:" not in found
    assert "2 others are calibrated, or have fewer than two zones" in found


def test_a_store_with_nothing_to_tell_apart_is_named_as_such() -> None:
    assert "there is nothing to tell apart" in lines(store("one", zones=1), asked="one")


def test_of_many_stores_some_are_shown() -> None:
    assert "and 3 more: --store shows one of them" in lines(*(store(f"s{k}") for k in range(MOST + 3)))
