"""The settings of a connection to an MQTT broker, the same in gateway.toml, agent.toml and sources of vendors.

authenticate(client, broker)      # username, password and TLS for a client of paho's, as the files are now
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from footfall.certificates import client_context
from footfall.config import Section, secret
from footfall.server_settings import Host

if TYPE_CHECKING:  # commands that only read a configuration do not load paho
    from paho.mqtt.client import Client

Port = Annotated[int, Field(ge=0, le=65_535)]
"""A port to listen on; 0 takes any free one."""
ServerPort = Annotated[int, Field(ge=1, le=65_535)]
"""A port to connect to."""

_SPELLINGS: Final = {"5": "5", "5.0": "5", "3.1.1": "3.1.1", "4": "3.1.1", "4.0": "3.1.1"}
"""Versions as people write them, with and without quotes; 4 is MQTT 3.1.1 on the wire."""


def _spelled(value: object) -> object:
    return value if isinstance(value, bool) else _SPELLINGS.get(str(value).strip(), value)


MqttVersion = Annotated[Literal["5", "3.1.1"], BeforeValidator(_spelled)]


class Tls(Section):
    """PEM files. Without certificate and key only the broker is authenticated."""

    ca_file: Path
    cert_file: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _pair(self) -> Tls:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("`cert_file` and `key_file` belong together: give both or neither")
        return self


class Broker(Section):
    """An MQTT broker, and the credentials for it."""

    host: Host = "127.0.0.1"
    port: ServerPort = 1883
    protocol: MqttVersion = "5"
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    username: str | None = None
    password_file: Path | None = None
    tls: Tls | None = None

    @property
    def is_v5(self) -> bool:
        """Return whether to connect with MQTT 5, else with 3.1.1."""
        return self.protocol == "5"

    def read_password(self) -> bytes | None:
        """Return the password as its file has it now, None without one. Raise ConfigError if the file cannot be read."""
        return secret(None, self.password_file)


def authenticate(client: Client, broker: Broker) -> None:
    """Set username, password and TLS of `client` from the files as they are now. Raise ConfigError, which names an unusable file."""
    if tls := broker.tls:
        client.tls_set_context(client_context(tls.ca_file, tls.cert_file, tls.key_file))
    if broker.username is not None:
        password = broker.read_password()
        client.username_pw_set(broker.username, password.decode() if password else None)
