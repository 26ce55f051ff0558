"""agent.toml: the example that is shipped is right, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import ENVIRONMENT, AgentSettings
from edge_agent.levels import ReceiverLimits
from footfall.config import load
from footfall.errors import ConfigError

EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "agent.toml"


def read(path: Path, text: str, **environment: str) -> AgentSettings:
    path.write_text(text)
    return load(path, AgentSettings, ENVIRONMENT, environment)


MINIMAL = 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.sqlite"\n'
PLAY = '[[sources]]\nkind = "simulated"\nname = "play"\npath = "x.jsonl"\nreceivers = { r1 = "hall" }\n'


def test_the_shipped_example_is_right() -> None:
    settings = load(EXAMPLE, AgentSettings, ENVIRONMENT, {})
    assert settings.zones
    assert settings.intake is not None


def test_defaults_and_environment(tmp_path: Path) -> None:
    settings = read(tmp_path / "agent.toml", MINIMAL, FOOTFALL_AGENT__BROKER__PORT="1999", FOOTFALL_AGENT__BROKER__PROTOCOL="3.1.1")
    assert (settings.broker.port, settings.broker.protocol) == (1999, "3.1.1")
    assert settings.intake is None
    assert settings.sources == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL.replace("a1", "A 1"), "agent: String should match pattern"),
        (MINIMAL + "size = 3\n", "spool.size: there is no such key. Allowed are keep_free_bytes, keep_h"),
        (MINIMAL + PLAY + PLAY, "source 'play' is listed twice"),
        (MINIMAL + PLAY + PLAY.replace("play", "other"), "receiver 'r1' is listed twice"),
        (MINIMAL + PLAY.replace("simulated", "magic"), "sources.0.kind: must be one of .*'replay', 'simulated'"),
        ("zone_rules = { hall = 'loudest' }\n" + MINIMAL + PLAY, "zone_rules.hall: Input should be 'strongest' or 'mean_power'"),
        ("zone_rules = { hal = 'strongest' }\n" + MINIMAL + PLAY, "zone_rules.hal: no receiver here hears that zone; heard are hall"),
        (MINIMAL + PLAY.replace('"hall"', '{ zon = "hall" }'), "receivers.r1.zon: there is no such key; did you mean `zone`"),
        (MINIMAL + PLAY.replace('"hall"', '{ zone = "hall", offset_db = 90 }'), "receivers.r1.offset_db: Input should be less"),
        (MINIMAL + PLAY.replace('"hall"', "7"), "receivers.r1"),
        (MINIMAL + PLAY + "speed = 0\n", "sources.0.speed: Input should be greater"),
        (MINIMAL + '[intake]\nhost = "0.0.0.0"\n', "intake: secret_file: is needed where others than this machine can send events"),
        (MINIMAL + '[intake]\nhost = "::"\n', "intake: secret_file: is needed"),
        (MINIMAL + '[intake]\nhost = "till.example.com"\n', "intake: secret_file: is needed"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path / "agent.toml", text)


@pytest.mark.parametrize("intake", ['host = "127.0.0.1"', 'host = "::1"', 'host = "localhost"', 'host = "0.0.0.0"\nsecret_file = "secret"'])
def test_an_intake_that_others_reach_has_a_secret(tmp_path: Path, intake: str) -> None:
    assert read(tmp_path / "agent.toml", f"{MINIMAL}[intake]\n{intake}\n").intake is not None


def test_a_receiver_is_the_name_of_its_zone_or_a_table(tmp_path: Path) -> None:
    table = '{ r1 = "hall", r2 = { zone = "hall", offset_db = -3, min_dbm = -80 } }'
    settings = read(tmp_path / "agent.toml", 'zone_rules = { hall = "mean_power" }\n' + MINIMAL + PLAY.replace('{ r1 = "hall" }', table))
    assert settings.zones == {"r1": "hall", "r2": "hall"}
    assert settings.receiver_limits == {"r1": ReceiverLimits(), "r2": ReceiverLimits(-3.0, -80.0)}
    assert settings.zone_rules == {"hall": "mean_power"}
    assert AgentSettings.model_validate(settings.model_dump()) == settings


def test_an_agent_knows_the_users_own_profiles_and_does_not_start_with_a_wrong_one(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = tmp_path / "own" / "hall.toml"
    own.write_text('name = "hall"\ntitle = "Ours"\nidentifier_type = "none"\nidentifier_class = "nobody"\n')
    settings = read(tmp_path / "agent.toml", MINIMAL + '[profiles]\nfolder = "own"\n')
    assert settings.registry()["hall"].title == "Ours"
    own.write_text("")
    with pytest.raises(ConfigError, match=r"hall\.toml: name: Field required"):
        EdgeAgent(settings, SystemClock())
