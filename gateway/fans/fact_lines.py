"""Facts in files of lines: each line one object of JSON, as the plain event of kind `fact` has it. Pure.

{"kind":"fact","fact":"link","id":"crm-881","learned":"2026-11-21T10:02:03+08:00","identifier":"member:8613…","fan":"f-1042"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from footfall.consent import NOTHING_REFUSED, ConsentRule
from footfall.errors import ConfigError, ContractError
from footfall.event_facts import AnyFact, LinkFact, OwnerFact
from footfall.event_times import check_time
from footfall.events import load_json, parse_event
from footfall.identified import stated_identifiers
from gateway.accept.facts import fact_values
from gateway.accept.pseudonymiser import Identified, Pseudonymiser
from gateway.fans.import_plan import Stamp
from gateway.fans.sheet import Unread
from gateway.identity.facts import Fact
from gateway.identity.facts_json import ALSO, fact_of
from gateway.site.index import Places

KIND: Final = "fact"
SUFFIXES: Final = (".jsonl", ".ndjson")


class StatedFacts(NamedTuple):
    """The facts of one line: its own, and beside it that two spellings are one."""

    line: int
    facts: tuple[Fact, ...]


def are_facts(path: Path) -> bool:
    """Return whether a file is one of lines of JSON: by its name, else by how it begins. Raise ConfigError if it cannot be read."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None


class FactLines:
    """Reads lines. What a line leaves out, `stamp` has: who states it, and when a consent or a revoke begins."""

    def __init__(
        self, pseudonyms: Pseudonymiser, stamp: Stamp, consent: ConsentRule = NOTHING_REFUSED, places: Places | None = None
    ) -> None:
        """`places`: the estate in which owners of fans must be; None: nobody looks."""
        self._places: Final = places
        self._pseudonyms: Final = pseudonyms
        self._stamp: Final = stamp
        self._consent: Final = consent

    def read(self, lines: Iterable[bytes]) -> Iterator[StatedFacts | Unread]:
        """Yield the facts of each line that is not empty, or why there are none."""
        for number, line in enumerate(lines, 1):
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if line.strip():
                try:
                    yield StatedFacts(number, self._facts(line))
                except (ValueError, ContractError) as error:
                    yield Unread(number, number, str(error))

    def _facts(self, line: bytes) -> tuple[Fact, ...]:
        values = load_json(line)
        if len(values) != 1 or not isinstance(values[0], dict):
            raise ValueError("one object of JSON stands on each line")
        stated = {"kind": KIND, **values[0]}
        if stated["kind"] != KIND:
            raise ValueError(f"kind is {stated['kind']!r}: only facts are imported, other events are published or posted")
        fact = parse_event(self._pseudonyms.opened(stated))
        assert isinstance(fact, AnyFact)  # noqa: S101 # of its kind
        check_time(fact, self._stamp.learned_ns, self._stamp.learned_ns)
        self._consent.check(stated_identifiers(fact))
        made, _ = fact_values(fact, self._stamp.actor, self._stamp.learned_ns, Identified(self._pseudonyms))
        if self._places is not None and isinstance(fact, OwnerFact):
            self._places.check_owner(made["staff_id"], made["store"], made["from_ns"])
        if self._places is not None and isinstance(fact, LinkFact) and fact.store:
            self._places.check_store(fact.store)
        return tuple(fact_of(each) for each in (made, *made.get(ALSO, ())))
