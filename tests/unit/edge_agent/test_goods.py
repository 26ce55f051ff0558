"""What the agent stores of goods in clear: EPC and SKU, at ENTER, EXIT and one STAY an hour."""

from __future__ import annotations

from typing import Any

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.presence import NAMED_EVERY_NS
from edge_agent.sources.source import Sighting
from footfall.frames import MAX_GOODS_CHARS, Body, Kind, decode_body, encode_body
from footfall.units import NS_PER_S as S

SGTIN = "3074257bf7194e4000001a85"
GTIN = "80614141123458"
"""GS1 EPC Tag Data Standard: SGTIN-96 of GTIN 80614141123458, serial 6789."""
FACTORY = "e280116060000209a1b2c3d4"


def hear(identifiers: list[str], profile: str = "garment-tag", hours: float = 0.05, every_s: float = 20) -> list[Body]:
    """All of them again and again, as the gateway reads it."""
    core = Core("boot", {"r1": "shelf"}, shipped(), SubjectKeys({"epc": b"k" * 32, "ibeacon": b"k" * 32}))
    bodies, now_s = [], 0.0
    while now_s <= hours * 3600:
        for identifier in identifiers:
            core.hear(Sighting(round(now_s * S), "r1", profile, identifier, -55))
        bodies += core.tick(Moment(round(now_s * S), 0, False))
        now_s += every_s
    return [decode_body(encode_body(body)) for body in bodies + core.finish(Moment(round(now_s * S), 0, False))]


def rows(bodies: list[Body]) -> list[tuple[str, int, dict[str, Any]]]:
    """(kind, subject, extra)"""
    return [
        (Kind(kind).name, int(body.subject[row]), dict(body.extra.get(row, {})))
        for body in bodies
        for row, kind in enumerate(body.kind)
    ]  # fmt: skip


def test_enter_and_exit_report_which_item_and_which_article_it_is() -> None:
    found = rows(hear([SGTIN, FACTORY]))
    subjects = {subject for _, subject, _ in found}
    assert len(subjects) == 2
    named = {SGTIN: {"epc": SGTIN, "sku": GTIN}, FACTORY: {"epc": FACTORY, "sku": ""}}
    for kind in ("ENTER", "EXIT"):
        assert [more for each, _, more in found if each == kind] == [named[SGTIN], named[FACTORY]]
    assert {str(more) for kind, _, more in found if kind == "STAY"} == {"{}"}


def test_one_stay_an_hour_repeats_it_and_not_all_at_once() -> None:
    epcs = [f"{number:024x}" for number in range(40)]
    found = rows(hear(epcs, hours=5.5))
    named = [more["epc"] for kind, _, more in found if kind == "STAY" and more]
    assert {named.count(epc) for epc in epcs} == {5, 6}
    assert named[:40] != epcs
    assert NAMED_EVERY_NS == 3600 * S


def test_what_came_near_or_is_far_away_is_reported_at_once_and_what_lies_still_is_not() -> None:
    core = Core("boot", {"r1": "shelf"}, shipped(), SubjectKeys({"epc": b"k" * 32}))
    for n, rssi_dbm in enumerate([-60, -64, -57, -62, -48, -48, -48, -60, -68, -68]):
        core.hear(Sighting(4 * n * S, "r1", "garment-tag", SGTIN, rssi_dbm))
    body = core.tick(Moment(37 * S, 0, False), flush=True)[0]
    said = [(Kind(kind).name, t_ns // (4 * S), dbm) for kind, t_ns, dbm in zip(body.kind, body.t_boot_ns, body.rssi_dbm, strict=True)]
    assert said == [("ENTER", 0, -60), ("STAY", 1, -62), ("STAY", 4, -52), ("STAY", 9, -61)]


def test_people_are_never_named() -> None:
    assert not any(more for _, _, more in rows(hear([SGTIN], "ibeacon", hours=3)))


def test_what_cannot_be_written_in_clear_is_left_out() -> None:
    """A frame with it would be refused, with all that else it holds."""
    for identifier in ("x" * (MAX_GOODS_CHARS + 1), "a\nb"):
        found = rows(hear([identifier]))
        assert found[0][0] == "ENTER"
        assert not any(more for *_, more in found)
