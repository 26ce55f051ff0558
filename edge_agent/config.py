"""`agent.toml`; deploy/examples/agent.toml explains every key. Environment overrides: `FOOTFALL_AGENT__BROKER__HOST=…`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from device_profiles.ble_keys import keyed, read_ble_keys
from device_profiles.registry import Registry
from device_profiles.settings import ProfileSettings
from edge_agent.levels import ReceiverLimits, ZoneRule
from edge_agent.sources.kinds import AnySource
from edge_agent.sources.source import ObservationTask
from footfall.addresses import is_loopback
from footfall.broker import Broker, Port
from footfall.config import Section
from footfall.events import Name
from footfall.server_settings import Host

ENVIRONMENT: Final = "FOOTFALL_AGENT"


class SpoolSettings(Section):
    """Where frames wait for their receipts. Receipted frames are kept for `keep_h` more, space permitting."""

    path: Path
    max_bytes: Annotated[int, Field(ge=1_000_000)] = 2_000_000_000
    keep_h: Annotated[float, Field(ge=0)] = 72.0
    max_age_d: Annotated[float, Field(gt=0)] = 30.0
    keep_free_bytes: Annotated[int, Field(ge=0)] | None = None
    """Bytes left free on the disk; None: 64 MiB, or a twentieth of the disk if that is less."""


class KeySettings(Section):
    """`file`: the long-lived keys of the identifier types that this box reads. For the other files see device_profiles/ble_keys.py."""

    file: Path | None = None
    irks_file: Path | None = None
    """Identity resolving keys of phones whose owners gave them."""
    bind_keys_file: Path | None = None
    """Keys of encrypted beacons."""
    gateway_file: Path | None = None
    """The gateway's public key, to which identifiers in plain events are sealed; without it the one in the gateway's receipts."""


class IntakeSettings(Section):
    """Plain events by HTTP, for tills that must not depend on a broker. With `secret_file` requests need `Authorization: Bearer …`."""

    host: Host = "127.0.0.1"
    port: Port = 8781
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _is_guarded(self) -> IntakeSettings:
        if self.secret_file is None and not is_loopback(self.host):
            raise ValueError(f"secret_file: is needed where others than this machine can send events, on {self.host}")
        return self


class StatusSettings(Section):
    """How long something must be wrong before health reports it, for `footfall status`."""

    notice_s: Annotated[float, Field(gt=0, le=3600)] = 60.0


class AgentSettings(Section):
    """One agent."""

    store: Name
    agent: Name
    spool: SpoolSettings
    broker: Broker = Broker()
    """The client id is the agent's name."""
    keys: KeySettings = KeySettings()
    profiles: ProfileSettings = ProfileSettings()
    intake: IntakeSettings | None = None
    status: StatusSettings = StatusSettings()
    sources: tuple[AnySource, ...] = ()
    zone_rules: dict[Name, ZoneRule] = Field(default_factory=dict)
    """How the level of a zone follows from those of its receivers: `strongest` (default) or `mean_power`."""

    @property
    def zones(self) -> dict[str, str]:
        """Return the zone of each receiver of all sources."""
        return {name: receiver.zone for source in self.sources for name, receiver in source.receivers.items()}

    @property
    def receiver_limits(self) -> dict[str, ReceiverLimits]:
        """Return what is set for each receiver of all sources."""
        return {name: receiver.limits for source in self.sources for name, receiver in source.receivers.items()}

    @property
    def tasks(self) -> dict[str, ObservationTask]:
        """Return what each source observes for, by its name."""
        return {source.name: source.task for source in self.sources}

    def registry(self) -> Registry:
        """Return the profiles, with the keys that BLE devices need.

        Raise ConfigError, which names the file and what is wrong in it, never a key.
        """
        irks, bind_keys = (read_ble_keys(path) if path else {} for path in (self.keys.irks_file, self.keys.bind_keys_file))
        return keyed(self.profiles.registry(), irks, bind_keys)

    @model_validator(mode="after")
    def _unique(self) -> AgentSettings:
        names = [source.name for source in self.sources]
        receivers = [receiver for source in self.sources for receiver in source.receivers]
        for what, values in (("source", names), ("receiver", receivers)):
            for value in values:
                if values.count(value) > 1:
                    raise ValueError(f"{what} {value!r} is listed twice")
        return self

    @model_validator(mode="after")
    def _rules_of_own_zones(self) -> AgentSettings:
        zones = sorted(set(self.zones.values()))
        for zone in self.zone_rules:
            if zone not in zones:
                raise ValueError(f"zone_rules.{zone}: no receiver here hears that zone; heard are {', '.join(zones) or 'none'}")
        return self
