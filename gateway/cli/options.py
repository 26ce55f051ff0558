"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The gateway's configuration.", envvar="FOOTFALL_GATEWAY_CONFIG")]
DEFAULT_CONFIG: Final = Path("gateway.toml")
