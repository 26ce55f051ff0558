"""`footfall agent --check`: what keeps an agent out is reported before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from edge_agent.command import agent, replay
from edge_agent.playback import Recording
from footfall.errors import ConfigError
from tests.unit.footfall.test_certificates import issue

FILE = """
store = "s1"
agent = "{name}"
[spool]
path = "spool.db"
[broker.tls]
ca_file = "own.crt"
cert_file = "own.crt"
key_file = "{key}.key"
"""


SOURCE = """
[[sources]]
kind = "mqtt_vendor"
name = "vendor"
topics = ["x/#"]
door = "d1"
receivers = { r1 = "hall" }
[sources.broker.tls]
ca_file = "vendor.crt"
"""
SITE = """
brand = "acme"
[[stores]]
name = "s1"
zones = [{ name = "ball" }]
doors = ["d1"]
agents = [{ name = "a1" }]
"""


@pytest.mark.parametrize("missing", ["own.crt", "own.key", "vendor.crt"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, missing: str) -> None:
    issue(tmp_path, "a1")
    (tmp_path / "vendor.crt").write_bytes((tmp_path / "own.crt").read_bytes())
    (tmp_path / "agent.toml").write_text(FILE.format(name="a1", key="own") + SOURCE)
    agent(tmp_path / "agent.toml", check_only=True)
    (tmp_path / missing).unlink()
    with pytest.raises(ConfigError, match=rf"{tmp_path / missing} cannot be read"):
        agent(tmp_path / "agent.toml", check_only=True)


def test_a_zone_that_the_site_lacks_is_named(tmp_path: Path) -> None:
    issue(tmp_path, "a1")
    (tmp_path / "vendor.crt").write_bytes((tmp_path / "own.crt").read_bytes())
    (tmp_path / "agent.toml").write_text(FILE.format(name="a1", key="own") + SOURCE)
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("ball", "hall"))
    agent(tmp_path / "agent.toml", check_only=True, site=site)
    site.write_text(SITE)
    with pytest.raises(ConfigError, match=r"receivers\.r1: store 's1' of site\.toml has no zone 'hall': did you mean 'ball'"):
        agent(tmp_path / "agent.toml", check_only=True, site=site)


def replayed(folder: Path, rows: str, capsys: pytest.CaptureFixture[str], **more: bool) -> tuple[int, str]:
    """Return how a dry run of counts ends, and what it prints."""
    (folder / "columns.toml").write_text('[time]\ncolumn = "at"\nformat = "%m/%d/%Y %H:%M"\nzone = "UTC"\n[counts]\nin = "in"\n')
    (folder / "a.csv").write_text("at,in\n" + rows)
    code = 0
    try:
        replay([folder / "a.csv"], store="s1", agent_name="a1", mapping=folder / "columns.toml", start="2021-01-01", dry_run=True, **more)
    except typer.Exit as end:
        code = end.exit_code
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_a_dry_run_shows_what_it_would_send_and_ends_with_1_where_lines_were_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = replayed(tmp_path, "01/02/2025 10:00,7\n", capsys)
    assert code == 0
    assert "dry run, nothing was sent" in text
    assert "door main: 1 count, 7 people in, 0 out" in text
    code, text = replayed(tmp_path, "01/02/2025 10:00,7\n01/03/2025 10:00,x\n", capsys)
    assert code == 1
    assert "1 refused line, look at counts:\n  a.csv:3: '01/03/2025 10:00,x': 'x' is no number" in text
    assert "more was refused" not in text
    code, text = replayed(tmp_path, "01/02/2025 10:00,7\n13/02/2025 10:00,7\n14/02/2025 10:00,7\n", capsys)
    assert code == 1
    assert "2 refused lines, look at time.format:" in text
    assert "Days and months may have changed places" in text
    assert "2 of 3 lines cannot be read, so the others may be misread: nothing is sent" in text
    assert "--partly" not in replayed(tmp_path, "01/02/2025 10:00,7\n13/02/2025 10:00,7\n14/02/2025 10:00,7\n", capsys, partly=True)[1]


def dry_run_of_sightings(folder: Path, more: str = "") -> None:
    (folder / "columns.toml").write_text(
        f'receiver = "gw"\nlevel = "rssi"\n{more}[time]\ncolumn = "at"\nunit_s = 1\n'
        '[identifier]\ncolumn = "tag"\n[receivers]\nr1 = "hall"\n'
    )
    (folder / "a.csv").write_text("at,gw,tag,rssi\n" + "".join(f"{1_700_000_000 + n},{'r2' if n % 3 else 'r1'},t,-60\n" for n in range(9)))
    replay([folder / "a.csv"], store="s1", agent_name="a1", mapping=folder / "columns.toml", start="2021-01-01", dry_run=True)


def test_sightings_of_receivers_that_the_mapping_lacks_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dry_run_of_sightings(tmp_path)
    assert "6 sightings are left out, of receivers that the mapping has no zone for: r2" in capsys.readouterr().err


def test_a_profile_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no profile 'ibaecon': did you mean 'ibeacon'"):
        dry_run_of_sightings(tmp_path, 'profile = "ibaecon"\n')


@pytest.mark.parametrize(
    ("rows", "wrong", "is_sent"), [(3, 1, True), (3, 2, True), (40, 2, True), (40, 3, False), (60, 3, True), (1, 2, False)]
)
def test_a_file_of_which_too_many_lines_cannot_be_read_is_sent_only_if_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, wrong: int, is_sent: bool
) -> None:
    """Of a date format that fits the first days of each month, nothing is sent half."""
    sent: list[Recording] = []
    monkeypatch.setattr("edge_agent.command.deliver", lambda recording, *_: sent.append(recording) or 0)
    text = "".join(f"01/02/2025 {n // 60:02d}:{n % 60:02d},7\n" for n in range(rows)) + "13/02/2025 10:00,7\n" * wrong
    columns = tmp_path / "columns.toml"
    columns.write_text('[time]\ncolumn = "at"\nformat = "%m/%d/%Y %H:%M"\nzone = "UTC"\n[counts]\nin = "in"\n')
    (tmp_path / "a.csv").write_text("at,in\n" + text)

    def send(partly: bool) -> None:
        replay([tmp_path / "a.csv"], store="s1", agent_name="a1", mapping=columns, start="2021-01-01", partly=partly)

    with pytest.raises((typer.Exit, ConfigError)) as ended:
        send(partly=False)
    why = "" if is_sent else f"{wrong} of {rows + wrong} lines cannot be read"
    assert str(ended.value).startswith(why)
    assert ("look at time.format" in str(ended.value)) != is_sent
    assert bool(sent) == is_sent
    with pytest.raises(typer.Exit):
        send(partly=True)
    assert sent[-1].refused == wrong


def check(folder: Path, name: str, key: str) -> None:
    (folder / "agent.toml").write_text(FILE.format(name=name, key=key))
    agent(folder / "agent.toml", check_only=True)


def test_a_key_that_does_not_fit_and_a_name_that_is_another_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issue(tmp_path, "a1", "other")
    issue(tmp_path, "a1")
    check(tmp_path, "a1", "own")
    assert "fine" in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"broker.tls: .*this key does not fit the certificate"):
        check(tmp_path, "a1", "other")
    with pytest.raises(ConfigError, match=r"names 'a1', not 'a2'"):
        check(tmp_path, "a2", "own")
