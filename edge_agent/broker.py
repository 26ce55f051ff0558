"""How a broker is reached: the agent's own, and those of vendors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from footfall.config import Section

Port = Annotated[int, Field(ge=0, le=65_535)]


class Tls(Section):
    """PEM files; without certificate and key the agent is not asked who it is."""

    ca_file: Path
    cert_file: Path | None = None
    key_file: Path | None = None


class Broker(Section):
    """An MQTT broker."""

    host: str = "127.0.0.1"
    port: Port = 1883
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    username: str | None = None
    password_file: Path | None = None
    tls: Tls | None = None
