"""The application of `footfall serve` over the files of a small brand: two stores of two paths, two fans, and a user of each role.

brand = ServedBrand(folder)
brand.ask("GET", "/api/query", Role.STORE).status
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

from footfall.broker import Broker
from serve.app import Pages
from serve.broker_client import BrokerClient
from serve.config import load_serve
from serve.live import LiveReaders
from serve.roles import Role
from serve.user_command import app as user_command
from tests.support.asgi import Answer, ask
from tests.support.served_ledger import write_ledger

SITE: Final = """
brand = "acme"
[[stores]]
name = "s1"
path = "acme/north"
doors = ["main"]
zones = [{ name = "a" }]
agents = [{ name = "till-1" }, { name = "crm" }]
[[stores]]
name = "s2"
path = "acme/south"
agents = [{ name = "till-2" }]
"""
GATEWAY: Final = 'brand_secret_file = "secret"\n[sink]\nkind = "sqlite"\npath = "footfall.db"\n'
USERS: Final[dict[Role, list[str]]] = {
    Role.STORE: ["--store", "s1"],
    Role.AREA: ["--path", "acme/north"],
    Role.HEADQUARTERS: [],
    Role.INTEGRATOR: ["--store", "s1", "--agent", "crm"],
}


class ServedBrand:
    """Files, users and the application; it is connected to no broker but `broker`, and has no database."""

    def __init__(
        self, folder: Path, listen: str = "", users: bool = True, broker: BrokerClient | None = None,
        status_url: str = "http://127.0.0.1:9", site: str = SITE,
    ) -> None:  # fmt: skip
        folder.mkdir(exist_ok=True)
        (folder / "state").mkdir(exist_ok=True)
        self.folder: Final = folder
        (folder / "site.toml").write_text(site)
        (folder / "gateway.toml").write_text(GATEWAY)
        (folder / "secret").write_text("a brand's secret of some length, for tests alone")
        if not (folder / "state" / "ledger.db").exists():
            write_ledger(folder / "state")
        (folder / "serve.toml").write_text(f'status_url = "{status_url}"\n[listen]\n{listen}')
        self.tokens: Final = {role: self.user("add", role, "--role", role, *options) for role, options in USERS.items() if users}
        self.config: Final = load_serve(folder / "serve.toml", {})
        self.feed: Final = LiveReaders(4)
        self.pages: Final = Pages(self.config, self.feed, broker or BrokerClient(Broker(), lambda payload: None))
        self.app: Final = self.pages.app()

    def user(self, *arguments: str) -> str:
        """Return what `footfall user` prints."""
        done = CliRunner().invoke(user_command, [*arguments, "--config", str(self.folder / "gateway.toml")])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout.strip()

    def ask(self, method: str, target: str, role: Role | None = None, body: bytes = b"", **headers: str) -> Answer:
        """Return the answer to somebody with a role; None: to somebody on this machine."""
        token = {"authorization": f"Bearer {self.tokens[role]}"} if role is not None else {}
        return ask(self.app, method, target, body, **{"content-type": "application/json", **token, **headers})

    def routes(self) -> set[tuple[str, str]]:
        """Return method and path of every registered route."""
        found: set[tuple[str, str]] = set()
        for route in self.app.routes:
            of: Any = route
            found |= {(method, of.path) for method in of.methods - {"HEAD"}}
        return found
