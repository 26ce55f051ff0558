"""After a run with a thousand known phone numbers, cards and addresses none of them stands in any file of gateway and agent."""

from __future__ import annotations

import http.client
import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import urllib3

from edge_agent.sources.recording import format_line
from edge_agent.sources.source import AliveUntil, Sighting
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from gateway.sinks.sqlite.reader import SqliteReader
from simulators.files import toml_text
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.process import free_port
from simulators.parts.programs import FOOTFALL, AgentProcess
from tests.support.identifier_search import Known, files_of
from tests.support.running_gateway import SECRET, SITE, Place, S
from tests.support.waiting import PATIENCE_S, until

PHONES = [f"8613877{n:06d}" for n in range(0, 400_000, 1000)]
CARDS = [f"400638133{n:05d}" for n in range(0, 30_000, 100)]
MACS = [f"4a{n * 7919 % (1 << 40):010x}" for n in range(1, 301)]
KNOWN = Known([*PHONES, *CARDS], MACS)


class Run:
    """A gateway and an agent; what people write themselves, such as site.toml, lies in a folder of its own."""

    def __init__(self, folder: Path, broker: EmbeddedBroker) -> None:
        self.inputs, self.box, self.backup = (folder / name for name in ("inputs", "box", "backup"))
        self.inputs.mkdir()
        self.box.mkdir()
        staff = [{"staff_id": f"s{n}", "identifiers": [f"phone:{phone}"]} for n, phone in enumerate(PHONES[330:360])]
        assets = {"assets": [f"mac:{mac}" for mac in MACS[:20]]}
        (self.inputs / "site.toml").write_text(toml_text(assets | {"staff": staff}) + SITE.replace('brand = "acme"\n', ""))
        text = (self.inputs / "site.toml").read_text()
        (self.inputs / "site.toml").write_text('brand = "acme"\n' + text)
        self._hear()
        self.place = Place(folder / "gateway", broker, site="../inputs/site.toml")
        (self.place.folder / "site.toml").unlink()
        self.agent = AgentProcess(self.box, free_port(), {
            "store": "s2", "agent": "y", "spool": {"path": "spool.db"}, "broker": {"port": broker.port},
            "sources": [{"kind": "simulated", "name": "play", "path": str(self.inputs / "heard.jsonl"), "receivers": {"r1": "entrance"}}],
        })  # fmt: skip

    def _hear(self) -> None:
        """Addresses of phones, and cards that send their number."""
        heard = [
            (second * S // 50 + n, Sighting(second * S // 50 + n, "r1", profile, identifier, -50))
            for second in range(20)
            for profile, identifiers in (("ble-anonymous", MACS[20:]), ("ibeacon", CARDS[200:]))
            for n, identifier in enumerate(identifiers)
        ]
        lines = [format_line(sighting) for _, sighting in sorted(heard, key=lambda each: each[0])]
        (self.inputs / "heard.jsonl").write_text("".join([*lines, format_line(AliveUntil(S))]))

    def post(self, events: object) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.agent.intake_port, timeout=PATIENCE_S)
        try:
            connection.request("POST", "/events", json.dumps(events))
            return connection.getresponse().status
        finally:
            connection.close()

    def files(self) -> dict[str, bytes]:
        return files_of(self.place.folder, self.box, self.backup)


@pytest.fixture
def run(tmp_path: Path, embedded_broker: EmbeddedBroker) -> Iterator[Run]:
    run = Run(tmp_path, embedded_broker)
    try:
        yield run
    finally:
        run.agent.process.stop()
        run.place.gateway.process.stop()


def scans(kind: str, codes: Sequence[str], **more: Any) -> list[dict[str, Any]]:
    """One event for each code; its id does not show which."""
    return [
        {"kind": "touch", "what": "scan", "id": f"{kind}-{n}-{len(codes)}-{len(more)}", "identifiers": [f"{kind}:{code}"]} | more
        for n, code in enumerate(codes)
    ]


def test_no_known_identifier_stands_in_any_file(run: Run) -> None:
    place, agent = run.place, run.agent
    place.start()
    agent.process.start()
    until(lambda: run.post(scans("phone", PHONES[:1])) == 202, "the agent to have its gateway's key")
    assert run.post(scans("phone", PHONES[:150])) == 202
    assert run.post(scans("member", CARDS[:100], ref="T-1")) == 202
    wrong: list[dict[str, Any]] = [{"colour": 1}, {"what": "nap"}, {"phone": PHONES[151]}, {PHONES[152]: 1}, {"amount": -5}]
    for more, phone in zip(wrong, PHONES[150:170], strict=False):
        assert run.post(scans("phone", [phone])[0] | more) == 400
    assert run.post(scans("mac", MACS[:1])) == 400, "nobody consented to that"

    place.gateway.process.kill()
    assert run.post(scans("phone", PHONES[170:250], campaign="c1")) == 202, "it is kept while the gateway is away"
    agent.process.kill()
    assert KNOWN.found(run.files()) == [], "nor while it waits in the spool"
    agent.process.start()
    place.start()

    place.events(*scans("phone", PHONES[250:300]))
    place.events(*scans("phone", PHONES[300:310], zone="nowhere"), {"phones": PHONES[310:320]}, {PHONES[320]: PHONES[321]})
    place.publish(("footfall/1/s3/till/events", f"not JSON {PHONES[322]} {MACS[1]} {CARDS[150]}".encode()))
    place.publish(("footfall/1/s3/till/frames", f"no frame {PHONES[323]}".encode()))
    encoded = (PHONES[325].encode().hex(), b64encode(PHONES[326].encode()).decode())
    for n, name in enumerate((PHONES[324], MACS[2], f"card:{CARDS[151]}", *encoded)):
        leaf = ("events", "frames", "health", f"events/{name}", "Events")[n]
        place.publish((f"footfall/1/s3/{name}/{leaf}", b"{}"), (f"footfall/1/{name}/till/events", b'{"kind":"touch","what":"scan"}'))
    links = run.inputs / "crm.csv"
    links.write_text("identifier_type,identifier,fan\n" + "".join(f"member,{card},f{n}\n" for n, card in enumerate(CARDS[100:150])))
    for command in (["links", "import", str(links)], ["backup", str(run.backup)]):
        subprocess.run([FOOTFALL, *command, "--config", str(place.gateway.config)], check=True, capture_output=True, timeout=PATIENCE_S)
    place.until(lambda: len(subjects(place)) == 1 + 150 + 100 + 80 + 50, "all events to be stored")
    status = place.gateway.status()
    assert sum(status["quarantine"].values()) >= 13, "what is wrong is held"
    key = type_key(SECRET.encode(), "phone")
    assert to_hex(lasting_subject(key, "phone", PHONES[200])) in subjects(place), "the events are those that were sent"
    place.until(place.gateway.is_settled, "everything to be in the database")

    url = place.gateway.url
    answers = {path: urllib3.request("GET", f"{url}{path}", retries=False).data for path in ("/status", "/metrics", "/health")}
    assert KNOWN.found(run.files() | answers) == []
    agent.process.stop()
    place.gateway.process.stop()
    assert KNOWN.found(run.files()) == []
    assert {Path(name).name for name in run.files()} >= {
        "journal.db", "ledger.db", "quarantine.db", "keys.db", "spool.db", "spool.db.gateway", "footfall.db", "gateway.log", "y.log",
        "backup.json",
    }  # fmt: skip


def subjects(place: Place) -> list[str]:
    reader = SqliteReader(place.database)
    try:
        return [subject for subject in reader.rows("touch", columns=("subject",)).values("subject") if subject]
    finally:
        reader.close()
