"""The files of a simulated estate: everything that a gateway and its agents need to run, and the truth to judge them by."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge_agent.keys import write_keys
from edge_agent.sources.recording import format_line
from footfall.config import Section
from gateway.config import load_gateway
from gateway.site import Site, Staff
from simulators.feed import id_types
from simulators.files import toml_text
from simulators.links_file import write_links
from simulators.people import Crowd, staff_badge, staff_id
from simulators.plan import Plan, shop, site
from simulators.scenes import scene
from simulators.troubles import with_troubles
from simulators.truth import Link, Record, truth_of, write_truth
from simulators.world import DEFAULT_START_NS, World

BRAND: Final = "simulated"
MQTT_PORT: Final = 1883
HTTP_PORT: Final = 8080
SERVE_PORT: Final = 8090


@dataclass(frozen=True, slots=True)
class Settings:
    """What to simulate: `stores` stores for `hours`."""

    seed: int = 7
    hours: float = 8.0
    stores: int = 1
    start_ns: int = DEFAULT_START_NS
    timezone: str = "Asia/Shanghai"
    crowd: Crowd = field(default_factory=Crowd)
    layout: Callable[[str, str], Plan] = shop
    """Makes the floor plan of a store from its name and time zone."""
    scene: str = ""
    """A named scene instead of all above but the seed."""
    troubles: Mapping[str, float] = field(default_factory=dict)
    """Rates of what makes the stores hard, by name."""


def worlds(settings: Settings) -> list[World]:
    """Return the stores; ConfigError for a scene or trouble that does not exist."""
    estate = [scene(settings.scene, settings.seed)] if settings.scene else _stores(settings)
    return [with_troubles(world, settings.troubles) for world in estate]


def _stores(settings: Settings) -> list[World]:
    return [
        World(
            settings.seed,
            settings.hours,
            number,
            settings.start_ns,
            settings.layout(f"store-{number}", settings.timezone),
            settings.crowd,
        )
        for number in range(settings.stores)
    ]


def brand_secret(seed: int) -> bytes:
    """The secret of the simulated brand: reproducible, so good for nothing else."""
    return hashlib.sha256(f"simulated brand {seed}".encode()).hexdigest().encode()


def site_of(estate: Sequence[World]) -> Site:
    staff = [
        Staff(staff_id=staff_id(w.store, n), department="sales", identifiers=(f"ibeacon:{staff_badge(w.store, n)}",))
        for w in estate
        for n in range(w.crowd.staff)
    ]
    return site(BRAND, [world.plan for world in estate], staff)


def section_text(section: Section) -> str:
    """A checked configuration as the TOML that reads back to it; what is as by default is left out."""
    return toml_text(section.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True))


def write_configs(folder: Path, settings: Settings, sink: Mapping[str, Any] | None = None, **gateway: Any) -> None:
    """site.toml, gateway.toml, brand.secret, links.csv, truth.jsonl and the agents' keys.toml; `gateway` adds keys to gateway.toml."""
    estate = worlds(settings)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.toml").write_text(section_text(site_of(estate)), encoding="utf-8")
    secret = folder / "brand.secret"
    secret.write_bytes(brand_secret(settings.seed) + b"\n")
    secret.chmod(0o600)
    keys = folder / "keys.toml"
    keys.write_text(write_keys(brand_secret(settings.seed), id_types(estate[0])), encoding="utf-8")
    keys.chmod(0o600)
    config = {
        "brand_secret_file": secret.name,
        "broker": {"embedded": True, "port": MQTT_PORT},
        "http": {"port": HTTP_PORT},
        "serve": {"port": SERVE_PORT},
        "sink": dict(sink or {"kind": "sqlite", "path": "footfall.db"}),
        **gateway,
    }
    (folder / "gateway.toml").write_text(toml_text(config), encoding="utf-8")
    load_gateway(folder / "gateway.toml", {})
    write_known(folder, [record for world in estate for record in truth_of(world)])


def write_known(folder: Path, records: Sequence[Record]) -> None:
    """truth.jsonl, and links.csv: what the brand knows of it."""
    write_truth(folder / "truth.jsonl", records)
    write_links(folder / "links.csv", (record for record in records if isinstance(record, Link)))


def write_agent(folder: Path, world: World, agent: str, source: Mapping[str, Any], broker: Mapping[str, Any], **more: Any) -> Path:
    """`{agent}.toml` for an agent that plays the recording that `source` names; `more` replaces or adds sections."""
    receivers = world.plan.receivers_of(agent)
    config = {
        "store": world.plan.store,
        "agent": agent,
        "spool": {"path": f"{agent}.spool.db"},
        "keys": {"file": "keys.toml"},
        "broker": dict(broker),
        "sources": [{"name": "simulated", "kind": "simulated", "receivers": receivers, **source}],
        **more,
    }
    path = folder / f"{agent}.toml"
    path.write_text(toml_text(config), encoding="utf-8")
    return path


def write_recording(path: Path, world: World, agent: str, from_ns: int = 0, on_share: Callable[[float], None] = lambda share: None) -> int:
    """Write what the agent's devices send, in the format of edge_agent/sources/recording.py, gzipped. Return the number of lines.

    The same world gives the same bytes: no time and no name goes into the gzip header.
    """
    count = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed, io.TextIOWrapper(packed, "utf-8") as file:
        for heard in world.heard(agent, from_ns):
            file.write(format_line(heard))
            count += 1
            if count % 10_000 == 0:
                on_share(heard.t_boot_ns / world.length_ns)
    on_share(1.0)
    return count


def write_sales(path: Path, world: World) -> int:
    """The till's plain events, one a line, as an agent's intake or the topic `events` takes them."""
    sales = list(world.purchases())
    lines = (json.dumps(sale.event(world.start_ns + sale.t_ns), separators=(",", ":")) + "\n" for sale in sales)
    path.write_text("".join(lines), encoding="utf-8")
    return len(sales)
