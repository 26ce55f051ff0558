"""The state of the spool in memory, without bodies: epochs and their marks, journals, dates, boots. It is authoritative while it lasts.

Changed rows are `owed` to the file, which gets them with the next commit that succeeds. No file here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from edge_agent.boots import Boots
from edge_agent.epoch import Epoch
from edge_agent.spool.epochs import EpochState, MarkStep
from edge_agent.spool.schema import RECEIPTED_FACT, TIMES_FACT
from edge_agent.spool.twins import (
    BOOTS,
    EPOCHS,
    FACTS,
    JOURNALS,
    RECEIPTED,
    STORES,
    TIMES,
    BootRow,
    FactRow,
    JournalRow,
    Loaded,
    LoadedTables,
    ReceiptedRow,
    StoreRow,
    TimesRow,
    Twin,
    Values,
    number_of,
)  # fmt: skip
from footfall.frames import DecidedTime
from footfall.receipts import TimeRun, Times

KEPT_JOURNALS: Final = 64

Owed = Mapping[tuple[Twin[Any], int], Any]
"""By table and number: the row, or None for one that is to be deleted."""


class SpoolMemory:
    """`epoch` is the current one, of a run in `store`. Ids of new frames are above `base`."""

    def __init__(self, epoch: str, boot: str, store: str = "") -> None:
        self.epoch = epoch
        self.boot: Final = boot
        self.store: Final = store
        self.ledgers: dict[str, EpochState] = {}
        self.boots = Boots()
        self.receipted_ns = 0
        self.times_n = 0
        self.base = 0
        self.owed: dict[tuple[Twin[Any], int], Any] = {}
        self._journals: dict[int, str] = {}
        self._times: dict[int, TimeRun] = {}
        self._boot_numbers: dict[str, int] = {}

    @property
    def current(self) -> EpochState:
        return self.ledgers[self.epoch]

    @property
    def owing(self) -> EpochState | None:
        """Return the oldest epoch that owes frames."""
        return next((ledger for ledger in self.ledgers.values() if ledger.owes), None)

    @property
    def journals(self) -> list[str]:
        """Return the journals that were ever bound, the present one last."""
        return [self._journals[n] for n in sorted(self._journals)]

    @property
    def journal_id(self) -> str | None:
        return self._journals[max(self._journals)] if self._journals else None

    def load(self, tables: LoadedTables) -> None:
        """Replace the state by that in the file; only `receipted_ns` never falls."""
        self.owed = {}
        self.ledgers = {row.epoch: EpochState.of(n, row) for n, row in tables.of(EPOCHS).rows.items()}
        by_n = {ledger.n: ledger for ledger in self.ledgers.values()}
        for n, store in tables.of(STORES).rows.items():
            if n in by_n:
                by_n[n].store = store.store
        for number, row in tables.of(RECEIPTED).rows.items():
            if row.epoch_n in by_n:
                by_n[row.epoch_n].steps[number] = MarkStep(row.upto, row.gateway_ns)
        self._journals = {n: journal.journal_id for n, journal in tables.of(JOURNALS).rows.items()}
        self._load_times(tables.of(TIMES))
        self.boots = Boots(tables.of(BOOTS).rows.values())
        self._boot_numbers = {boot.boot: n for n, boot in tables.of(BOOTS).rows.items()}
        facts = {fact.name: fact.value for fact in tables.of(FACTS).rows.values()}
        self.times_n = facts.get(TIMES_FACT, 0)
        latest_ns = (ledger.receipted_ns for ledger in self.ledgers.values())
        self.receipted_ns = max(self.receipted_ns, facts.get(RECEIPTED_FACT, 0), *latest_ns, 0)

    def _load_times(self, loaded: Loaded[TimesRow]) -> None:
        """Load dates. Those that frames were sent with stay, even if the file does not have them yet."""
        before = self._times
        self._times = {n: _time_run(row) for n, row in loaded.rows.items()}
        for number, run in before.items():
            if run.epoch in self.ledgers and self._times.get(number) != run:
                self._set_times(number, run)

    def begin_epoch(self, anew: bool = False) -> None:
        """Begin an epoch for new frames. `anew`: its name may have used numbers, so it gets a suffix."""
        if anew or self.epoch in self.ledgers:
            self.epoch = f"{self.epoch[:52]}.{secrets.token_hex(4)}"
        n = 1 + max((ledger.n for ledger in self.ledgers.values()), default=0)
        base = max((ledger.base + ledger.last for ledger in self.ledgers.values()), default=0)
        self.ledgers[self.epoch] = EpochState(
            n, self.epoch, self.boot, base=max(base, self.base), receipted_ns=self.receipted_ns, store=self.store
        )
        self.owe_epoch(self.current)
        self._owe(STORES, n, StoreRow(self.store))
        self.lasted(self.boot, 0)

    def begin_again(self, before: SpoolMemory) -> None:
        """Take over the marks, journal and epoch of another memory that could not write. Its epoch comes after all others."""
        for name in before.ledgers.keys() & self.ledgers.keys():
            ledger, known = self.ledgers[name], before.ledgers[name]
            ledger.mark, ledger.receipted = min(known.mark, ledger.last), max(ledger.receipted, known.receipted)
            self.owe_epoch(ledger)
        if before.journal_id is not None:
            self.add_journal(before.journal_id)
        for run in before._times.values():
            if run.epoch in self.ledgers.keys() | {before.epoch} and run not in self._times.values():
                self._set_times(1 + max(self._times, default=0), run)
        self.epoch = before.epoch
        self.receipted_ns = max(self.receipted_ns, before.receipted_ns)
        if self.epoch not in self.ledgers:
            self.begin_epoch()
        self.current.take_over(before.current)
        self.owe_epoch(self.current)

    def mark(self, name: str, upto: int, gateway_ns: int) -> bool:
        """Set the mark of an epoch. Return whether it is the first to show that numbers above the last were used."""
        ledger = self.ledgers.get(name)
        if ledger is None:
            return False
        went_back = upto > max(ledger.last, ledger.receipted)
        ledger.receipted = max(ledger.receipted, upto)
        self.heard(gateway_ns)
        free = 1 + max((number for each in self.ledgers.values() for number in each.steps), default=0)
        for number in ledger.marked(min(upto, ledger.last), gateway_ns, free):
            step = ledger.steps.get(number)
            self._owe(RECEIPTED, number, ReceiptedRow(ledger.n, step.upto, step.gateway_ns) if step else None)
        self.owe_epoch(ledger)
        if upto > ledger.last and name == self.epoch:
            self.begin_epoch(anew=True)
        return went_back

    def heard(self, gateway_ns: int) -> None:
        if gateway_ns > self.receipted_ns:
            self.receipted_ns = self.current.receipted_ns = gateway_ns
            self.owe_epoch(self.current)

    def bind_journal(self, journal_id: str) -> None:
        if self._journals:
            self._unmark()
            self.times_n = 0
            self._owe(FACTS, number_of(TIMES_FACT), FactRow(TIMES_FACT, 0))
        self.add_journal(journal_id)

    def add_journal(self, journal_id: str) -> None:
        """Make it the present one."""
        if journal_id == self.journal_id:
            return
        for n in [n for n, known in self._journals.items() if known == journal_id] + sorted(self._journals)[:-KEPT_JOURNALS]:
            self._journals.pop(n, None)
            self._owe(JOURNALS, n, None)
        n = 1 + max(self._journals, default=0)
        self._journals[n] = journal_id
        self._owe(JOURNALS, n, JournalRow(journal_id))

    def new_times(self, times: Times) -> dict[int, TimeRun]:
        """Return the new dates, by the numbers of their rows."""
        news = [run for run in times.runs if run.epoch in self.ledgers and run not in self._times.values()]
        return dict(enumerate(news, 1 + max(self._times, default=0)))

    def add_times(self, rows: Mapping[int, TimeRun], n: int) -> None:
        self._times |= rows
        self.times_n = n

    def date(self, epoch: str, dates: Iterable[tuple[int, DecidedTime]]) -> None:
        """Set the agent's own dates, by seq, of frames without one. Consecutive frames with one date are one run."""
        for seq, time in dates:
            number = max(self._times, default=0)
            last = self._times.get(number)
            if last is not None and (last.epoch, last.last_seq + 1, last.decided) == (epoch, seq, time):
                self._set_times(number, last._replace(last_seq=seq))
            else:
                self._set_times(number + 1, TimeRun(epoch, seq, seq, time))

    def _set_times(self, number: int, run: TimeRun) -> None:
        self._times[number] = run
        self._owe(TIMES, number, times_row(run))

    def decided(self, epoch: str, seq: int) -> DecidedTime | None:
        """Return how a gateway last dated that frame; None if it did not."""
        runs = (run for run in reversed(self._times.values()) if run.epoch == epoch and run.first_seq <= seq <= run.last_seq)
        return next((run.decided for run in runs), None)

    def lasted(self, boot: str, until_ns: int) -> None:
        if self.boots.lasted(boot, until_ns):
            self._owe_boot(boot)

    def owe_length(self) -> None:
        """Owe the length of the present boot, which grows with every frame and is therefore written only now and then."""
        self._owe_boot(self.boot)

    def forget(self) -> None:
        """Forget epochs without frames, their dates and old marks."""
        for ledger in [each for each in self.ledgers.values() if not each.has_frames and not each.owes and each is not self.current]:
            del self.ledgers[ledger.name]
            self._owe(EPOCHS, ledger.n, None)
            self._owe(STORES, ledger.n, None)
            self._forget_steps(ledger, list(ledger.steps))
        for number, run in list(self._times.items()):
            if run.epoch not in self.ledgers or run.last_seq < self.ledgers[run.epoch].oldest:
                del self._times[number]
                self._owe(TIMES, number, None)
        for ledger in self.ledgers.values():
            self._forget_steps(ledger, [number for number, step in ledger.steps.items() if step.upto < ledger.oldest][:-1])

    def view(self, ledger: EpochState) -> Epoch:
        return ledger.epoch(self.boots.apart_ns(ledger.boot))

    def owe_epoch(self, ledger: EpochState) -> None:
        self._owe(EPOCHS, ledger.n, ledger.row())

    def paid(self, owed: Owed) -> None:
        """Remove rows that the file has now from those owed."""
        self.owed = {key: values for key, values in self.owed.items() if key not in owed or values != owed[key]}

    def _owe(self, twin: Twin[Values], number: int, values: Values | None) -> None:
        self.owed[twin, number] = values

    def _owe_boot(self, boot: str) -> None:
        n = self._boot_numbers.setdefault(boot, 1 + max(self._boot_numbers.values(), default=0))
        self._owe(BOOTS, n, BootRow(boot, self.boots.length_ns(boot)))

    def _unmark(self) -> None:
        """Lower all marks to 0: every frame that is here is owed again."""
        for ledger in self.ledgers.values():
            self._forget_steps(ledger, list(ledger.steps))
            if ledger.has_frames:
                ledger.mark = 0
                self.owe_epoch(ledger)

    def _forget_steps(self, ledger: EpochState, numbers: list[int]) -> None:
        for number in numbers:
            del ledger.steps[number]
            self._owe(RECEIPTED, number, None)


def times_row(run: TimeRun) -> TimesRow:
    """Return the row of dates as the file has it."""
    return TimesRow(run.epoch, run.first_seq, run.last_seq, run.decided.offset_ns, run.decided.width_ns, run.decided.quality)


def _time_run(row: TimesRow) -> TimeRun:
    return TimeRun(row.epoch, row.first_seq, row.last_seq, DecidedTime(row.offset_ns, row.width_ns, row.quality))
