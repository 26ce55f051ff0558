"""The ledger as another process reads it, beside the gateway that writes it: one state of it, as of its last checkpoint.

with ledger_reader(state_dir / "ledger.db") as ledger:
    ledger.as_of_s                       # up to when everything is in
    ledger.visits_of(subject)
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgpack

from footfall.errors import ConfigError, Unreadable
from footfall.sqlite import DamagedFile, naming, open_file
from gateway.fold.store import CorrectionRow, DwellRow, TouchRow, VisitRow
from gateway.fold.touch_facts import mention_of_row
from gateway.identity.facts import FOR_EVER_NS, Distinct, Fact, Identifier, Link, Revoke, Split, fact_name, fan_name, is_registered
from gateway.identity.facts_json import decode_facts
from gateway.identity.in_force import without_effect
from gateway.state.identity_tables import IdentityTables
from gateway.state.ledger_schema import SCHEMA
from gateway.state.sealed_rows import AT_ONCE, COLUMNS, FactRow, StandingFanRow, marks, parts
from gateway.state.span_tables import SpanTables

BUSY_S: Final = 10.0
_OF_FAN: Final = "WHERE subject IN ({}) AND fan=?"
ROWS_AT_ONCE: Final = 10_000


class LedgerReader(IdentityTables, SpanTables):
    """Everything is read in one transaction, so that it is of one checkpoint; a reader that stays open begins another with `renew`."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise Unreadable(f"{path}: there is no ledger yet: has the gateway run here?")
        super().__init__(path, open_file(path, "mode=ro", BUSY_S))
        try:
            found = self._read("PRAGMA user_version", ())[0][0]
            if found != SCHEMA.version:
                raise ConfigError(f"{path}: a ledger of another release (schema {found}): start the gateway of this release first")
            self._db.execute("BEGIN")
            self._version, self._seen = self._written(), self._checkpoint()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def rest(self) -> None:
        """End the reading: while nothing is asked, the gateway's log of writes need not be kept for it."""
        self._db.execute("ROLLBACK")

    def renew(self) -> bool:
        """Begin another reading after `rest`; return whether it is of another checkpoint than the one before."""
        self._db.execute("BEGIN")
        version, self._version = self._version, self._written()
        if version == self._version:
            return False
        seen, self._seen = self._seen, self._checkpoint()
        if seen != self._seen:
            self.__dict__.pop("fold", None)
        return seen != self._seen

    def _written(self) -> int:
        """Return what is another number whenever anybody has written since: it costs less than to find the checkpoint."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _checkpoint(self) -> tuple[Any, ...]:
        """Return what distinguishes checkpoints: the fold's own values have where in the journal it stands."""
        return next(iter(self._read("SELECT crc, length(value) FROM state WHERE key='fold'", ())), ())

    def part(self, name: str) -> bytes:
        """Return a part of the last checkpoint, empty if it has none. Raise DamagedFile if it is not what was written."""
        rows = self._read("SELECT value, crc FROM state WHERE key=?", (name,))
        if rows and (not isinstance(rows[0][0], bytes) or zlib.crc32(rows[0][0]) != rows[0][1]):
            raise DamagedFile(self.path, f"the fold's state is damaged, in its part {name!r}")
        return rows[0][0] if rows else b""

    @cached_property
    def fold(self) -> Mapping[str, Any]:
        """The fold's own values at the checkpoint; empty before the first."""
        packed = self.part("fold")
        return msgpack.unpackb(packed, strict_map_key=False) if packed else {}

    @property
    def pos(self) -> int:
        """Up to which record of the journal everything is in."""
        return int(self.fold.get("pos", 0))

    @property
    def as_of_s(self) -> int:
        """The second in which the last record that is in was received, since 1970; 0 before the first checkpoint."""
        return int(self.fold.get("turn", 0))

    def visits_of(self, subject: str) -> list[VisitRow]:
        """Return all visits of a subject that are over, by store and key."""
        return self._rows(VisitRow, "WHERE subject=? ORDER BY store, key_ns", (subject,))

    def dwells_of(self, subject: str) -> list[DwellRow]:
        """Return all dwells of a subject that are over, by store and key."""
        return self._rows(DwellRow, "WHERE subject=? ORDER BY store, key_ns", (subject,))

    def visits_of_subjects(self, subjects: Collection[str], fan: str) -> list[VisitRow]:
        """Return the visits of subjects that are over, and a fan's."""
        return [row for some in parts(subjects, AT_ONCE) for row in self._rows(VisitRow, _OF_FAN.format(marks(some)), (*some, fan))]

    def dwells_of_subjects(self, subjects: Collection[str], fan: str) -> list[DwellRow]:
        """Return the dwells of subjects that are over, and a fan's."""
        return [row for some in parts(subjects, AT_ONCE) for row in self._rows(DwellRow, _OF_FAN.format(marks(some)), (*some, fan))]

    def all_touches_of_fan(self, fan: str) -> list[TouchRow]:
        """Return a fan's touches in all stores that are not voided, by time."""
        found = self._rows(TouchRow, "WHERE fan=? AND fan<>'' AND void=0", (fan,))
        return sorted(found, key=lambda row: (row.time_ns, row.store, row.agent, row.row))

    def names_of_fan(self, fan: str) -> list[str]:
        """Return every name of which a standing has or had a span of a fan: subjects, fan ids, references."""
        return [row.name for row in self._rows(StandingFanRow, "WHERE fan=? ORDER BY name", (fan,))]

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return every fact that bears any of these names, each once: what is kept, and what is only in the touches."""
        return list(dict.fromkeys([*super().facts_naming(names), *super().unkept(names)]))

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        """Return nothing: `facts_naming` has them all."""
        return ()

    def identifier_type(self, subject: str) -> str:
        """Return the type of a subject, as the facts about it have it; "" if none does."""
        return self.identifier_types([subject])[subject]

    def identifier_types(self, subjects: Collection[str], touches: Iterable[TouchRow] = ()) -> Mapping[str, str]:
        """Return the type of each of some subjects, by one fact about it: a kept one, else one of those that are only in the touches.

        `touches` are looked at before others are read.
        """
        found = dict.fromkeys(subjects, "")
        missing = set(subjects)
        for some in parts(missing, AT_ONCE):
            first = ",".join(["(?)"] * len(some))
            where = f"WHERE n IN (SELECT (SELECT n FROM fact_names WHERE name = column1 LIMIT 1) FROM (VALUES {first})) ORDER BY n"
            for fact in self._facts(where, tuple(some)):
                for each in _identifiers_of(fact):
                    if each.subject in missing:
                        found[each.subject] = each.type
                        missing.discard(each.subject)
        known = {row.subject: row for row in touches} if missing else {}
        for subject in missing:
            rows = chain([known[subject]] if subject in known else (), self._touches_of(subject))
            stated = next((mention for row in rows if (mention := mention_of_row(row))), None)
            found[subject] = next((each.type for each in _identifiers_of(stated) if each.subject == subject), "")
        return found

    def _touches_of(self, subject: str) -> Iterator[TouchRow]:
        """Yield the touches whose first identifier is a subject, one by one: mostly the first will do."""
        with naming(self.path, "it is damaged"):
            sql = f"SELECT {COLUMNS['touches']}, crc FROM touches WHERE subject=? ORDER BY store, agent, row"
            for row in self._db.execute(sql, (subject,)):
                yield from self._checked(TouchRow, [row])

    def links_of_source(self, source: str) -> Iterator[Link]:
        """Yield every link of a source, also those that were replaced or taken back."""
        yield from (fact for fact in self._facts("WHERE kind='link' AND source=?", (source,)) if isinstance(fact, Link))

    def revokes(self) -> Iterator[Revoke]:
        """Yield everything that takes a fact back."""
        yield from (fact for fact in self._facts("WHERE kind='revoke'", ()) if isinstance(fact, Revoke))

    def statements(
        self, from_ns: int | None = None, to_ns: int | None = None, kinds: Collection[str] = (), **columns: str
    ) -> Iterator[Fact]:
        """Yield what is known since a span but what touches state, the latest first; `columns`: actor, source, where stated."""
        stated = {name: value for name, value in columns.items() if value and name in FactRow._fields}
        span = (-FOR_EVER_NS if from_ns is None else from_ns, FOR_EVER_NS if to_ns is None else to_ns)
        more = "".join(f" AND {name} = ?" for name in stated) + (f" AND kind IN ({marks(kinds)})" if kinds else "")
        where = f"WHERE kind <> 'mention' AND known_ns >= ? AND known_ns < ?{more} ORDER BY known_ns DESC, n DESC"
        yield from self._facts(where, (*span, *stated.values(), *kinds))

    def labelled(self, labels: Collection[str] | None = None) -> list[str]:
        """Return every name whose standing has one of these labels; any, with None."""
        rows = self._read("SELECT name, label FROM standings WHERE label <> '' ORDER BY name", ())
        return [name for name, label in rows if labels is None or label in labels]

    def contradicting(self) -> list[str]:
        """Return names of fans that somebody calls distinct, of facts whose id another has, and of those that nothing takes back.

        Those are what a split or a revoke names without effect.
        """
        distinct = (fact for fact in self._facts("WHERE kind='distinct' ORDER BY n", ()) if isinstance(fact, Distinct))
        doubled = self._read("SELECT id FROM facts GROUP BY id HAVING count(*) > 1 ORDER BY id", ())
        return [*(fan_name(fact.fans[0]) for fact in distinct), *(fact_name(fact_id) for (fact_id,) in doubled), *self._not_taken_back()]

    def _not_taken_back(self) -> list[str]:
        """Return the names of facts that a split or revoke names without effect."""
        backs = self._facts("WHERE kind IN ('split', 'revoke') AND source <> 'touch' ORDER BY n", ())
        named = [each for each in backs if isinstance(each, Split | Revoke)]
        return [fact_name(each.of) for each in named if any(without_effect(each, of) for of in self._facts("WHERE id=?", (each.of,)))]

    def largest_fans(self, limit: int) -> list[str]:
        """Return the fans that have or had the most identifiers."""
        sql = "SELECT fan FROM standing_fans WHERE instr(name, ':') = 0 GROUP BY fan ORDER BY count(*) DESC, fan LIMIT ?"
        return [fan for (fan,) in self._read(sql, (limit,))]

    def fans_beginning(self, text: str, most: int) -> list[str]:
        """Return registered fan ids that begin with a text, by their order, at most so many."""
        sql = "SELECT DISTINCT fan FROM standing_fans WHERE fan >= ? AND fan < ? ORDER BY fan LIMIT ?"
        return [fan for (fan,) in self._read(sql, (text, f"{text}\U0010ffff", most)) if is_registered(fan)]

    def fact_ids_beginning(self, text: str, most: int) -> list[str]:
        """Return ids of facts that somebody stated, and not of touches, that begin with a text, by their order, at most so many."""
        sql = "SELECT DISTINCT id FROM facts WHERE id >= ? AND id < ? AND kind <> 'mention' ORDER BY id LIMIT ?"
        return [found for (found,) in self._read(sql, (text, f"{text}\U0010ffff", most))]

    def corrections(self) -> list[CorrectionRow]:
        """Return every void and amend, applied or waiting, by their own time."""
        return self._rows(CorrectionRow, "ORDER BY time_ns, store, agent, row", ())

    def corrections_of(self, ids: Collection[str]) -> list[CorrectionRow]:
        """Return the voids and amends of the event that has any of these ids, applied or waiting, in no order."""
        return self._rows(CorrectionRow, f"WHERE of IN ({marks(ids)})", tuple(ids))

    def _facts(self, where: str, values: tuple[Any, ...]) -> Iterator[Fact]:
        """Yield facts, some rows at a time: a CRM's links are a million."""
        with naming(self.path, "it is damaged"):
            rows = self._db.execute(f"SELECT {COLUMNS['facts']}, crc FROM facts {where}", values)
            while some := rows.fetchmany(ROWS_AT_ONCE):
                for row in self._checked(FactRow, some):
                    yield from decode_facts(row.body.encode(), row.known_ns)


def _identifiers_of(fact: Fact | None) -> Sequence[Identifier]:
    several: Sequence[Identifier] = getattr(fact, "identifiers", ())
    one: Identifier | None = getattr(fact, "identifier", None)
    return several or ((one,) if one else ())


@contextmanager
def ledger_reader(path: Path) -> Iterator[LedgerReader]:
    """Open a ledger to be read. Raise ConfigError if there is none, or it cannot be read."""
    try:
        reader = LedgerReader(path)
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{path}: {error}") from None
    try:
        yield reader
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{path}: {error}") from None
    finally:
        reader.close()
