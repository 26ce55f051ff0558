from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from device_profiles.config_command import app, recognise
from edge_agent.command import agent
from footfall.errors import ConfigError
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import free_port
from tests.support.real_parts import REPOSITORY, Bucket, require_mosquitto

SITE = """
brand = "acme"
[[stores]]
name = "s1"
zones = [{name = "door"}]
doors = ["d1"]
agents = [{name = "a1", receivers = {r1 = "door"}}]
"""


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)], env={"COLUMNS": "200"})


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_what_is_right_is_shown(tmp_path: Path) -> None:
    gateway, site = write(tmp_path, "gateway.toml", "[http]\nport = 9000\n"), write(tmp_path, "site.toml", SITE)
    done = check(gateway, site)
    assert done.exit_code == 0, done.output
    for said in ("127.0.0.1:1883, MQTT 5", "http://127.0.0.1:9000", "SQLite", "acme", "1 (s1)", "1 (a1)", "✔ OK"):
        assert said in done.output


def test_no_credentials_of_urls_are_shown(tmp_path: Path) -> None:
    sink = '[sink]\nkind = "influxdb"\nurl = "http://anna:s3cret@127.0.0.1:9/"\nbucket = "b"\n'
    gateway, serve = (
        write(tmp_path, "gateway.toml", sink),
        write(tmp_path, "serve.toml", 'status_url = "http://bob:s3cret@h:1/x?t=s3cret"\n'),
    )
    write(tmp_path, "site.toml", SITE)
    for arguments in ((gateway, serve), (gateway, "--online")):
        output = check(*arguments).output
        assert "http://127.0.0.1:9" in output
        assert "s3cret" not in output


def test_files_that_editors_begin_with_a_mark_are_read(tmp_path: Path) -> None:
    write(tmp_path, "site.toml", "\ufeff" + SITE)
    assert check(write(tmp_path, "gateway.toml", "\ufeff[http]\nport = 9000\n"), tmp_path / "site.toml").exit_code == 0


def test_every_mistake_of_every_file_is_listed(tmp_path: Path) -> None:
    gateway = write(tmp_path, "gateway.toml", '[http]\nport = "x"\n[broker]\nport = 0\n')
    site = write(tmp_path, "site.toml", SITE.replace("a1", "A 1"))
    done = check(gateway, site, tmp_path / "none.toml")
    assert done.exit_code == 2
    for said in ("http.port", "broker.port", "stores.0.agents.0.name", "none.toml: there is no such file"):
        assert said in done.output


def test_what_a_gateway_points_to_is_checked(tmp_path: Path) -> None:
    write(tmp_path, "site.toml", SITE.replace('"d1"', '"d 1"'))
    (tmp_path / "state").write_text("in the way")
    gateway = write(tmp_path, "gateway.toml", (
        'brand_secret_file = "no-secret"\n[broker]\npassword_file = "no-password"\n[broker.tls]\nca_file = "no-ca"\n'
        '[sink]\nkind = "influxdb"\nurl = "http://127.0.0.1:9"\nbucket = "b"\ntoken_file = "no-token"\n'
    ))  # fmt: skip
    done = check(gateway)
    assert done.exit_code == 2
    for said in ("site: ", "brand_secret_file: ", "broker.password_file: ", "broker.tls.ca_file: ", "sink.token_file: ", "state_dir: "):
        assert said in done.output


def test_online_asks_broker_and_database(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    write(tmp_path, "site.toml", SITE)
    gateway = write(tmp_path, "gateway.toml", (
        f'[broker]\nport = {embedded_broker.port}\n[sink]\nkind = "influxdb"\nurl = "http://127.0.0.1:9"\nbucket = "b"\n'
    ))  # fmt: skip
    assert check(gateway).exit_code == 0
    done = check(gateway, "--online")
    assert done.exit_code == 2
    assert "sink: http://127.0.0.1:9 cannot be reached" in done.output
    assert "broker: " not in done.output


def test_online_logs_in_at_the_broker(tmp_path: Path) -> None:
    """A broker that answers may still let nobody in."""
    require_mosquitto()
    write(tmp_path, "site.toml", SITE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = check(write(tmp_path, "gateway.toml", f"[broker]\nport = {silent.getsockname()[1]}\n"), "--online")
    assert "no answer by MQTT in 3 s" in done.output
    broker = Mosquitto(tmp_path / "mosquitto")
    gateway = write(tmp_path, "gateway.toml", f"[broker]\nport = {broker.port}\n")
    assert "Connection refused" in check(gateway, "--online").output
    with broker:
        assert check(gateway, "--online").exit_code == 0
    config = tmp_path / "mosquitto" / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    with broker:
        done = check(gateway, "--online")
    assert done.exit_code == 2
    assert "broker: the broker refuses the connection: Not authorized" in " ".join(done.output.split())


def test_online_tries_token_and_bucket(tmp_path: Path, influxdb: Bucket, embedded_broker: EmbeddedBroker) -> None:
    """A database that answers may still take nothing from us."""
    write(tmp_path, "site.toml", SITE)
    write(tmp_path, "token", influxdb.token).chmod(0o600)
    for bucket, code in ((influxdb.name, 0), ("nowhere", 2)):
        gateway = write(tmp_path, "gateway.toml", (
            f'[broker]\nport = {embedded_broker.port}\n[sink]\nkind = "influxdb"\nurl = "{influxdb.url}"\nbucket = "{bucket}"\n'
            f'org = "{influxdb.server.org}"\ntoken_file = "token"\n'
        ))  # fmt: skip
        done = check(gateway, "--online")
        assert done.exit_code == code, done.output
        assert ("no bucket 'nowhere'" in done.output) == bool(code)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("gateway.toml", "", "gateway"),
        ("x.toml", SITE, "site"),
        ("x.toml", "[broker]\n[sink]\n", "gateway"),
        ("my-site.toml", "", "site"),
        ("x.toml", 'store = "s1"\nagent = "a1"\n', "agent"),
    ],
)
def test_the_kind_is_recognised_by_its_keys_else_by_its_name(tmp_path: Path, name: str, text: str, kind: str) -> None:
    assert recognise(write(tmp_path, name, text)) == kind


def test_an_agents_file_is_checked_by_the_agents_model(tmp_path: Path) -> None:
    agent = write(tmp_path, "agent.toml", 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n')
    done = check(agent)
    assert done.exit_code == 0, done.output
    assert str(tmp_path / "spool.db") in done.output
    done = check(write(tmp_path, "agent.toml", 'store = "S 1"\nagent = "a1"\n'))
    assert done.exit_code == 2
    assert "agent.toml: store: " in done.output
    assert "agent.toml: spool: Field required" in done.output


def test_files_that_an_agents_file_names_must_be_there(tmp_path: Path) -> None:
    text = 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n[keys]\nfile = "keys.toml"\n[intake]\nsecret_file = "secret"\n'
    text += '[[sources]]\nkind = "http_push"\nname = "c"\nport = 9\nsecret_file = "cameras"\n'
    done = check(write(tmp_path, "agent.toml", text))
    assert done.exit_code == 2
    for key, name in (("keys.file", "keys.toml"), ("intake.secret_file", "secret"), ("sources.0.secret_file", "cameras")):
        assert f"{key}: {tmp_path / name} cannot be read" in done.output
    for name, content in (("keys.toml", f'mac = "{"0" * 64}"'), ("secret", "x"), ("cameras", "x")):
        write(tmp_path, name, content)
    assert check(tmp_path / "agent.toml").exit_code == 0


@pytest.mark.parametrize(
    ("text", "content", "said"),
    [
        ('[intake]\nsecret_file = "it"\n', " \n", "intake.secret_file: {it}: the secret is empty"),
        ('[[sources]]\nkind = "http_push"\nname = "c"\nsecret_file = "it"\n', "", "sources.0.secret_file: {it}: the secret is empty"),
        ('[broker]\nusername = "a"\npassword_file = "it"\n', "\n", "broker.password_file: {it}: the secret is empty"),
        ('[keys]\ngateway_file = "it"\n', "junk", "keys.gateway_file: {it}: is no public key of a gateway"),
        ('[keys]\nfile = "it"\n', "junk", "keys.file: {it}: not TOML"),
        ('[keys]\nirks_file = "it"\n', 'anna = "12"', "keys.irks_file: {it}: anna: must be 32 hex digits"),
        ('[keys]\nbind_keys_file = "it"\n', "", "keys.bind_keys_file: {it}: the secret is empty"),
    ],
)
def test_a_file_with_which_an_agent_cannot_start_is_named_before_it_does(tmp_path: Path, text: str, content: str, said: str) -> None:
    file = write(tmp_path, "agent.toml", 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n' + text)
    said = said.format(it=write(tmp_path, "it", content))
    done = check(file)
    assert done.exit_code == 2
    assert said in done.output
    with pytest.raises(ConfigError, match=re.escape(said)):
        agent(file, check_only=True)


def test_a_pages_token_must_not_be_empty(tmp_path: Path) -> None:
    write(tmp_path, "site.toml", SITE)
    write(tmp_path, "it", "\n")
    for file, text in (("serve.toml", '[listen]\ntoken_file = "it"\n'), ("gateway.toml", '[serve]\ntoken_file = "it"\n')):
        done = check(write(tmp_path, file, text))
        assert done.exit_code == 2
        assert "token_file: " in done.output
        assert "the secret is empty" in done.output


def test_what_is_no_address_is_named_without_its_password(tmp_path: Path) -> None:
    write(tmp_path, "site.toml", SITE)
    sink = '[sink]\nkind = "influxdb"\nbucket = "b"\nurl = "{}"\n'
    for text, said in (
        (sink.format("admin:s3cr3tpw@db:8086"), "sink.url: "),
        (sink.format("http://admin:s3cr3tpw@db:badport"), "sink.url: what follows the host is no port"),
        ('[broker]\nhost = "admin:s3cr3tpw@127.0.0.1"\n', "broker.host: a host is a name or an address alone"),
    ):
        done = check(write(tmp_path, "gateway.toml", text))
        assert done.exit_code == 2
        assert said in done.output
        assert "s3cr3tpw" not in done.output


def test_what_is_of_no_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which file is it"):
        recognise(write(tmp_path, "x.toml", "[tool]\n"))
    with pytest.raises(ConfigError, match="not TOML"):
        recognise(write(tmp_path, "x.toml", "[tool"))


def test_without_names_the_files_here_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(check().exception, ConfigError)
    write(tmp_path, "site.toml", SITE)
    done = check()
    assert done.exit_code == 0
    assert "site.toml" in done.output


PROFILE = 'name = "{name}"\ntitle = "Ours"\nidentifier_type = "none"\nidentifier_class = "nobody"\n'


def test_own_profiles_are_listed_and_their_mistakes_listed(tmp_path: Path) -> None:
    write(tmp_path, "site.toml", SITE)
    gateway = write(tmp_path, "gateway.toml", '[profiles]\nfolder = "own"\n')
    agent = write(tmp_path, "agent.toml", 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n[profiles]\nfolder = "own"\n')
    (tmp_path / "own").mkdir()
    write(tmp_path / "own", "hall.toml", PROFILE.format(name="hall"))
    write(tmp_path / "own", "ibeacon.toml", PROFILE.format(name="ibeacon"))
    done = check(gateway, agent)
    assert done.exit_code == 0, done.output
    assert done.output.count("1 own (hall), 1 replaced (ibeacon)") == 2
    hall = write(tmp_path / "own", "hall.toml", PROFILE.format(name="hall").replace("title", "titel"))
    done = check(gateway, agent)
    assert done.exit_code == 2
    for file in (gateway, agent):
        assert f"{file}: profiles.folder: {hall}: titel: there is no such key; did you mean `title`?" in done.output
    write(tmp_path / "own", "hall.toml", PROFILE.format(name="hall") + '[[vectors]]\norigin = "simulated: here"\ninput = {}\n')
    done = check(gateway)
    assert done.exit_code == 2
    assert f"profiles.folder: {hall}: vectors: without [device]" in done.output


TLS = '[broker.tls]\nca_file = "ca.crt"\ncert_file = "{name}.crt"\nkey_file = "{key}.key"\n'


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    for arguments in (["ca"], ["client", "a1"], ["client", "gateway"]):
        command = [str(REPOSITORY / "deploy" / "certificates" / "issue"), *arguments]
        subprocess.run(command, env=os.environ | {"FOOTFALL_CERTIFICATES": str(tmp_path)}, check=True, capture_output=True, timeout=60)
    write(tmp_path, "site.toml", SITE)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text"),
    [("gateway.toml", ""), ("agent.toml", 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n')],
)
def test_a_key_that_does_not_fit_its_certificate_is_found(certificates: Path, file: str, text: str) -> None:
    right = "gateway" if file == "gateway.toml" else "a1"
    assert check(write(certificates, file, text + TLS.format(name=right, key=right))).exit_code == 0
    done = check(write(certificates, file, text + TLS.format(name="a1", key="gateway")))
    assert done.exit_code == 2
    assert "does not fit" in done.output


AGENT = """
store = "{store}"
agent = "{agent}"
[spool]
path = "spool.db"
[[sources]]
kind = "modbus"
name = "counter"
door = "{door}"
profile = "modbus-counter"
host = "192.0.2.1"
[[sources]]
kind = "simulated"
name = "play"
path = "rows.jsonl"
receivers = {{ r1 = "{zone}" }}
[[sources]]
kind = "mqtt_vendor"
name = "presence"
topics = ["zigbee2mqtt/#"]
zones = {{ hall = "{watched}" }}
"""


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"store": "s2"}, "store: site.toml has no store 's2'; it has s1"),
        ({"agent": "a2"}, "agent: site.toml has no agent 'a2' in store 's1'; it has a1"),
        ({"zone": "dor"}, "receivers.r1: store 's1' of site.toml has no zone 'dor': did you mean 'door'? It has door"),
        ({"watched": "hall"}, "sources (presence): store 's1' of site.toml has no zone 'hall'; it has door"),
        ({"door": "d2"}, "sources (counter): store 's1' of site.toml has no door 'd2'; it has d1"),
    ],
)
def test_what_an_agent_names_and_the_site_lacks_is_named(tmp_path: Path, names: dict[str, str], said: str) -> None:
    right = {"store": "s1", "agent": "a1", "zone": "door", "door": "d1", "watched": "door"}
    site = write(tmp_path, "site.toml", SITE)
    agent = write(tmp_path, "agent.toml", AGENT.format(**right))
    assert check(agent, site).exit_code == 0, check(agent, site).output
    agent.write_text(AGENT.format(**right | names))
    assert check(agent).exit_code == 0, "alone it is right"
    done = check(agent, site)
    assert done.exit_code == 2
    assert f"{agent}: {said}" in done.output


def test_a_receiver_that_site_toml_puts_elsewhere_is_named(tmp_path: Path) -> None:
    zones = SITE.replace('[{name = "door"}]', '[{name = "door"}, {name = "hall"}]')
    text = 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n[[sources]]\nkind = "simulated"\nname = "play"\npath = "x"\n'
    agent = write(tmp_path, "agent.toml", text + 'receivers = { r1 = "hall" }\n')
    done = check(agent, write(tmp_path, "site.toml", zones))
    assert done.exit_code == 2
    assert "receivers.r1: hears 'hall' here, and 'door' in site.toml" in done.output


def test_a_pages_key_that_does_not_fit_its_certificate_is_found(certificates: Path) -> None:
    write(certificates, "gateway.toml", "")
    text = '[listen.tls]\ncert_file = "a1.crt"\nkey_file = "{key}.key"\n'
    assert check(write(certificates, "serve.toml", text.format(key="a1"))).exit_code == 0
    done = check(write(certificates, "serve.toml", text.format(key="gateway")))
    assert done.exit_code == 2
    assert "listen.tls: " in done.output
    assert "does not fit" in done.output


def test_an_authority_of_the_database_that_is_none_is_found(certificates: Path) -> None:
    sink = '[sink]\nkind = "influxdb"\nurl = "https://127.0.0.1:9"\nbucket = "b"\nca_file = "{file}"\n'
    assert check(write(certificates, "gateway.toml", sink.format(file="ca.crt"))).exit_code == 0
    for file, said in (("ca.key", "there is no PEM certificate of an authority in it"), ("missing.crt", "cannot be read")):
        done = check(write(certificates, "gateway.toml", sink.format(file=file)))
        assert done.exit_code == 2
        assert file in done.output
        assert said in done.output


def test_an_agents_certificate_must_name_the_agent(certificates: Path) -> None:
    text = 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n' + TLS.format(name="gateway", key="gateway")
    done = check(write(certificates, "agent.toml", text))
    assert done.exit_code == 2
    assert "names 'gateway', not 'a1'" in done.output


def test_where_the_gateway_is_not_installed_an_agents_file_is_checked_all_the_same(
    certificates: Path,
) -> None:
    """As with `footfall[edge]` alone: what only the gateway needs cannot be imported."""
    code = (
        "import sys\nfor name in ('influxdb_client', 'iotcore', 'matplotlib'):\n    sys.modules[name] = None\n"
        "sys.argv = ['footfall', 'config', 'check', 'agent.toml']\nfrom footfall.cli import main\nmain()\n"
    )
    write(certificates, "agent.toml", 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n' + TLS.format(name="a1", key="gateway"))
    done = subprocess.run([sys.executable, "-c", code], cwd=certificates, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "does not fit" in done.stdout


def test_a_calibration_of_a_profile_that_there_is_not_is_named_beside_the_gateways_file(tmp_path: Path) -> None:
    write(tmp_path, "site.toml", SITE + 'calibrations = [{ profile = "ibaecon" }]\n')
    done = check(write(tmp_path, "gateway.toml", ""))
    assert done.exit_code == 2
    assert "there is no profile 'ibaecon': did you mean 'ibeacon'?" in done.output


def test_a_mistake_of_a_file_is_listed_once_though_another_file_points_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "site.toml", SITE.replace('["d1"]', '"d1"'))
    write(tmp_path, "gateway.toml", "[http]\nport = 9000\n")
    done = check()
    assert done.exit_code == 2
    assert done.output.count('stores.0.doors: write a list: ["d1"]') == 1
    assert check("gateway.toml").output.count("stores.0.doors") == 1


def test_what_is_stated_in_vain_is_noted(tmp_path: Path) -> None:
    zones = '[{name = "door", entrance_dbm = -70}, {name = "hall"}]\nreentry_s = 5000'
    areas = "".join(f'\n[[stores.areas]]\nzone = "{zone}"\nprofile = "ibeacon"\nlevel_dbm = {{door = -60}}' for zone in ("door", "hall"))
    receivers = '{r1 = "door", r2 = "hall"}'
    text = SITE.replace('[{name = "door"}]', zones).replace('{r1 = "door"}', receivers) + areas
    done = check(write(tmp_path, "site.toml", text))
    assert done.exit_code == 0, done.output
    for noted in ("s1/hall: no entrance_dbm", "s1: door and hall for ibeacon: the same level_dbm", "above idle_timeout_s"):
        assert noted in done.output


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("agent.toml", 'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n[broker]\nport = {port}\n'),
        (
            "agent.toml",
            'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n[broker]\nport = {right}\n'
            '[[sources]]\nkind = "mqtt_vendor"\nname = "presence"\ntopics = ["z/#"]\n[sources.broker]\nport = {port}\n',
        ),
        ("serve.toml", "[broker]\nport = {port}\n"),
    ],
)
def test_online_asks_the_brokers_of_agents_and_pages(tmp_path: Path, embedded_broker: EmbeddedBroker, file: str, text: str) -> None:
    write(tmp_path, "site.toml", SITE)
    write(tmp_path, "gateway.toml", "")
    at = write(tmp_path, file, text.format(port=embedded_broker.port, right=embedded_broker.port))
    assert check(at, "--online").exit_code == 0, check(at, "--online").output
    closed = free_port()
    write(tmp_path, file, text.format(port=closed, right=embedded_broker.port))
    assert check(at).exit_code == 0
    done = check(at, "--online")
    assert done.exit_code == 2
    assert f"broker: 127.0.0.1:{closed}: nothing listens there" in done.output


def test_a_gateway_with_the_certificate_of_an_agent_is_named(certificates: Path) -> None:
    done = check(write(certificates, "gateway.toml", TLS.format(name="a1", key="a1")))
    assert done.exit_code == 2
    assert "names 'a1', an agent of site.toml" in done.output
    assert "Set broker.tls.cert_file and key_file to the gateway's own" in done.output
