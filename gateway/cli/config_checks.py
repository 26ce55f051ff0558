"""What `footfall config check` looks at around gateway.toml and site.toml."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from device_profiles.config_command import Contents, Inspector, endings, few, profiles_text, unreadable, wrong_certificates, wrong_profiles
from footfall.addresses import http_url
from footfall.config import load, secret
from footfall.errors import ConfigError
from gateway.config import SITE_PREFIX, GatewayConfig, load_gateway, load_site
from gateway.fans.profile_settings import load_profile
from gateway.mqtt.own_certificate import of_an_agent
from gateway.mqtt.probe import refusal
from gateway.site import Site
from gateway.site.beacons import own_beacons
from gateway.site.calibration_checks import calibration_faults
from gateway.site.questionable import alike_areas, reentries_too_late
from gateway.site.recorded import read_site, record_site
from gateway.site.unheard import unheard_zones, zones_without_level

_TIMEOUT_S: Final = 3.0


def _gateway(file: Path) -> Contents:
    config = load_gateway(file)
    broker, sink = config.broker, config.sink
    how = "embedded" if broker.embedded else f"MQTT {broker.protocol}{', TLS' if broker.tls else ''}"
    yield "site", str(config.site)
    yield "state", str(config.state_dir)
    yield "broker", f"{broker.host}:{broker.port}, {how}, as {broker.client_id}"
    yield "sink", sink.title
    yield "http", http_url(config.http.host, config.http.port)
    yield "profiles", profiles_text(config.profiles)
    yield "journal", f"{config.journal.keep_days:g} days, at most {config.journal.max_bytes >> 20:,} MiB"
    yield "identifiers", "pseudonymised" if _has_brand_secret(config) else "no brand_secret_file: plain events with identifiers are refused"
    yield from endings(config)


def _has_brand_secret(config: GatewayConfig) -> bool:
    return config.brand_secret is not None or config.brand_secret_file is not None


def _site(file: Path) -> Contents:
    site = load_site(file)
    read_site(record_site(site))  # as a start does
    stores = site.stores
    yield "brand", site.brand
    yield "stores", f"{len(stores):,} ({few([store.name for store in stores])})"
    yield "zones", f"{sum(len(store.zones) for store in stores):,}"
    if unheard := [f"{store.name}/{zone}" for store in stores for zone in unheard_zones(store)]:
        yield "not heard", f"{few(unheard)}: no receiver that site.toml lists hears these zones, and no area is one; nobody will be there"
    if open_zones := zones_without_level(site):
        yield "passers-by", f"{few(open_zones)}: no entrance_dbm, but another zone of the store has one: whoever is heard there is inside"
    if alike := alike_areas(site):
        yield "areas", f"{few(alike)}: the same level_dbm, so nothing tells them apart"
    if late := reentries_too_late(site):
        yield "reentry_s", f"{few(late)}: above idle_timeout_s, so a visit is over before anybody comes in again"
    yield "doors", f"{sum(len(store.doors) for store in stores):,}"
    agents = list(dict.fromkeys(agent.name for _, agent in site.agents()))
    yield "agents", f"{len(agents):,} ({few(agents)})"
    yield "staff", f"{len(site.staff):,}, {len(site.assets):,} assets"
    if own := own_beacons(site):
        yield "beacons", f"{len(own):,} UUIDs are the brand's; others are neighbours'"
    if entries := site.identifier_types:
        yield "identifiers", f"types of the brand's own: {few([entry.type for entry in entries])}; all others as shipped"


def _around_gateway(file: Path, online: bool) -> Iterator[str]:
    config = load_gateway(file)
    yield from _files(config)
    yield from _secrets(config)
    yield from _folders(config)
    yield from wrong_certificates(config)
    yield from _of_an_agent(config)
    yield from wrong_profiles(config.profiles)
    yield from _calibrations(config)
    if online:
        yield from _broker_answers(config)
    yield from config.sink.check(online)


def _files(config: GatewayConfig) -> Iterator[str]:
    try:
        load(config.site, Site, SITE_PREFIX)
    except ConfigError as error:
        yield from (f"site: {line}" for line in str(error).splitlines())
    try:
        load_profile(config.fan_profile_file)
    except ConfigError as error:
        yield from (f"fan_profile_file: {line}" for line in str(error).splitlines())
    if config.broker.tls:
        yield from unreadable(config.broker.tls, "broker.tls.")
    yield from unreadable(config.serve, "serve.")


def _calibrations(config: GatewayConfig) -> Iterator[str]:
    """Those that do nothing, or were made for other receivers; what cannot be read is reported elsewhere."""
    try:
        site, profiles = load_site(config.site), config.profiles.registry()
    except ConfigError:
        return
    yield from (f"site: {fault.what}" for fault in calibration_faults(site, profiles))


def _of_an_agent(config: GatewayConfig) -> Iterator[str]:
    try:
        agents = [agent.name for _, agent in load_site(config.site).agents()]
    except ConfigError:
        return
    yield from (f"broker.tls: {why}" for why in [of_an_agent(config.broker.tls, agents)] if why)


def _secrets(config: GatewayConfig) -> Iterator[str]:
    wanted = [("brand_secret_file", config.brand_secret, config.brand_secret_file)]
    wanted.append(("brand_secret_before_file", None, config.brand_secret_before_file))
    wanted.append(("broker.password_file", config.broker.password, config.broker.password_file))
    for key, value, path in wanted:
        try:
            secret(value, path)
        except ConfigError as error:
            yield f"{key}: {error}"


def _folders(config: GatewayConfig) -> Iterator[str]:
    existing = next(path for path in (config.state_dir, *config.state_dir.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield f"state_dir: {existing} is not a folder that this user may write to"


def _broker_answers(config: GatewayConfig) -> Iterator[str]:
    broker = config.broker
    if not broker.embedded:
        logging.getLogger("footfall").addHandler(logging.NullHandler())  # what it logs is reported here
        try:
            why = refusal(broker, _TIMEOUT_S)
        except (OSError, ConfigError) as error:  # a certificate or a secret that cannot be read
            why = str(error)
        if why:
            yield f"broker: {why}"


GATEWAY: Final = Inspector(_gateway, _around_gateway)
SITE: Final = Inspector(_site, lambda file, online: iter(()))
"""Entry points of the group `footfall.config_inspectors`."""
