"""Events for what is not in site.toml are refused in the gateway's words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from footfall.errors import ContractError, Unreadable
from footfall.events import parse_event
from serve.estate import ServedEstate, SettingsUnreadable

SITE = """
brand = "acme"
[[stores]]
name = "s1"
timezone = "Asia/Shanghai"
doors = ["main"]
zones = [{ name = "shoes" }]
agents = [{ name = "till" }, { name = "old", to = 2020-01-01 }]
[[staff]]
staff_id = "s12"
to = 2026-01-01
[[campaigns]]
name = "autumn"
"""
NOW_NS = 1_795_226_523 * 10**9
BROKEN = "[contribution]\nfirst_percent = 50\n"
COUNT = {"kind": "count", "id": "c-1", "door": "main", "in": 1}
ADJUSTMENT = {"kind": "adjustment", "id": "j-1", "door": "main", "in": -1, "reason": "a class", "actor": "kim"}
SEEN = {"kind": "occupancy", "people": 2}
OWNER = {"kind": "fact", "fact": "owner", "id": "o-1", "fan": "f-1"}
LENT = {"kind": "fact", "fact": "link", "id": "l-1", "identifier": "tag:17", "fan": "f-1"}
VOID = {"kind": "void", "id": "v-1", "of": "t-1", "reason": "twice", "actor": "kim"}
AMEND = {"kind": "amend", "id": "a-1", "of": "t-1", "reason": "mistyped", "actor": "kim"}
SCAN = {"kind": "touch", "what": "scan", "id": "t-1", "zone": "shoes"}


@pytest.fixture
def estate(tmp_path: Path) -> ServedEstate:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "gateway.toml").write_text("[broker]\nport = 1\n")
    return ServedEstate(tmp_path / "gateway.toml")


@pytest.mark.parametrize(
    ("store", "agent", "event", "reason", "text"),
    [
        ("s2", "till", COUNT, "site.store", "store 's2' is not in site.toml"),
        ("s1", "tills", COUNT, "site.agent", "agent 'tills' is not in store 's1' of site.toml"),
        ("s1", "old", COUNT, "site.agent", "agent 'old' was not in store 's1' when this was heard, by site.toml"),
        ("s1", "till", COUNT | {"door": "back"}, "site.door", "event 1: door 'back' is not in store 's1'"),
        ("s1", "till", ADJUSTMENT | {"door": "back"}, "site.door", "event 1: door 'back' is not in store 's1'"),
        ("s1", "till", SCAN | {"zone": "hats"}, "site.zone", "event 1: zone 'hats' is not in store 's1'"),
        (
            "s1", "till", SCAN | {"campaign": "autum"}, "site.campaign",
            "event 1: campaign 'autum' is not in site.toml: did you mean 'autumn'?",
        ),
        ("s1", "till", OWNER | {"store": "s2000"}, "site.store", "event 1: store 's2000' is not in site.toml"),
        (
            "s1", "till", OWNER | {"staff_id": "s12"}, "site.staff",
            "event 1: staff_id 's12' is in site.toml, but not for that time: its `from` and `to` leave it out:"
            " nobody of that id can care for a fan from then on",
        ),
        (
            "s1", "till", LENT, "event.invalid",
            "event 1: from: tag is lent: state since when the fan has it, or it would never be the fan's",
        ),
        ("s1", "till", LENT | {"store": "s2000"}, "site.store", "event 1: store 's2000' is not in site.toml"),
        (
            "s1", "till", VOID | {"publisher": "tilt"}, "site.agent",
            "event 1: agent 'tilt' is not in store 's1' of site.toml: did you mean 'till'?",
        ),
        ("s1", "till", VOID | {"store": "s2000"}, "site.store", "event 1: store 's2000' is not in site.toml"),
        (
            "s1", "till", AMEND | {"set": {"campaign": "autum"}}, "site.campaign",
            "event 1: campaign 'autum' is not in site.toml: did you mean 'autumn'?",
        ),
        ("s1", "till", AMEND | {"set": {"zone": "hats"}}, "site.zone", "event 1: zone 'hats' is not in store 's1'"),
        (
            "s1", "till", AMEND | {"set": {"what": "return", "amount": -20}}, "event.invalid",
            "event 1: amend.set: a return has no negative `amount` or `n`: what it is says which way money goes",
        ),
        ("s1", "till", SEEN | {"zone": "hats"}, "site.zone", "event 1: zone 'hats' is not in store 's1'"),
    ],
)  # fmt: skip
def test_what_site_toml_does_not_have_is_refused(
    estate: ServedEstate, store: str, agent: str, event: dict[str, object], reason: str, text: str
) -> None:
    with pytest.raises(ContractError) as refused:
        estate.check(store, agent, [parse_event(SCAN), parse_event(event)], NOW_NS)
    assert (refused.value.reason, str(refused.value)) == (reason, text)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"time": "2024-01-01T00:00:00Z"},
            "event 1: `time` is 2024-01-01T00:00:00+00:00, 1,055 days before the event was taken in, at 2026-11",
        ),
        ({"time": "1970-01-01T00:00:00Z", "history": True}, "before the year 2000"),
        ({"time": "0001-01-01T00:00:00+08:00"}, 'add `"history": true`'),
        ({"time": "9999-12-31T23:59:59-08:00"}, "after the event was taken in"),
        ({"time": "2026-12-30T00:00:00Z"}, "38 days after the event was taken in"),
        ({"time": "2026-12-30T00:00:00Z", "history": True}, "is the clock of its sender right?"),
    ],
)
def test_times_of_a_dead_clock_are_refused_with_or_without_a_site(
    tmp_path: Path, estate: ServedEstate, more: dict[str, object], words: str
) -> None:
    for asked in (estate, ServedEstate(tmp_path / "missing.toml")):
        with pytest.raises(ContractError) as refused:
            asked.check("s1", "till", [parse_event(SCAN), parse_event(COUNT | more)], NOW_NS)
        assert refused.value.reason == "event.time"
        assert words in str(refused.value)


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "touch", "what": "scan", "id": "t", "identifiers": ["mac:a4:c1:38:56:6d:01"]},
        {"kind": "touch", "what": "scan", "id": "t", "identifiers": ["wifi:a4:c1:38:56:6d:01"]},
        {"kind": "fact", "fact": "link", "id": "l", "source": "crm", "identifier": "mac:a4:c1:38:56:6d:01", "fan": "f-1"},
        {"kind": "amend", "id": "a", "of": "t", "reason": "r", "actor": "kim", "set": {"identifiers": ["mac:a4:c1:38:56:6d:01"]}},
    ],
)
def test_identifiers_without_consent_are_refused_in_every_kind_of_event(estate: ServedEstate, event: dict[str, object]) -> None:
    with pytest.raises(ContractError, match=r"^event 1: .*not consented to") as refused:
        estate.check("s1", "till", [parse_event(SCAN), parse_event(event)], NOW_NS)
    assert (refused.value.reason, "a4:c1" in str(refused.value)) == ("event.identifier", False)


def test_history_and_what_is_a_little_late_pass(estate: ServedEstate) -> None:
    for more in ({"time": "2024-01-01T00:00:00Z", "history": True}, {"time": "2026-10-20T00:00:00Z"}, {}):
        estate.check("s1", "till", [parse_event(COUNT | more)], NOW_NS)


def test_what_it_has_passes_and_a_changed_file_counts_at_once(estate: ServedEstate, tmp_path: Path) -> None:
    estate.check("s1", "till", [parse_event(COUNT), parse_event(SCAN)], NOW_NS)
    (tmp_path / "site.toml").write_text(SITE.replace('"s1"', '"s2"'))
    os.utime(tmp_path / "site.toml", (1, 1))
    estate.check("s2", "till", [parse_event(COUNT)], NOW_NS)
    with pytest.raises(ContractError):
        estate.check("s1", "till", [parse_event(COUNT)], NOW_NS)


def test_what_changed_counts_from_the_next_look_on_and_what_broke_counts_as_before(estate: ServedEstate, tmp_path: Path) -> None:
    gateway, profile = tmp_path / "gateway.toml", tmp_path / "profile.toml"
    profile.write_text("window_days = 30\n")
    gateway.write_text('fan_profile_file = "profile.toml"\nstate_dir = "kept"\n')
    assert (estate.profile_settings.window_days, estate.settings.state_dir.name) == (365.0, "state"), "nobody looked yet"
    estate.look()
    assert (estate.profile_settings.window_days, estate.settings.state_dir.name) == (30.0, "kept")
    profile.write_text("window_days = no number\n")
    gateway.write_text(gateway.read_text() + "# more\n")
    before = estate.look()
    assert (estate.profile_settings.window_days, before is not None) == (30.0, True)
    gateway.write_text("broken")
    assert (estate.look(), estate.settings.state_dir.name) == (before, "kept")


def test_files_that_were_never_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"missing\.toml"):
        _ = ServedEstate(tmp_path / "missing.toml").settings


def test_whether_a_correction_may_be_made_elsewhere_the_gateway_decides(estate: ServedEstate) -> None:
    merge = {"kind": "fact", "fact": "merge", "id": "m-1", "fans": ["A", "B"]}
    for event in (ADJUSTMENT, ADJUSTMENT | {"store": "s2", "door": "back"}, merge):
        estate.check("s1", "till", [parse_event(event)], NOW_NS)


def test_a_fact_of_the_far_future_is_refused(estate: ServedEstate) -> None:
    merge = {"kind": "fact", "fact": "merge", "id": "m-1", "fans": ["A", "B"], "learned": "2030-01-01T00:00:00Z"}
    with pytest.raises(ContractError, match="`learned` is"):
        estate.check("s1", "till", [parse_event(merge)], NOW_NS)


def test_until_a_site_was_read_the_gateway_decides_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE + BROKEN)
    (tmp_path / "gateway.toml").write_text("[broker]\nport = 1\n")
    estate = ServedEstate(tmp_path / "gateway.toml")
    estate.check("s9", "till", [parse_event(COUNT)], NOW_NS)
    with pytest.raises(SettingsUnreadable, match=r"site\.toml: contribution"):
        estate.needed_site()
    (tmp_path / "site.toml").write_text(SITE)
    with pytest.raises(ContractError):
        estate.check("s9", "till", [parse_event(COUNT)], NOW_NS)


@pytest.mark.parametrize("broken", [SITE + BROKEN, "", None], ids=["a mistake", "empty", "not there"])
def test_a_site_that_broke_counts_as_it_was_before(estate: ServedEstate, tmp_path: Path, broken: str | None) -> None:
    before = estate.needed_site()
    path = tmp_path / "site.toml"
    path.unlink() if broken is None else path.write_text(broken)
    assert estate.look() is before
    with pytest.raises(ContractError, match="store 's9' is not in"):
        estate.check("s9", "till", [parse_event(COUNT)], NOW_NS)
