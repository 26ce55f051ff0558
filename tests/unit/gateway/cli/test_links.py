"""Links as CRMs have them: what cannot be read is named by its line, and nothing that can be read ends the gateway."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.accept.events import Pseudonymiser
from gateway.cli.links import _read
from gateway.identity.links import FOR_EVER_NS, Link, encode_links
from gateway.records import RecordKind
from tests.support.accept_inputs import NOW, SECRET
from tests.support.journal_stories import Story, new_fold, pairs


def read(folder: Path, *lines: str) -> tuple[list[Link], list[str]]:
    file, mistakes = folder / "crm.csv", list[str]()
    file.write_text("\n".join(["identifier_type,identifier,fan,from,to,source,confidence", *lines]) + "\n", encoding="utf-8")
    return list(_read(file, Pseudonymiser(SECRET), mistakes)), mistakes


def test_for_ever_is_the_year_9999_to_a_crm_and_the_first_to_others(tmp_path: Path) -> None:
    links, mistakes = read(tmp_path, "member,1,fan-1,0001-01-01,9999-12-31T23:59:59+00:00,,")
    assert [(link.from_ns, link.to_ns) for link in links] == [(-FOR_EVER_NS, FOR_EVER_NS)]
    assert mistakes == []
    fold = new_fold()
    fold.apply(pairs(Story().add(RecordKind.LINKS, encode_links(links)).records))
    assert fold.state.links.fan_of(links[0].subject, NOW) == "fan-1"


def test_a_journal_that_has_such_a_link_can_be_folded() -> None:
    body = json.dumps([[f"{5:016x}", "fan-1", -(1 << 70), 1 << 70, "crm", 1.0]]).encode()
    fold = new_fold()
    fold.apply(pairs(Story().add(RecordKind.LINKS, body).records))
    assert fold.state.links.fan_of(5, NOW) == "fan-1"


@pytest.mark.parametrize(
    "line",
    [
        "member,,fan-1,,,,",
        "member,1,,,,,",
        "member,1,fan-1,soon,,,",
        "member,1,f,2026-02-01,2026-01-01,,",
        "member,1,f,,,,nan",
        "member,1,f,,,,2",
        "member,1,+8613977040826,,,,",
        "member,1,phone:8613977040826,,,,",
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    links, mistakes = read(tmp_path, "member,1,fan-1,,,,", line)
    assert len(links) == 1
    assert [mistake.partition(":")[0] for mistake in mistakes] == ["line 3"]
