"""docs/operating.md and deploy/ show what the code does: every key with its default, every alarm, every metric, every example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from edge_agent.config import AgentSettings
from footfall.broker import Broker
from footfall.config import load
from gateway.config import GatewayConfig, load_gateway, load_site
from gateway.fans.profile_settings import FanProfileSettings
from gateway.http.status import ALARMS
from gateway.pipeline.service import Gateway
from gateway.site import Site
from serve.app import Pages
from serve.broker_client import BrokerClient
from serve.config import ServeConfig, load_serve
from serve.live import LiveReaders
from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "deploy" / "examples"
METRIC = re.compile(r"\bfootfall_[a-z_]+")
FROM_THE_ENVIRONMENT = {"brand_secret", "broker.password", "sink.token"}


def chapter(title: str) -> str:
    return re.split(r"\n## |\n### ", TEXT.partition(f"# {title}\n")[2])[0]


def keys(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
    """Every key as documents spell it, with its default as they spell it."""
    for name, info in model.model_fields.items():
        inner = [kind for kind in _kinds(info.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        is_list = "tuple" in str(info.annotation)
        here = f"{path}{info.alias or name}{'[]' if is_list else ''}"
        if inner and name != "sources":
            for kind in inner:
                yield from keys(kind, f"{here}.")
        else:
            yield here, _spelled(info.default if info.default_factory is None else info.default_factory())  # type: ignore[call-arg] # none takes one


def _kinds(annotation: Any) -> list[Any]:
    return [annotation, *(kind for argument in get_args(annotation) for kind in _kinds(argument))]


def _spelled(default: Any) -> str:
    if default is PydanticUndefined or default is None or default in ("", ()):
        return ""
    if isinstance(default, bool | dict | tuple):
        return json.dumps(default)
    return default.isoformat() if isinstance(default, time) else str(default)


def table(title: str) -> dict[str, str]:
    """Key to default, of a chapter's table; a row may have several of each."""
    found: dict[str, str] = {}
    for row in re.findall(r"^\| (`.*?) \| (.*?) ?\| ", chapter(title).partition("\n#### ")[0], re.MULTILINE):
        names = re.findall(r"`([^`]+)`", row[0])
        defaults = [part.strip(" `") for part in row[1].split(", ")] if row[1] else []
        found |= dict(zip(names, defaults + [""] * (len(names) - len(defaults)), strict=True))
    return found


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("gateway.toml", GatewayConfig),
        ("fan_profile.toml", FanProfileSettings),
        ("site.toml", Site),
        ("serve.toml", ServeConfig),
        ("agent.toml", AgentSettings),
    ],
)
def test_every_key_is_listed_with_its_default(title: str, model: type[BaseModel]) -> None:
    expected: dict[str, str] = {}
    for name, default in keys(model):
        if name not in FROM_THE_ENVIRONMENT:
            expected[name] = expected.get(name) or default
    assert table(title) == expected


def test_every_alarm_is_explained() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([a-z, ]+) \| ", chapter("Alarms"), re.MULTILINE))
    assert rows == {
        code: f"broken, {alarm.scope}" if alarm.level == "broken" else "warning" for code, alarm in ALARMS.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "site.toml").write_bytes((EXAMPLES / "site.toml").read_bytes())
    (folder / "gateway.toml").write_text("[http]\nport = 0\n")
    gateway = Gateway(load_gateway(folder / "gateway.toml", {}))
    names = set(gateway.registry.names())
    gateway.close()
    return names


def test_every_metric_is_listed_and_no_other(metrics: set[str]) -> None:
    assert set(METRIC.findall(chapter("Metrics"))) == metrics


def test_every_metric_of_serve_is_listed_and_no_other() -> None:
    pages = Pages(ServeConfig(), LiveReaders(1), BrokerClient(Broker(), lambda payload: None))
    rows = chapter("The live page").partition("| metric of `footfall serve` |")[2]
    assert set(METRIC.findall(rows)) == set(pages.registry.names())


@pytest.mark.parametrize("path", [EXAMPLES / "serve.toml", ROOT / "deploy/compose/serve.toml"], ids=lambda path: path.parent.stem)
def test_examples_of_serve_are_right(path: Path) -> None:
    assert load_serve(path, {}).gateway.name == "gateway.toml"


def test_the_gateways_dashboard_asks_for_metrics_that_are(metrics: set[str]) -> None:
    board = json.loads((ROOT / "deploy/grafana/dashboards/gateway.json").read_text(encoding="utf-8"))
    asked = {name for panel in board["panels"] for target in panel["targets"] for name in METRIC.findall(target["expr"])}
    assert len(asked) > 10
    assert asked <= metrics


@pytest.mark.parametrize("path", [*EXAMPLES.glob("gateway*.toml"), ROOT / "deploy/compose/gateway.toml"], ids=lambda path: path.stem)
def test_examples_of_gateways_are_right(path: Path) -> None:
    assert load_gateway(path, {}).site.name == "site.toml"


def test_the_example_of_a_site_is_right() -> None:
    assert len(load_site(EXAMPLES / "site.toml", {}).stores) == 2


def test_the_example_of_an_agent_is_an_agent_of_the_example_of_a_site() -> None:
    agent = load(EXAMPLES / "agent.toml", AgentSettings, "FOOTFALL_AGENT", {})
    site = load_site(EXAMPLES / "site.toml", {})
    assert (agent.store, agent.agent) in {(store.name, listed.name) for store, listed in site.agents()}


@pytest.mark.parametrize("path", sorted((ROOT / "deploy/systemd").glob("*.service")), ids=lambda path: path.stem)
def test_units_start_commands_that_are(path: Path) -> None:
    started = re.findall(
        r"^ExecStart(?:Pre)?=/opt/footfall/bin/footfall (\w+)(?: check)? ?(?:--config )?/etc/footfall/(\w+)\.toml$", path.read_text(), re.M
    )
    assert started
    assert {command for command, _ in started} <= {"gateway", "agent", "serve", "config"}
