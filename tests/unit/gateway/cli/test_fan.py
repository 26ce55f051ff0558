"""`footfall fan`: what the ledger knows of one fan, beside a gateway that goes on writing it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from gateway.identity.facts import Identifier, Link
from gateway.state.facts_tail import facts_after
from tests.support.fan_shop import FanShop
from tests.support.journal_stories import T0, of
from tests.support.shop_stories import PEOPLE, seen

ANN, BEN = f"{PEOPLE['ann']:016x}", f"{PEOPLE['ben']:016x}"


@pytest.fixture
def place(tmp_path: Path) -> FanShop:
    """Ann was in zone a and bought; Ben came earlier and left. Each has a fan id of her own."""
    place = FanShop(tmp_path / "gateway")
    place.shop.link("ann", "fan-1").link("ben", "fan-2")
    place.shop.hear(*(seen("ben", "a", at) for at in range(0, 60, 5))).close()
    start_s = place.shop.now_s
    place.shop.hear(*(seen("ann", "a", start_s + at) for at in range(0, 60, 5)))
    place.shop.touch("transaction", "ann", amount=12.5)
    place.fold()
    return place


def decided(place: FanShop, *arguments: str) -> str:
    found = place.fan(*arguments, "--actor", "bea", "--reason", "told so", "--json")
    assert found.exit_code == 0, found.output
    place.fold()
    fact_id = json.loads(found.stdout)["facts"][0]["id"]
    assert isinstance(fact_id, str)
    return fact_id


def test_an_id_alone_shows_the_fan(place: FanShop) -> None:
    found = place.fan("fan-1")
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("fan fan-1\nas of 2026-")
    assert f"  identifier {ANN}, … to …" in found.stdout
    assert "\nnow: " in found.stdout
    assert "transaction 12.50" in found.stdout
    assert found.stdout == place.fan("show", "fan-1").stdout


def test_programs_get_one_object(place: FanShop) -> None:
    found = json.loads(place.fan("fan-1", "--json").stdout)
    assert (found["fan"], found["last_heard"]["store"], found["visits_total"]) == ("fan-1", "s1", 1)
    assert found["purchases"][0]["visits_before"] == 1
    assert [each["subject"] for each in found["identifiers"]] == [ANN]


def test_as_of_a_time_nothing_after_it_counts_and_who_was_there_is(place: FanShop) -> None:
    heard = json.loads(place.fan("fan-1", "--json").stdout)["last_heard"]
    assert "now: s1, zone a, since" in place.fan("fan-1", "--at", heard["time"]).stdout
    before = json.loads(place.fan("fan-1", "--at", "2026-01-01", "--json").stdout)
    assert (before["now"], before["visits"], before["purchases"], before["as_of"][:10]) == (None, [], [], "2025-12-31"), (
        "by the store's clock"
    )
    assert "up to when something is known" in str(place.fan("fan-1", "--at", "2040-01-01").exception)


def test_what_is_inferred_is_left_out_with_a_word_where_the_database_does_not_answer(place: FanShop) -> None:
    found = place.fan("fan-1", "--json")
    assert (found.exit_code, json.loads(found.stdout)["inferred"]) == (0, None)
    assert found.stderr.startswith("what is inferred is left out: ")


def test_what_was_folded_after_the_checkpoint_is_not_there_yet(place: FanShop) -> None:
    before = place.fan("fan-1").stdout
    place.shop.touch("transaction", "ann", amount=99.0, event_id="t2")
    assert place.fan("fan-1").stdout == before
    place.shop.checkpoint()
    assert "transaction 99.00" in place.fan("fan-1").stdout


def test_nobody_is_an_error_that_may_be_a_command(place: FanShop) -> None:
    found = place.fan("sho")
    assert isinstance(found.exception, ConfigError)
    assert "no fan 'sho' is known as of 2026-" in str(found.exception)
    assert "did you mean 'show'?" in str(found.exception)


def test_before_the_first_checkpoint_nothing_is_known_yet(tmp_path: Path) -> None:
    found = FanShop(tmp_path / "gateway").fan("fan-1")
    assert "no fan 'fan-1' is known yet: the gateway writes its ledger some 10 s after its start" in str(found.exception)


def test_without_a_ledger_there_is_nothing_to_read(tmp_path: Path) -> None:
    place = FanShop(tmp_path / "gateway")
    place.ledger.close()
    (place.folder / "state" / "ledger.db").unlink()
    assert "there is no ledger yet" in str(place.fan("fan-1").exception)


def test_a_merge_is_previewed_stated_seen_under_both_ids_and_undone(place: FanShop) -> None:
    previewed = place.fan("merge", "fan-1", "fan-2", "--dry-run")
    assert "it would change 3 rows (1 visit, 1 dwell, 1 touch) and 12.50 of sales, of 2 fans: fan-1, fan-2" in previewed.stdout
    assert "  3 from fan-1 to fan-2\n" in previewed.stdout
    assert previewed.stdout.endswith("nothing was stated: a dry run\n")
    assert facts_after(place.journal, 0) == []
    merge = decided(place, "merge", "fan-1", "fan-2")
    both = json.loads(place.fan("fan-2", "--json").stdout)
    assert place.fan("fan-1", "--json").stdout.replace('"asked": "fan-1"', '"asked": "fan-2"') == place.fan("fan-2", "--json").stdout
    assert (both["fan"], both["asked"], both["ids"], both["visits_total"]) == ("fan-2", "fan-2", ["fan-2", "fan-1"], 2)
    assert both["purchases"][0]["visits_before"] == 2
    assert "it would change nothing that is known so far" in place.fan("merge", "fan-1", "fan-2", "--dry-run").stdout
    decided(place, "split", merge)
    place.fold()
    assert json.loads(place.fan("fan-1", "--json").stdout)["fan"] == "fan-1"


def test_the_effect_names_rows_money_and_fans_both_ways(place: FanShop) -> None:
    merge = decided(place, "merge", "fan-2", "fan-1")
    found = json.loads(place.fan("split", merge, "--dry-run", "--json").stdout)
    assert found["stated"] is False
    effect = found["effect"]
    assert (effect["fans"], effect["visits"] + effect["dwells"] + effect["touches"]) == (["fan-1", "fan-2"], effect["rows"])
    assert effect["rows"] > 0
    assert {(each["old"], each["new"]) for each in effect["moved"]} <= {("fan-1", "fan-2"), ("fan-2", "fan-1")}


def test_what_was_not_known_on_a_day_is_not_shown_as_known_then(place: FanShop) -> None:
    decided(place, "merge", "fan-1", "fan-2")
    assert json.loads(place.fan("fan-2", "--json").stdout)["visits_total"] == 2
    then = json.loads(place.fan("fan-2", "--as-known-on", "2026-06-30T00:00:00+08:00", "--json").stdout)
    assert (then["fan"], then["visits_total"], then["purchases_total"], then["as_known_on"]) == ("fan-2", 1, 0, "2026-06-29T16:00:00.000Z")


def test_a_fact_that_states_no_learned_time_is_known_since_it_was_taken(place: FanShop) -> None:
    found = place.fan("fan-2", "--as-known-on", "2026-01-01T00:00:00Z")  # before the story, in which the link came without one
    assert isinstance(found.exception, ConfigError), found.output
    later = json.loads(place.fan("fan-2", "--as-known-on", "2027-01-01T00:00:00Z", "--json").stdout)
    assert later["visits_total"] == 1


def test_who_has_a_tag_after_the_visit_is_not_the_fan_it_was_lent_to_also_as_known_later(place: FanShop) -> None:
    """Cat's tag is heard in two visits, the second of nobody known; then it is heard once more, and has not left yet."""
    shop = place.shop
    shop.touch("scan", "cat", event_id="handed").checkpoint()
    tag = Identifier("tag", f"{PEOPLE['cat']:016x}")
    (from_ns,) = [row.time_ns for row in place.ledger.touches_of(tag.subject)]
    shop.know([Link(id="lent", learned_ns=from_ns, source="desk", identifier=tag, fan="fan-9", from_ns=from_ns)])
    for nth in range(3):
        at_s = shop.wait(1000 if nth else 0).now_s
        shop.hear(*(seen("cat", "a", at_s + more) for more in range(0, 60, 5))).touch("scan", "cat", event_id=f"scan-{nth}")
    place.fold()
    now, later = (json.loads(place.fan("fan-9", *more, "--json").stdout) for more in ((), ("--as-known-on", "2026-06-30")))
    assert (now["visits_total"], now["touches_total"]) == (1, 1)
    (listed,) = (each for each in now["identifiers"] if each["subject"] == tag.subject)
    assert listed["to"][:19] == now["visits"][0]["end"][:19], "it is the fan's until the visit ended"
    assert (later["visits"], later["touches"]) == (now["visits"], now["touches"])
    during = datetime.fromtimestamp(from_ns / NS_PER_S + 30, UTC).isoformat()
    assert place.fan("why", tag.subject, "--at", during).stdout.startswith(f"{tag.subject}: fan fan-9\n  because lent")
    ended = place.fan("why", tag.subject).stdout
    assert ended.startswith(f"{tag.subject}: nobody is known\n  not because lent")
    assert "until the visit ends in which that began" in ended


def test_time_in_a_zone_is_each_fan_s_who_had_the_tag(place: FanShop) -> None:
    """Cat's tag is heard in one zone all the time, and handed on in the middle."""
    shop = place.shop
    tag, start_s = Identifier("tag", f"{PEOPLE['cat']:016x}"), shop.now_s + 60
    shop.hear(*(seen("cat", "a", start_s + more) for more in range(0, 601, 20)))
    begin_ns = T0 + -T0 // NS_PER_S % 60 * NS_PER_S + round(start_s * NS_PER_S)
    lent = {fan: begin_ns + at_s * NS_PER_S for fan, at_s in (("fan-8", -10), ("fan-9", 400))}
    shop.know([Link(id=fan, learned_ns=ns, source="desk", identifier=tag, fan=fan, from_ns=ns) for fan, ns in lent.items()])
    for is_over in (False, True):
        if is_over:
            shop.close()
        place.fold()
        for fan, seconds in (("fan-8", 400), ("fan-9", 200)):
            for more in ((), ("--as-known-on", "2026-06-30")):
                (visit,) = json.loads(place.fan(fan, *more, "--json").stdout)["visits"]
                assert [round(zone["seconds"]) for zone in visit["zones"]] == [seconds], (is_over, fan, more)


def test_a_fan_of_whom_nothing_was_known_yet_is_not_taken_for_a_slip(place: FanShop) -> None:
    found = place.fan("fan-2", "--as-known-on", "2026-01-01T00:00:00Z")
    assert "nothing was known of a fan 'fan-2' on 2026-01-01T00:00:00.000Z, only later" in str(found.exception)
    assert "did you mean 'fan-2'?" in str(place.fan("fan-22", "--as-known-on", "2026-01-01T00:00:00Z").exception)


def test_a_time_up_to_which_nothing_is_known_yet_is_shown_with_a_word_about_it(place: FanShop) -> None:
    ahead = place.fan("fan-2", "--as-known-on", "2027-01-01T00:00:00Z")
    assert ahead.exit_code == 0
    assert ahead.stderr.startswith("--as-known-on: 2027-01-01T00:00:00Z is after 2026-")
    assert place.fan("fan-2", "--as-known-on", "2026-05-28T20:30:00Z").stderr == ""


def test_what_is_lent_is_linked_with_the_time_of_the_handover(place: FanShop) -> None:
    """A link since ever would end with the visits of then: it would name nobody."""
    refused = place.fan("link", "tag:77", "fan-1", "--reason", "rented")
    assert "--from: tag is lent: state since when the fan has it" in str(refused.exception)
    for wrong, why in ((("tag:77", "--store", "s9"), "--store: store 's9' is not in"), (("member:1", "--store", "s1"), "is not lent")):
        refused = place.fan("link", wrong[0], "fan-1", "--from", "2026-05-28T20:00:00Z", *wrong[1:], "--reason", "rented")
        assert why in str(refused.exception)
    assert facts_after(place.journal, 0) == []
    decided(place, "link", "tag:77", "fan-1", "--from", "2026-05-28T20:00:00Z", "--store", "s1")
    decided(place, "link", "tag:77", "fan-1", "--from", "2026-05-28T20:00:00Z")


def test_what_corrected_a_sale_later_is_not_shown_as_known_before(place: FanShop) -> None:
    """Sold, amended to more money and another fan, and void, an hour after the other."""

    def known(fan: str, hours: float) -> list[float]:
        moment = datetime.fromtimestamp(sold_ns / NS_PER_S + hours * 3600, UTC).isoformat()
        result = place.fan(fan, "--as-known-on", moment, "--json")
        assert result.exit_code == 0, result.exception
        return [amount for each in json.loads(result.stdout)["purchases"] if (amount := each["amount"]) in (10.0, 13.5)]

    place.shop.touch("transaction", fan="fan-1", amount=10.0, event_id="s1")
    place.fold()
    (sold_ns,) = [row.time_ns for row in place.ledger.touches_of("fan:fan-1")]
    amend = {"kind": "amend", "id": "a1", "of": "s1", "set": {"amount": 13.5, "fan": "fan-2"}, "reason": "mistyped", "actor": "kim"}
    place.shop.wait(3600).event(amend).wait(3600).void("s1")
    place.fold()
    assert [known("fan-1", hours) for hours in (0.5, 1.5, 2.5)] == [[10.0], [], []]
    assert [known("fan-2", hours) for hours in (0.5, 1.5, 2.5)] == [[], [13.5], []]


def test_an_identifier_is_linked_by_the_desk_and_unlinked_from_a_time_on(place: FanShop) -> None:
    decided(place, "link", BEN, "fan-1")
    assert json.loads(place.fan("fan-1", "--json").stdout)["visits_total"] == 2
    decided(place, "unlink", BEN, "fan-1", "--to", "2026-05-01")
    assert json.loads(place.fan("fan-1", "--json").stdout)["visits_total"] == 1


def test_a_wrong_link_is_taken_back_and_withdrawn_consent_leaves_nobody(place: FanShop) -> None:
    link = decided(place, "link", "member:77", "fan-1")
    decided(place, "revoke", link)
    assert len(json.loads(place.fan("fan-1", "--json").stdout)["identifiers"]) == 1
    decided(place, "consent", "fan-1", "--withdrawn", "--from", "2026-01-01")
    assert json.loads(place.fan("fan-1", "--json").stdout)["visits_total"] == 0


def test_distinct_fans_are_not_merged(place: FanShop) -> None:
    decided(place, "distinct", "fan-1", "fan-2")
    assert "changes nothing" in place.fan("merge", "fan-1", "fan-2", "--reason", "wrong").stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("merge", "fan-1", "fan-2"), "--reason: every decision has a reason"),
        (("merge", "fan-1", "--reason", "r"), "two fans or more"),
        (("merge", "fan-1", "phone:8613800000001", "--reason", "r"), "fan is written as an identifier"),
        (("link", "phone", "fan-1", "--reason", "r"), "'phone' is no identifier: write type:value"),
        (("link", "phone:null", "fan-1", "--reason", "r"), "the value is no identifier"),
        (("link", "phone:1", "fan-1", "--from", "5/6/2026", "--reason", "r"), "--from: 5/6/2026 may be"),
        (("consent", "fan-1", "--reason", "r"), "state --granted or --withdrawn"),
        (("merge", "fan-1", "fan-2", "--reason", "r" * 129), "--reason must be at most 128"),
    ],
)
def test_a_decision_that_means_nothing_is_refused(place: FanShop, arguments: tuple[str, ...], why: str) -> None:
    found = place.fan(*arguments)
    assert isinstance(found.exception, ConfigError), found.output
    assert why in str(found.exception)
    assert facts_after(place.journal, 0) == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("merge", "fan-1", "fan-2x"), "nothing is known of a fan 'fan-2x': did you mean 'fan-2'? --force states it all the same"),
        (("distinct", "nobody", "fan-2"), "nothing is known of a fan 'nobody'; --force states it all the same"),
        (("consent", "fan-typo1", "--withdrawn"), "nothing is known of a fan 'fan-typo1': did you mean 'fan-1'?"),
        (("unlink", "member:nope", "fan-1"), "no fact and no touch names the identifier 'member:nope'; --force"),
        (("unlink", ANN, "fan-1x"), "nothing is known of a fan 'fan-1x': did you mean 'fan-1'?"),
    ],
)
def test_a_mistyped_id_is_stated_only_by_force(place: FanShop, arguments: tuple[str, ...], why: str) -> None:
    for more in (("--reason", "r"), ("--dry-run",)):
        found = place.fan(*arguments, *more)
        assert isinstance(found.exception, ConfigError), found.output
        assert why in str(found.exception)
    assert facts_after(place.journal, 0) == []
    assert place.fan(*arguments, "--reason", "r", "--force").exit_code == 0
    assert len(facts_after(place.journal, 0)) == 1


def test_a_link_registers_a_new_fan_and_notes_that_it_is_new(place: FanShop) -> None:
    found = place.fan("link", "member:77", "fan-11", "--reason", "r")
    assert found.exit_code == 0
    assert found.stderr == "note: fan-11 is a new fan id, of which nothing is known yet: did you mean 'fan-1'?\n"
    assert place.fan("link", "member:78", "fan-11", "--reason", "r").stderr == ""  # known from the journal


def test_withdrawn_consent_is_shown_until_it_is_granted_again(place: FanShop) -> None:
    decided(place, "consent", "fan-1", "--withdrawn", "--from", "2026-01-01T00:00:00Z")
    assert "\nconsent to be identified is withdrawn since 2026-01-01T00:00:00.000Z: " in place.fan("fan-1").stdout
    assert json.loads(place.fan("fan-1", "--json").stdout)["consent_withdrawn_since"] == "2026-01-01T00:00:00.000Z"
    decided(place, "consent", "fan-1", "--granted", "--from", "2026-02-01T00:00:00Z")
    assert "consent" not in place.fan("fan-1").stdout
    assert json.loads(place.fan("fan-1", "--json").stdout)["consent_withdrawn"] is False


def test_what_is_no_merge_is_not_split_and_what_is_not_known_waits(place: FanShop) -> None:
    distinct = decided(place, "distinct", "fan-1", "fan-2")
    assert f"{distinct} is no merge: footfall fan revoke" in str(place.fan("split", distinct, "--reason", "r").exception)
    for command in ("split", "revoke"):
        refused = str(place.fan(command, distinct[:-1], "--reason", "r").exception)
        assert (
            f"no fact {distinct[:-1]!r} is known: did you mean {distinct!r}; footfall correct void takes a touch back; --force" in refused
        )
    waits = place.fan("split", "merge-77", "--reason", "r", "--force")
    assert waits.exit_code == 0
    assert "no fact merge-77 is known yet: the split waits" in waits.stderr
    revoke = decided(place, "revoke", distinct)
    assert "cannot be undone" in str(place.fan("revoke", revoke, "--reason", "r").exception)


def test_a_profile_is_of_a_time_and_stands_below_the_history(place: FanShop) -> None:
    found = json.loads(place.fan("profile", "fan-1", "--json").stdout)
    assert (found["fan"], found["stage"], found["ever"]["money"], found["ever"]["visits"]) == ("fan-1", "first_buyer", 12.5, 1)
    shown = json.loads(place.fan("fan-1", "--json").stdout)["profile"]
    assert shown == {key: value for key, value in found.items() if key not in ("fan", "asked")}
    lines = place.fan("profile", "fan-1").stdout
    assert lines.startswith("fan fan-1\nprofile at 2026-")
    assert place.fan("fan-1").stdout.endswith(lines.removeprefix("fan fan-1\n"))
    before = json.loads(place.fan("profile", "fan-1", "--at", "2026-01-01T00:00:00Z", "--json").stdout)
    assert (before["stage"], before["ever"]["visits"], before["first_seen"]) == ("new", 0, None)


def test_a_profile_of_a_time_of_which_nothing_is_known_or_of_nobody_is_refused(place: FanShop) -> None:
    assert "up to when something is known" in str(place.fan("profile", "fan-1", "--at", "2027-01-01T00:00:00Z").exception)
    assert "no fan 'fan-x' is known as of 2026-" in str(place.fan("profile", "fan-x").exception)


def test_a_profile_by_what_was_known_then_has_the_facts_and_rows_of_then(place: FanShop) -> None:
    decided(place, "merge", "fan-1", "fan-2")
    now = json.loads(place.fan("profile", "fan-2", "--json").stdout)
    then = json.loads(place.fan("profile", "fan-2", "--as-known-on", "2026-06-30T00:00:00+08:00", "--json").stdout)
    assert (now["ever"]["visits"], then["ever"]["visits"], now["stage"], then["stage"]) == (2, 1, "first_buyer", "prospect")
    assert then["at"] == now["at"]  # nothing is known of later


def test_a_brand_s_proposal_stands_with_its_stage_and_a_wrong_one_is_refused(place: FanShop) -> None:
    with (place.folder / "gateway.toml").open("a") as file:
        file.write('fan_profile_file = "fan_profile.toml"\n')
    settings = place.folder / "fan_profile.toml"
    settings.write_text('[proposals]\nfirst_buyer = "Show what goes with it"\n')
    assert "  proposal  Show what goes with it\n" in place.fan("profile", "fan-1").stdout
    settings.write_text('[proposals]\nfirst_byer = "Show what goes with it"\n')
    refused = place.fan("profile", "fan-1").exception
    assert isinstance(refused, ConfigError)
    assert "did you mean 'first_buyer'?" in str(refused)


def test_who_cares_for_a_fan_is_stated_shown_explained_and_taken_back(place: FanShop) -> None:
    place.shop.event({"kind": "touch", "what": "registration", "id": "r1", "fan": "fan-1", "staff_id": "s7"})
    place.fold()
    assert "owner: s7's at s1, by registration" in place.fan("fan-1").stdout
    why = place.fan("why", "fan-1").stdout
    assert "  owner: registered on " in why
    assert " of s1: s7's at s1 to care for" in why
    (registered,) = json.loads(place.fan("why", "fan-1", "--json").stdout)["owners"]
    assert (registered["counts"], registered["what"], registered["staff_id"], registered["store"]) == (True, "registration", "s7", "s1")
    dry = place.fan("own", "fan-1", "--store", "s1", "--from", "2026-01-01", "--dry-run")
    assert "fan-1, from 2025-12-31 16:00Z on: s1's to care for, instead of nobody's" in dry.stdout
    fact_id = decided(place, "own", "fan-1", "--staff", "s12", "--from", "2026-01-01")
    assert f"owner: s12's, since 2025-12-31 16:00Z, by {fact_id}" in place.fan("fan-1").stdout
    assert json.loads(place.fan("fan-1", "--json").stdout)["owner"] == {
        "staff_id": "s12", "store": "", "since": "2025-12-31T16:00:00.000Z", "fact": fact_id,
    }  # fmt: skip
    assert f"  owner: {fact_id}: fan-1 is s12's to care for from 2025-12-31 16:00Z" in place.fan("why", "fan-1").stdout
    assert "  owner, where no fact holds: registered on " in place.fan("why", "fan-1").stdout
    assert f"  owner, not then: {fact_id}" in place.fan("why", "fan-1", "--at", "2025-06-01").stdout
    taken_back = place.fan("revoke", fact_id, "--dry-run").stdout
    assert "nobody's to care for, instead of s12's" in taken_back
    decided(place, "revoke", fact_id)
    assert "owner: s7's at s1, by registration" in place.fan("fan-1").stdout


def test_an_owner_is_of_both_ids_of_a_merged_fan(place: FanShop) -> None:
    decided(place, "own", "fan-2", "--staff", "s12", "--from", "2026-01-01")
    assert "owner:" not in place.fan("fan-1").stdout
    decided(place, "merge", "fan-1", "fan-2")
    assert "owner: s12's" in place.fan("fan-1").stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("own", "fan-1"), "state --staff, --store or both"),
        (("own", "fan-1", "--store", "s11"), "store 's11' is not in site.toml: did you mean 's1'?"),
        (("own", "fan-11", "--store", "s1"), "did you mean 'fan-1'?"),
        (("own", "fan-1", "--store", "s1", "--from", "2026-02-01", "--to", "2026-01-01"), "--from is not before --to"),
    ],
)
def test_an_owner_who_is_not_there_is_refused(place: FanShop, arguments: tuple[str, ...], why: str) -> None:
    found = place.fan(*arguments, "--reason", "told so")
    assert isinstance(found.exception, ConfigError)
    assert why in str(found.exception)


def visits_of(place: FanShop) -> dict[tuple[object, ...], tuple[object, ...]]:
    """What a database has of visits, by their keys."""
    rows = of(place.shop.rows, "visit")
    return {
        (row["agent"], row["time_ns"]): (row["fan"], row["started_ms"], row["seconds"], row["open"])
        for row in rows if not row["void"]
    }  # fmt: skip


def test_a_preview_of_a_merge_and_of_its_split_counts_the_visits_that_the_fold_changes(tmp_path: Path) -> None:
    """Two had one tag in one visit; one of them has a card, too, which is heard around the handover, and at another time."""
    place = FanShop(tmp_path / "gateway")
    handed = [("tag", BEN, "fan-1", 90), ("tag", BEN, "fan-2", 400), ("member", ANN, "fan-2", -90)]
    place.shop.know([
        Link(id=f"l{n}", learned_ns=T0, source="desk", identifier=Identifier(kind, subject), fan=fan, from_ns=T0 + from_s * NS_PER_S)
        for n, (kind, subject, fan, from_s) in enumerate(handed)
    ])  # fmt: skip
    heard = [seen("ben", "a", at_s) for at_s in range(100, 700, 30)] + [seen("ann", "a", at_s) for at_s in range(385, 500, 30)]
    place.shop.hear(*sorted(heard, key=lambda row: row.at_s)).close()
    place.shop.hear(*(seen("ann", "a", place.shop.now_s + at_s) for at_s in (0, 30))).close()
    place.fold()
    merge = ""
    for arguments in (["merge", "fan-1", "fan-2"], ["split"]):
        effect = json.loads(place.fan(*arguments, *([merge] if merge else []), "--dry-run", "--json").stdout)["effect"]
        before = visits_of(place)
        merge = decided(place, *arguments, *([merge] if merge else []))
        after = visits_of(place)
        changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        counted = len(changed), len(after.keys() - before.keys()), len(before.keys() - after.keys())
        assert (effect["visits"], effect["added"], effect["voided"]) == counted, arguments
        assert counted[0] > 1
