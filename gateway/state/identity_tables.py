"""The ledger's facts about identity and what they come to: the memory of the identity stage, and of the one shard beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from footfall.compact_json import decoded, encoded
from footfall.sqlite import insert_many, naming
from gateway.fold.link_index import is_subject
from gateway.fold.store import LinkRow, TouchRow
from gateway.fold.touch_facts import facts_of_touch, mention_of_row
from gateway.identity.facts import Fact, InStore, Span, Standing, fact_name, fan_name, names_of, ref_name
from gateway.identity.facts_json import fact_of, facts_of_links, values_of
from gateway.identity.links import Link as EarlierLink
from gateway.identity.links import encode_links
from gateway.state.name_filter import NameFilter
from gateway.state.sealed_rows import AT_ONCE, FactRow, StandingFanRow, StandingRow, insert, marks, parts, sealed
from gateway.state.touch_tables import OF_TOUCHES, TouchTables

_OWN: Final = fact_name("")
_REF: Final = ref_name("")
_NOTHING: Final = "[]"
_EARLIER: Final = ("from_ns", "store")
"""What is kept of a span whose end was stated, with "" for the store; an earlier release named the one store in which it held."""
_SPAN: Final = len(Span._fields)
_MAKE: Final = tuple.__new__
"""A row is made as a tuple is: the named one's own way takes four times as long."""
WRITTEN_AT_ONCE: Final = 100_000
"""So many names wait in memory until the next checkpoint."""


class IdentityTables(TouchTables):
    """Standings as the fold asks for them (gateway.fold.store), and facts as the identity stage does (gateway.identity.fact_store)."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        super().__init__(path, db)
        self._given: dict[str, Standing] = {}
        """What the stage gave and the fold has not saved yet."""
        self._saved: dict[str, Standing] = {}
        """What the fold saved and is to be written, and with it the fans of standings and the names of facts."""
        self._fans: set[tuple[str, str]] = set()
        self._names_of_facts: dict[str, list[int]] = {}
        self._next_fact = 0
        self._known: NameFilter | None = None
        """Names that facts bear or standings are of; a writer has it, since nobody else writes any."""

    def save_standings(self, standings: Iterable[Standing]) -> None:
        """Keep standings to be written, each in place of the one of its name, and whose its name is."""
        new = {each.name: each for each in standings}
        if self._known:
            self._known.add(new)
        for name in self._given.keys() & new.keys():
            del self._given[name]
        self._fans.update((fan, name) for name, each in new.items() for fan in each.fans())
        self._saved.update(new)
        if len(self._saved) >= WRITTEN_AT_ONCE:
            self._write_identity()

    def _write_identity(self) -> None:
        """Write what waits, in the order of its keys: names lie anywhere in their tables, so that each would cost a page of its own."""
        if self._saved:
            self._save(StandingRow, (_row(self._saved[name]) for name in sorted(self._saved)))
            insert_many(self._db, insert(StandingFanRow, "IGNORE"), sealed(sorted(self._fans)))
            self._saved, self._fans = {}, set()
        if self._names_of_facts:
            rows = ((name, n) for name in sorted(self._names_of_facts) for n in self._names_of_facts[name])
            insert_many(self._db, "INSERT OR IGNORE INTO fact_names (name, n) VALUES (?,?)", rows)
            self._names_of_facts = {}

    def standing(self, name: str) -> Standing | None:
        if saved := self._saved.get(name):
            return saved
        rows = self._rows(StandingRow, "WHERE name=?", (name,))
        return _standing(rows[0]) if rows else None

    def standings_saved(self, names: Collection[str]) -> dict[str, Standing]:
        """Return the standings that the fold saved, of those of these names that have one."""
        return self._read_standings(names, {name: each for name in names if (each := self._saved.get(name))})

    def subjects_of(self, fan: str) -> list[str]:
        """Return every subject of which a standing had a span of the fan, sorted."""
        self._write_identity()
        return [row.name for row in self._rows(StandingFanRow, "WHERE fan=? ORDER BY name", (fan,)) if is_subject(row.name)]

    def names_with_standing(self) -> Iterator[str]:
        """Yield every name that has a standing."""
        self._write_identity()
        with naming(self.path, "it is damaged"):
            yield from (name for (name,) in self._db.execute("SELECT name FROM standings"))

    def lent_subjects(self) -> list[str]:
        """Return the subjects of whose standing something is lent."""
        self._write_identity()
        return [name for (name,) in self._read("SELECT name FROM standings WHERE lent <> '[]'", ())]

    def subjects_that_may_pass(self) -> list[str]:
        """Return the subjects of whose standing something is lent, or that has several spans."""
        found = self._read("SELECT name FROM standings WHERE lent <> '[]' OR instr(spans, '],[')", ())
        return [name for (name,) in found if is_subject(name)]

    def withdrawn_subjects(self) -> list[str]:
        """Return the subjects of whose standing a span is nobody's, since consent is withdrawn."""
        self._write_identity()
        found = self._read("SELECT name FROM standings WHERE instr(spans, '\"\"')", ())
        apart = map(_standing, self._rows(StandingRow, "WHERE instr(lent, '[\"')", ()))
        return [*(name for (name,) in found if is_subject(name)), *(each.name for each in apart if each.has_nobody)]

    # The identity stage (gateway.identity.fact_store.FactStore)

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return every fact that is kept and bears any of these names, each once."""
        return self._naming(names, "")

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        """Return what touches of these names state that bear one identifier at most and no fan, each once."""
        rows = self._touches_bearing([name for name in names if not name.startswith(_OWN)])
        rows |= self._touches_of_ids([name.removeprefix(_OWN).partition("#")[0] for name in names if name.startswith(_OWN)])
        mentions = (mention for row in rows if (mention := mention_of_row(row)))
        return [each for each in mentions if not each.fan and len(each.identifiers) < 2]

    def bearing(self, names: Collection[str]) -> Collection[str]:
        """Return those of these names that a fact or a standing has; of subjects and ids of facts also those that a touch has."""
        found = self.names_with_rows([name for name in names if is_subject(name)], OF_TOUCHES)
        for some in parts([name.removeprefix(_OWN) for name in names if name.startswith(_OWN)], AT_ONCE):
            found.update(_OWN + event_id for (event_id,) in self._read(f"SELECT id FROM touches WHERE id IN ({marks(some)})", tuple(some)))
        for waiting in (self._names_of_facts, self._given, self._saved):
            found.update(waiting.keys() & names)
        for some in parts(self._known.among(names) if self._known else names, AT_ONCE):
            own = [name.removeprefix(_OWN) for name in some if name.startswith(_OWN)]
            of_facts = f"SELECT name FROM fact_names WHERE name IN ({marks(some)})"
            of_standings = f"SELECT name FROM standings WHERE name IN ({marks(some)})"
            found.update(name for (name,) in self._read(f"{of_facts} UNION {of_standings}", (*some, *some)))
            found.update(_OWN + fact_id for (fact_id,) in self._read(f"SELECT id FROM facts WHERE id IN ({marks(own)})", tuple(own)))
        return found

    def shared_refs(self, refs: Collection[str]) -> Collection[str]:
        """Return those of these references that several touches bear, or a fact that is kept."""
        names = {ref_name(ref) for ref in refs}
        found = self.names_shared(names) | (self._names_of_facts.keys() & names)
        for some in parts(self._known.among(names) if self._known else names, AT_ONCE):
            found.update(name for (name,) in self._read(f"SELECT name FROM fact_names WHERE name IN ({marks(some)})", tuple(some)))
        return {name.removeprefix(_REF) for name in found}

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return the same without what touches state."""
        return self._naming(names, " AND kind <> 'mention'")

    def _naming(self, names: Collection[str], more: str) -> list[Fact]:
        names = self._known.among(names) if self._known else names
        found: dict[int, FactRow] = {}
        for some in parts(names, AT_ONCE):
            own = [name.removeprefix(_OWN) for name in some if name.startswith(_OWN)]
            of_names = f"SELECT n FROM fact_names WHERE name IN ({marks(some)})"
            if own:
                of_names += f" UNION SELECT n FROM facts WHERE id IN ({marks(own)})"
            rows = self._rows(FactRow, f"WHERE n IN ({of_names}){more}", (*some, *own))
            found.update((row.n, row) for row in rows)
        unwritten = {n for name in names for n in self._names_of_facts.get(name, ())} if self._names_of_facts else ()
        for numbers in parts(unwritten, AT_ONCE):
            found.update((row.n, row) for row in self._rows(FactRow, f"WHERE n IN ({marks(numbers)}){more}", tuple(numbers)))
        bodies = decoded(f"[{','.join([row.body for row in found.values()])}]")  # one by one it takes twice as long
        return [fact_of(values, row.known_ns) for values, row in zip(bodies, found.values(), strict=True)]

    def names_of_facts(self) -> Iterator[list[str]]:
        """Yield, in parts, every name of a subject or of a fan that facts bear."""
        self._write_identity()
        after = ""
        while rows := self._read("SELECT DISTINCT name FROM fact_names WHERE name > ? ORDER BY name LIMIT ?", (after, AT_ONCE)):
            names = [name for (name,) in rows]
            after = names[-1]
            yield [name for name in names if is_subject(name) or name.startswith(fan_name(""))]

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Return the standings that the stage gave last, of those of these names that have one."""
        return self._read_standings(names, {name: each for name in names if (each := self._given.get(name) or self._saved.get(name))})

    def _read_standings(self, names: Collection[str], found: dict[str, Standing]) -> dict[str, Standing]:
        """Return those found, and what the file has of the other names."""
        others = [name for name in names if name not in found]
        for some in parts(self._known.among(others) if self._known else others, AT_ONCE):
            rows = self._rows(StandingRow, f"WHERE name IN ({marks(some)})", tuple(some))
            found.update((row.name, _standing(row)) for row in rows)
        return found

    def add(self, facts: Sequence[Fact], standings: Sequence[Standing], quiet: Sequence[Fact] = ()) -> None:
        """Keep facts that are not here, and standings until the fold has taken them: then it saves them itself, in the same transaction.

        What is quiet is in the touches, which the fold wrote before.
        """
        rows, known = list[FactRow](), list[str]()
        for n, fact in enumerate(facts, self._next_fact + 1):
            values, names = values_of(fact), names_of(fact)
            rows.append(_MAKE(FactRow, (n, fact.id, values["fact"], fact.source, fact.actor, fact.known_ns, _json(values))))
            for name in names[1:]:  # the first is its id, by which the table of facts is found
                self._names_of_facts.setdefault(name, []).append(n)
            known += names
        if self._known:
            self._known.add(known)
        self._save(FactRow, rows)
        self._next_fact += len(facts)
        if len(self._names_of_facts) >= WRITTEN_AT_ONCE:
            self._write_identity()
        self._given.update((each.name, each) for each in standings)

    def _all_names(self) -> Iterator[str]:
        """Yield every name that facts bear or standings are of; some more than once."""
        for sql, prefix in (("SELECT name FROM fact_names", ""), ("SELECT id FROM facts", _OWN), ("SELECT name FROM standings", "")):
            with naming(self.path, "it is damaged"):
                yield from (prefix + name for (name,) in self._db.execute(sql))

    def _begin_facts(self) -> None:
        """Stand on what the file has."""
        self._given, self._saved, self._fans, self._names_of_facts = {}, {}, set(), {}
        self._next_fact = self._read("SELECT coalesce(max(n), 0) FROM facts", ())[0][0]

    # Of earlier releases

    def facts_of_earlier_releases(self) -> Iterator[list[Fact]]:
        """Yield, in parts, what the links and touches that an earlier release stored state about identity."""
        links = self._rows(LinkRow, "ORDER BY subject, fan, from_ns, to_ns, source", ())
        for some in parts([row for row in links if not self._is_of_touch(row)], AT_ONCE):
            yield facts_of_links(encode_links([EarlierLink(*row) for row in some]))
        for part in parts(self._rows(TouchRow, "ORDER BY store, agent, row", ()), AT_ONCE):
            yield [fact for row in part for fact in facts_of_touch(row, decoded(row.body))]

    def _is_of_touch(self, link: LinkRow) -> bool:
        """Return whether a touch that is here states a link; of older ones only the link is left."""
        return link.source == "touch" and bool(
            self._read("SELECT 1 FROM touches WHERE subject=? AND given_fan=? LIMIT 1", (link.subject, link.fan))
        )


def _json(value: object) -> str:
    """Return the text that `json.dumps` makes without blanks: it takes twice as long."""
    return encoded(value).decode()


def _row(standing: Standing) -> StandingRow:
    name, number, spans, rank, only_by_ref, lent, label, given_back, in_stores = standing
    stated = _json((*lent, *((each, "") for each in given_back), *in_stores)) if standing.is_lent else _NOTHING
    # As _json has it, in half the time.
    held = ",".join([f"[{each.from_ns},{each.to_ns},{_json(each.fan)}]" if each.fan else _json(each) for each in spans])
    return _MAKE(StandingRow, (name, number, rank, int(only_by_ref), f"[{held}]", stated, label))


def _standing(row: StandingRow) -> Standing:
    name, number, rank, only_by_ref, spans, lent_json, label = row
    standing = _MAKE(Standing, (name, number, _spans(decoded(spans)), rank, bool(only_by_ref), (), label, (), ()))
    if lent_json == _NOTHING:
        return standing
    stated = decoded(lent_json)
    apart = tuple(_in_store(*each) for each in stated if isinstance(each, list) and len(each) == len(InStore._fields))
    lent = tuple(each for each in stated if isinstance(each, int))
    earlier = [each for each in stated if isinstance(each, list) and len(each) == len(_EARLIER)]
    given_back = tuple(from_ns for from_ns, store in earlier if not store)
    standing = standing._replace(lent=lent, given_back=given_back, in_stores=apart)
    return _of_earlier_release(standing, {from_ns: store for from_ns, store in earlier if store})


def _spans(values: Iterable[Sequence[Any]]) -> tuple[Span, ...]:
    """Return spans; those that somebody has, and those of an earlier release, stand there without who withdrew consent."""
    return tuple([_MAKE(Span, each if len(each) == _SPAN else (*each, "")) for each in values])


def _in_store(store: str, spans: Iterable[Sequence[Any]], lent: Iterable[int], given_back: Iterable[int], label: str) -> InStore:
    return InStore(store, _spans(spans), tuple(lent), tuple(given_back), label)


def _of_earlier_release(standing: Standing, store_of: Mapping[int, str]) -> Standing:
    """Return a standing of which an earlier release kept the one store in which each of some spans holds."""

    def within(*stores: str) -> Standing:
        spans = tuple(each for each in standing.spans if store_of.get(each.from_ns, "") in stores)
        begins = {each.from_ns for each in spans}
        lent, given_back = (tuple(each for each in some if each in begins) for some in (standing.lent, standing.given_back))
        return standing._replace(spans=spans, lent=lent, given_back=given_back)

    if not store_of:
        return standing
    here = {store: within("", store) for store in sorted({*store_of.values()})}
    return within("")._replace(in_stores=tuple(InStore(store, one.spans, one.lent, one.given_back) for store, one in here.items()))
