"""`footfall links import`: what can be read is journaled, what cannot is named, and what is printed is what was done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from footfall.errors import ConfigError
from gateway.accept.events import Pseudonymiser
from gateway.cli.links import app
from gateway.identity.facts import FOR_EVER_NS, Link, Mention
from gateway.records import RecordKind
from gateway.state.facts_tail import facts_after
from tests.support.accept_inputs import NOW
from tests.support.fan_shop import SECRET, SITE, FanShop
from tests.support.journal_stories import Story, new_fold, pairs
from tests.support.shop_stories import PEOPLE, seen

HEADINGS = "identifier_type,identifier,fan,from,to,source,confidence"


class Brand(FanShop):
    """A gateway's folder, to which files are imported; it folds them when it is told so."""

    def import_(self, *lines: str, options: Sequence[str] = (), headings: str = HEADINGS) -> Result:
        file = self.folder / "crm.csv"
        file.write_text("\n".join([headings, *lines]) + "\n", encoding="utf-8")
        return CliRunner().invoke(app, ["import", str(file), "--config", str(self.folder / "gateway.toml"), *options])

    def links(self) -> list[Link]:
        """What was journaled."""
        return [fact for fact in facts_after(self.journal, 0) if isinstance(fact, Link)]


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return Brand(tmp_path / "gateway")


def counts(found: Result) -> str:
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.stdout.splitlines()[0].partition(": ")[2]


def test_what_can_be_read_is_journaled_and_the_rest_is_named(brand: Brand) -> None:
    found = brand.import_("member,1,fan-1,2026-01-01,,,", "member,,fan-1,,,,", "member,2,fan-1,,,,")
    assert found.exit_code == 1
    assert "crm.csv: line 3: identifier is empty" in found.stderr
    assert found.stdout == "links of 1 fan imported: 2 new, 0 replaced, 0 closed, 0 unchanged, 0 contradictory, 1 refused\n"
    first, second = brand.links()
    assert (first.fan, first.from_ns, first.source, first.identifier.type) == ("fan-1", 1_767_196_800_000_000_000, "crm", "member")
    assert (second.from_ns, second.to_ns, second.reason) == (-FOR_EVER_NS, FOR_EVER_NS, "import of crm.csv")
    assert first.identifier.subject != second.identifier.subject
    assert first.actor
    assert abs(first.learned_ns - datetime.now(UTC).timestamp() * 1e9) < 3600e9


@pytest.mark.parametrize("is_folded", [True, False])
def test_the_same_file_again_changes_nothing_folded_or_not(brand: Brand, is_folded: bool) -> None:
    lines = ("member,1,fan-1,,,,", "member,1,fan-1,,,,", "phone,13912345678,fan-2,,,,")
    assert counts(brand.import_(*lines)) == "2 new, 0 replaced, 0 closed, 0 unchanged, 1 repeated in the file, 0 contradictory, 0 refused"
    before = facts_after(brand.journal, 0)
    if is_folded:
        brand.fold()
    assert counts(brand.import_(*lines)).startswith("0 new, 0 replaced, 0 closed, 2 unchanged")
    assert facts_after(brand.journal, 0) == before
    assert brand.import_(*lines, options=("--quiet",)).output == ""


@pytest.mark.parametrize("is_folded", [True, False])
def test_an_end_replaces_and_another_fan_contradicts_with_whom(brand: Brand, is_folded: bool) -> None:
    brand.import_("member,1,fan-1,,,,", "member,2,fan-2,2026-01-01,,,")
    if is_folded:
        brand.fold()
    found = brand.import_("member,1,fan-3,,,,", "member,2,fan-2,2026-01-01,2026-02-01,,")
    assert counts(found) == "1 new, 0 replaced, 1 closed, 0 unchanged, 1 contradictory, 0 refused"
    assert "line 2: this member is fan-3's, and fan-1's at the same time by crm" in found.stderr


def test_what_somebody_took_back_is_not_brought_again(brand: Brand) -> None:
    brand.import_("member,1,fan-1,,,,")
    link = brand.links()[0].id
    assert brand.fan("revoke", link, "--actor", "bea", "--reason", "wrong card").exit_code == 0
    found = brand.import_("member,1,fan-1,,,,")
    assert "1 taken back before, and not brought again" in counts(found)
    assert "line 2: bea took this link back: wrong card; footfall fan link brings it again" in found.stderr


def test_a_type_that_nobody_described_is_named(brand: Brand) -> None:
    found = brand.import_("membr,77,fan-1,,,,", "member,78,fan-1,,,,")
    assert found.exit_code == 0
    assert "types of identifiers that nobody described, and that join nothing strongly" in found.stderr
    assert found.stderr.rstrip().endswith(": membr")
    assert "type 'membr': did you mean 'member'?" in found.stderr


def test_what_is_no_identifier_is_counted(brand: Brand) -> None:
    found = brand.import_("phone,13800138000,fan-1,,,,", "phone,null,fan-2,,,,")
    assert found.exit_code == 0
    assert "2 without an identifier" in counts(found)
    assert "2 lines have a phone that is no identifier" in found.stderr
    assert brand.links() == []


def test_a_phone_is_known_under_each_of_its_spellings(brand: Brand) -> None:
    (brand.folder / "site.toml").write_text(SITE + '[[identifier_types]]\ntype = "phone"\nboth_spellings = true\n')
    brand.import_("phone,+86 139-1234-5678,fan-1,,,,", '"phone","=""13912345678""",fan-1,,,,')
    assert len(brand.links()) == 1
    assert [each["fact"] for each in map(json.loads, _bodies(brand))] == ["link", "same"]


def _bodies(brand: Brand) -> list[str]:
    from gateway.identity.facts_json import values_of

    return [json.dumps(values_of(fact)) for fact in facts_after(brand.journal, 0)]


def test_more_lines_than_a_screen_has_are_counted(brand: Brand) -> None:
    found = brand.import_(*["member,,f,,,,"] * 25)
    assert found.stderr.count("identifier is empty") == 20
    assert "and 5 more lines" in found.stderr


def test_a_time_without_offset_is_refused_where_stores_have_several_zones(brand: Brand) -> None:
    (brand.folder / "site.toml").write_text(SITE + '[[stores]]\nname = "s2"\ntimezone = "Europe/Berlin"\n')
    found = brand.import_("member,1,fan-1,2026-01-01,,,")
    assert "stores are in several time zones: write 2026-01-01T00:00:00+08:00, or state --timezone" in found.stderr
    assert brand.links() == []
    assert brand.import_("member,1,fan-1,2026-01-01,,,", options=("--timezone", "Europe/Berlin")).exit_code == 0
    assert brand.links()[0].from_ns == 1_767_222_000_000_000_000


def test_a_file_of_another_shape_is_read_as_it_is_stated(brand: Brand) -> None:
    options = ("--type", "phone", "--column", "identifier=Mobile", "--column", "fan=Customer No", "--source", "erp", "--dates", "mdy")
    found = brand.import_("13812345678;c-1;5/6/2026", options=options, headings="Mobile;Customer No;from")
    assert found.exit_code == 0, found.output
    assert [(link.fan, link.from_ns, link.source) for link in brand.links()] == [("c-1", 1_777_996_800_000_000_000, "erp")]


# Dry runs


def test_a_dry_run_shows_fans_rows_and_money_and_changes_nothing(brand: Brand) -> None:
    brand.shop.hear(*(seen("ann", "a", at) for at in range(0, 60, 5)))
    brand.shop.touch("transaction", "ann", amount=12.5).checkpoint()
    preview = brand.fan("link", f"{PEOPLE['ann']:016x}", "fan-1", "--dry-run")
    assert "it would change 3 rows (1 visit, 1 dwell, 1 touch) and 12.50 of sales, of 1 fan: fan-1" in preview.stdout
    found = brand.import_("member,1,fan-1,,,,", options=("--dry-run",))
    assert found.stdout == (
        "links of 1 fan would be imported: 1 new, 0 replaced, 0 closed, 0 unchanged, 0 contradictory, 0 refused\n"
        "it would change 0 rows (0 visits, 0 dwells, 0 touches) and 0.00 of sales, of 1 fan: fan-1\n"
    )
    assert facts_after(brand.journal, 0) == []


# Snapshots


@pytest.mark.parametrize("is_folded", [True, False])
def test_a_snapshot_closes_what_it_no_longer_names(brand: Brand, is_folded: bool) -> None:
    brand.import_("member,1,fan-1,,,,", "member,2,fan-2,,,,", "member,3,fan-3,,,erp,")
    if is_folded:
        brand.fold()
    options = ("--snapshot", "--yes", "--as-of", "2026-03-01")
    assert counts(brand.import_("member,1,fan-1,,,,", options=options)).startswith("0 new, 0 replaced, 1 closed, 1 unchanged")
    assert [(link.fan, link.to_ns) for link in brand.links()[3:]] == [("fan-2", 1_772_294_400_000_000_000)]
    assert counts(brand.import_("member,1,fan-1,,,,", options=options)).startswith("0 new, 0 replaced, 0 closed, 1 unchanged")


@pytest.mark.parametrize(("had", "left", "is_asked"), [(12, 2, True), (3, 1, True), (1, 0, True), (20, 18, False)])
def test_a_snapshot_that_ends_more_than_a_tenth_is_asked_about_however_few_links_there_are(
    brand: Brand, had: int, left: int, is_asked: bool
) -> None:
    lines = [f"member,{n},fan-{n},,,," for n in range(1, had + 1)]
    brand.import_(*lines)
    brand.fold()
    found = brand.import_(*lines[:left], *(["member,99,fan-99,,,,"] if not left else []), options=("--snapshot",))
    assert ("is it whole? --yes ends them; nothing was imported" in str(found.exception)) == is_asked


def test_a_snapshot_with_a_line_that_cannot_be_read_imports_nothing(brand: Brand) -> None:
    brand.import_("member,1,fan-1,,,,")
    found = brand.import_("member,2,fan-2,,,,", "member,1,fan-1,soon,,,", options=("--snapshot",))
    assert "crm.csv: line 3: from: 'soon'" in found.stderr
    assert "nothing was imported: a snapshot ends the links that it does not name, and 1 line cannot be read" in str(found.exception)
    assert len(brand.links()) == 1


def test_a_snapshot_that_was_cut_off_is_asked_about(brand: Brand) -> None:
    lines = [f"member,{n},fan-{n},,,," for n in range(1, 31)]
    brand.import_(*lines)
    found = brand.import_(*lines[:15], options=("--snapshot",))
    assert isinstance(found.exception, ConfigError)
    assert "does not name 15 of the 30 links of its sources, which would end: is it whole? --yes ends them" in str(found.exception)
    assert len(brand.links()) == 30
    assert "15 closed" in counts(brand.import_(*lines[:15], options=("--snapshot", "--dry-run")))
    assert "15 closed" in counts(brand.import_(*lines[:15], options=("--snapshot", "--yes")))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--column", "fan"), "write COLUMN=HEADING"),
        (("--timezone", "Mars/Olympus"), "--timezone: 'Mars/Olympus' is no IANA time zone"),
        (("--source", "a\x07"), "--source: source must be"),
        (("--actor", "a\x07"), "--actor must be"),
    ],
)
def test_options_that_mean_nothing_are_refused(brand: Brand, options: tuple[str, ...], why: str) -> None:
    found = brand.import_("member,1,fan-1,,,,", options=options)
    assert isinstance(found.exception, ConfigError)
    assert why in str(found.exception)


def test_without_a_secret_or_a_gateways_folder_nothing_is_imported(brand: Brand) -> None:
    (brand.folder / "gateway.toml").write_text("")
    found = brand.import_("member,1,fan-1,,,,")
    assert "set brand_secret_file" in str(found.exception)
    (brand.folder / "gateway.toml").write_text('brand_secret_file = "secret"\nstate_dir = "elsewhere"\n')
    assert "has the gateway run here?" in str(brand.import_("member,1,fan-1,,,,").exception)


def test_links_of_earlier_releases_beyond_all_times_can_be_folded() -> None:
    body = json.dumps([[f"{5:016x}", "fan-1", -(1 << 70), 1 << 70, "crm", 1.0]]).encode()
    fold = new_fold()
    fold.apply(pairs(Story().add(RecordKind.LINKS, body).records))
    assert fold.state.links.fan_of(5, NOW) == "fan-1"


def test_for_ever_is_the_year_9999_to_a_crm_and_the_first_to_others(brand: Brand) -> None:
    brand.import_("member,1,fan-1,0001-01-01,9999-12-31T23:59:59+00:00,,")
    assert [(link.from_ns, link.to_ns) for link in brand.links()] == [(-FOR_EVER_NS, FOR_EVER_NS)]


# Files of facts


def test_a_file_of_lines_states_facts_and_names_what_it_refuses(brand: Brand) -> None:
    file = brand.folder / "facts.jsonl"
    merge = {"kind": "fact", "fact": "merge", "id": "m1", "fans": ["fan-1", "fan-2"], "reason": "one household account"}
    file.write_text("\n".join([json.dumps(merge), "{]", json.dumps(merge)]))
    command = ["import", str(file), "--config", str(brand.folder / "gateway.toml")]
    found = CliRunner().invoke(app, command)
    assert "facts.jsonl: line 2: " in found.stderr
    assert found.stdout == (
        "facts of 2 fans imported: 1 new, 0 replaced, 0 closed, 0 unchanged, 1 repeated in the file, 0 contradictory, 1 refused\n"
    )
    assert [fact.id for fact in facts_after(brand.journal, 0)] == ["m1"]
    assert "--snapshot is for tables of links" in str(CliRunner().invoke(app, [*command, "--snapshot"]).exception)
    dry = CliRunner().invoke(app, [*command, "--dry-run"])
    assert "facts of 2 fans would be imported: 0 new" in dry.stdout


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_an_import_names_whom_it_takes_identifiers_from_whom_touches_named(brand: Brand, options: Sequence[str]) -> None:
    named = tuple(Pseudonymiser(SECRET.encode()).identified("member:77"))
    brand.shop.know([Mention(id="r1", learned_ns=NOW, from_ns=NOW, to_ns=NOW, source="touch", identifiers=named, fan="till-1", ref="")])
    brand.fold()
    found = brand.import_("member,77,fan-9,,,,", options=options)
    assert "line 2: this member is fan-9's; touches name till-1 with it, and count no longer" in found.stderr
    assert "overrides what touches state of 1 identifier of fan till-1" in found.stderr
