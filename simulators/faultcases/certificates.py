"""Certificates of a case, made by the deployed script; and what a Mosquitto needs of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from simulators.faultcases.findings import Missing
from simulators.faultcases.gateways import under_faketime

ISSUE: Final = Path(__file__).parents[2] / "deploy" / "certificates" / "issue"


class Authority:
    """A folder with an authority, the broker's certificate and those of `clients`."""

    def __init__(self, folder: Path, clients: Sequence[str], days: int = 825) -> None:
        if not ISSUE.exists():
            raise Missing(f"{ISSUE} is missing: cases with certificates run in the repository")
        self.folder = folder
        self.days = days
        self.issue("ca")
        self.issue("broker", "localhost", "127.0.0.1")
        for name in clients:
            self.issue("client", name)

    def issue(self, *arguments: str, clock: Path | None = None, days: int | None = None) -> None:
        """`clock`: the file that holds the script's time of day."""
        environment = os.environ | {"FOOTFALL_CERTIFICATES": str(self.folder), "DAYS": str(days or self.days)}
        prefix = under_faketime(clock) if clock else ()
        done = subprocess.run(
            [*prefix, str(ISSUE), *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"issue {' '.join(arguments)}: {done.stderr}")

    def tls(self, name: str) -> dict[str, Any]:
        """`[broker.tls]` of this client."""
        return {
            "ca_file": str(self.folder / "ca.crt"),
            "cert_file": str(self.folder / f"{name}.crt"),
            "key_file": str(self.folder / f"{name}.key"),
        }

    def listener(self) -> str:
        """Lines for a listener of Mosquitto that asks for certificates."""
        return "\n".join([
            f"cafile {self.folder}/ca.crt", f"certfile {self.folder}/broker.crt", f"keyfile {self.folder}/broker.key",
            f"crlfile {self.folder}/crl.pem", "require_certificate true", "use_identity_as_username true",
        ])  # fmt: skip
