"""`gateway.toml`: the settings of one gateway process. `deploy/examples/gateway.toml` shows it; `docs/operating.md` lists every key."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Self, get_args

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints, model_validator

from device_profiles.settings import ProfileSettings
from footfall.addresses import http_url, is_loopback
from footfall.broker import Broker, Port
from footfall.config import Section, load, secret
from footfall.errors import ConfigError
from footfall.events import Name
from footfall.server_settings import Host
from gateway.sinks.kinds import DEFAULT_SINK, AnySink
from gateway.site import Site

PREFIX: Final = "FOOTFALL_GATEWAY"
SITE_PREFIX: Final = "FOOTFALL_SITE"
_MIB: Final = 1 << 20

QuotaBytes = Annotated[int, Field(ge=_MIB)]


class GatewayBroker(Broker):
    """The MQTT broker; `embedded` starts one in this process tree, for one machine, without access control."""

    embedded: bool = False
    client_id: Name = "gateway"
    password: SecretStr | None = None

    @model_validator(mode="after")
    def _consistent(self) -> GatewayBroker:
        if self.embedded and not is_loopback(self.host):
            raise ValueError(f"the embedded broker has no access control and listens on loopback only, not on {self.host!r}")
        if self.embedded and (self.tls or self.username):
            raise ValueError("the embedded broker knows neither TLS nor users: leave `tls` and `username` out, or run Mosquitto")
        return self

    def read_password(self) -> bytes | None:
        """Return the password of the environment, else of the file. Raise ConfigError if the file cannot be read."""
        return secret(self.password, self.password_file)


class Http(Section):
    """Health, metrics and status. It asks nobody who they are: leave it on loopback, or behind a proxy that does."""

    host: Host = "127.0.0.1"
    port: Port = 8080


def _split(value: object) -> object:
    """The environment has a list as one text: `a.example b.example`, with spaces or commas."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


HostNames = Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9._:-]{1,253}\z")], ...], BeforeValidator(_split)]
"""As a browser sends them in `Host`, in lower case and without the port."""


class Serve(Section):
    """`footfall serve` as a child, where the broker is embedded; elsewhere it is a process of its own, with a serve.toml."""

    enabled: bool = True
    host: Host = "127.0.0.1"
    port: Port = 8090
    hosts: HostNames = ()
    token_file: Path | None = None


class JournalLimits(Section):
    """Kept until both the age and what snapshots and the sink still need are passed; at `max_bytes` agents are asked to pause."""

    keep_days: Annotated[float, Field(gt=0)] = 30.0
    max_bytes: QuotaBytes = 20_480 * _MIB


class OutboxLimits(Section):
    """Points that wait for the database. When it is full the fold pauses; the journal goes on."""

    max_bytes: QuotaBytes = 64 * _MIB


class QuarantineLimits(Section):
    """`keep_hours` is for bytes that may hold raw identifiers; at `max_bytes` the oldest are dropped and counted."""

    keep_hours: Annotated[float, Field(gt=0)] = 72.0
    max_bytes: QuotaBytes = 256 * _MIB


class NoticeSettings(Section):
    """How long something must be wrong before status shows it."""

    notice_s: Annotated[float, Field(ge=1, le=600)] = 60.0


class Evidence(Section):
    """What is stored of evidence beside the rows of presence."""

    levels: bool = False
    """Whether to store the level of each receiver, where a zone has several at one agent."""


class GatewayConfig(Section):
    """One gateway. Relative paths are taken from the file's folder."""

    site: Path = Path("site.toml")
    state_dir: Path = Path("state")
    """Journal, fold state, quarantine, keys and the journal's id; nobody else may read it."""
    fan_changes_file: Path | None = None
    """Where what becomes of the ids of fans is written; in `state_dir` if not stated."""
    fan_profile_file: Path | None = None
    """What the profiles of fans are made of (`gateway.fans.profile_settings`): read by who shows them, not by the gateway."""
    stay_points: bool = False
    """Whether to store the periodic `stay` rows of presence as well."""
    evidence: Evidence = Evidence()
    brand_secret: SecretStr | None = None
    brand_secret_file: Path | None = None
    """Where long-lived pseudonyms come from (HKDF); without it plain events with identifiers cannot be taken."""
    brand_secret_before_file: Path | None = None
    """The brand's secret before it was changed: what agents sealed until then is opened with it. Subjects come from the new one."""
    broker: GatewayBroker = GatewayBroker()
    sink: AnySink = DEFAULT_SINK
    profiles: ProfileSettings = ProfileSettings()
    http: Http = Http()
    serve: Serve = Serve()
    journal: JournalLimits = JournalLimits()
    outbox: OutboxLimits = OutboxLimits()
    quarantine: QuarantineLimits = QuarantineLimits()
    status: NoticeSettings = NoticeSettings()

    @model_validator(mode="after")
    def _has_a_port_for_each(self) -> Self:
        """Raise ValueError if two listeners of this file have one port; 0 takes any free one."""
        ports = [("http.port", self.http.port)]
        if self.broker.embedded:
            ports += [("broker.port", self.broker.port), ("broker.port + 1, its listener for MQTT 3.1.1", self.broker.port + 1)]
        if self.broker.embedded and self.serve.enabled:
            ports.append(("serve.port", self.serve.port))
        first: dict[int, str] = {}
        for key, port in ports:
            if port and first.setdefault(port, key) != key:
                raise ValueError(f"{first[port]} and {key} are both {port}: give one of them another port")
        return self

    @property
    def page_url(self) -> str:
        """Return where the live page is, "" if no child serves it or on any free port."""
        is_child = self.broker.embedded and self.serve.enabled and self.serve.port
        return f"{http_url(self.serve.host, self.serve.port)}/" if is_child else ""

    @property
    def fan_changes_path(self) -> Path:
        return self.fan_changes_file or self.state_dir / "fan-changes.jsonl"

    @property
    def quarantine_path(self) -> Path:
        return self.state_dir / "quarantine.db"


def load_gateway(path: Path, environment: Mapping[str, str] = os.environ) -> GatewayConfig:
    """Return the checked configuration, its paths absolute; ConfigError names file, key and what is wrong."""
    config = load(path, GatewayConfig, PREFIX, environment)
    _refuse_written_secrets(path, config)
    return config


def load_site(path: Path, environment: Mapping[str, str] = os.environ) -> Site:
    """Return the checked estate; ConfigError names file, key and what is wrong."""
    return load(path, Site, SITE_PREFIX, environment)


def _refuse_written_secrets(path: Path, config: GatewayConfig) -> None:
    """ConfigError if a secret stands in the file: it may come from the environment, or from a file of its own."""
    values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    for *sections, key in _secret_keys(config):
        table = values
        for section in sections:
            table = table.get(section, {})
        if key in table:
            where = ".".join((*sections, key))
            variable = "__".join((PREFIX, *sections, key)).upper()
            raise ConfigError(f"{path}: {where}: a secret does not belong in this file: use `{key}_file`, or the variable {variable}")


def _secret_keys(section: Section, *above: str) -> Iterator[tuple[str, ...]]:
    """Yield the path of each key that holds a secret, in this section and those below."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _secret_keys(value, *above, name)
        elif SecretStr in get_args(field.annotation):
            yield (*above, name)
