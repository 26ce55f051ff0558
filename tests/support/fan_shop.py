"""A gateway's folder with a shop in it: its ledger has what was heard, and the shop reads what commands write to its journal."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from footfall.pseudonyms import provisional_key
from gateway.accept.outcome import Entry
from gateway.cli.fan import app
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes
from gateway.records import RecordKind
from gateway.state.facts_tail import facts_after
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from tests.support.shop_stories import Shop

SECRET = "a brand's secret of some length, for tests alone"
SITE = 'brand = "b"\n[[stores]]\nname = "s1"\ntimezone = "Asia/Shanghai"\n'


class FanShop:
    """`shop` tells the story; `fan` runs `footfall fan`; `fold` lets the shop take what commands have stated."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir(parents=True)
        (folder / "site.toml").write_text(SITE)
        (folder / "secret").write_text(SECRET)
        (folder / "gateway.toml").write_text('brand_secret_file = "secret"\n')
        self.journal = folder / "state" / "journal.db"
        self.ledger = Ledger(folder / "state" / "ledger.db")
        self.shop = Shop(self.ledger, identity=Identity(self.ledger, IdentifierTypes(), provisional_key(SECRET.encode())))
        self._taken = 0

    def fan(self, *arguments: str) -> Result:
        """Run `footfall fan`."""
        return CliRunner().invoke(app, [*arguments, "--config", str(self.folder / "gateway.toml")])

    def fold(self) -> None:
        """Fold what commands have written, and make a checkpoint, which stands where the journal ends."""
        facts = facts_after(self.journal, 0)[self._taken :]
        self._taken += len(facts)
        self.shop.know(facts).checkpoint()
        journal = Journal(self.journal)
        missing = self.shop.position - journal.last_pos
        journal.commit([(1, Entry(RecordKind.NOTE, "", "", 0, b""))] * missing, {})
        journal.close()

    def journal_events(self) -> None:
        """Write what was heard since the last checkpoint to the journal: its plain events, each at its position."""
        journal = Journal(self.journal)
        for each in self.shop.records[journal.last_pos :]:
            kind, body = (each.kind, each.body) if each.kind == RecordKind.EVENT else (RecordKind.NOTE, b"")
            journal.commit([(each.received_ns, Entry(kind, each.store, each.agent, each.seq, body))], {})
        journal.close()
