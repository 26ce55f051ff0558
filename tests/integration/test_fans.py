"""Who is who beside a running gateway: imported, decided, shown, audited, and passed on as a feed."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.points import SCHEMA
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.programs import FOOTFALL
from tests.support.running_gateway import Place
from tests.support.waiting import PATIENCE_S

AMOUNT = [*SCHEMA["touch"].fields].index("amount")


def run(place: Place, *arguments: str) -> str:
    command = [FOOTFALL, *arguments, "--config", str(place.gateway.config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shown(place: Place, fan: str) -> dict[str, Any]:
    """What the command shows of a fan; nothing while the ledger does not have the fan."""
    command = [FOOTFALL, "fan", fan, "--json", "--config", str(place.gateway.config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0 or "is known" in done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"purchases_total": 0}
    return found


def sales(place: Place) -> dict[str, str]:
    """The fan of each sale that the database has, by its amount."""
    return {str(fields[AMOUNT]): str(fields[1]) for key, fields in place.stored().items() if key[0] == "touch"}


def test_a_merge_by_command_moves_sales_and_a_split_moves_them_back(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    crm = tmp_path / "crm.csv"
    crm.write_text("identifier_type;identifier;fan;from\nmember;1;fan-1;2020-01-01\nmember;2;fan-2;2021-01-01\n", encoding="utf-16")
    with Place(tmp_path / "gateway", embedded_broker) as place:
        sale = {"kind": "touch", "what": "transaction", "zone": "shelf"}
        place.events(*({**sale, "id": f"t{n}", "identifiers": [f"member:{n}"], "amount": n * 100.0} for n in (1, 2)))
        assert "2 new" in run(place, "links", "import", str(crm))
        place.settle()
        assert len(set(sales(place).values()) & {"fan-1", "fan-2"}) == 2
        decided = run(place, "fan", "merge", "fan-1", "fan-2", "--actor", "kim", "--reason", "registered twice", "--json")
        merge = json.loads(decided)["facts"][0]["id"]
        place.until(lambda: set(sales(place).values()) == {"fan-1"}, "both sales to be fan-1's")
        place.until(lambda: shown(place, "fan-2")["purchases_total"] == 2, "a checkpoint of the ledger")
        assert shown(place, "fan-2")["ids"] == ["fan-1", "fan-2"]
        day = datetime.now(UTC).date()
        span = ("--from", str(day - timedelta(days=2)), "--to", str(day + timedelta(days=2)))
        rows = run(place, "query", "touches", "--fan", "fan-2", "--format", "csv", *span).splitlines()
        assert [line.count("fan-1") for line in rows] == [0, 1, 1], rows
        run(place, "fan", "split", merge, "--actor", "kim", "--reason", "father and son")
        place.until(lambda: set(sales(place).values()) == {"fan-1", "fan-2"}, "each sale to be its own fan's again")
        feed = (place.folder / "state" / "fan-changes.jsonl").read_text().splitlines()
        assert [(line["what"], line["old"], line["new"]) for line in map(json.loads, feed)] == [
            ("merged", "fan-2", "fan-1"),
            ("split", "fan-1", "fan-2"),
        ]
        audited = [json.loads(line) for line in run(place, "audit", "--actor", "kim", "--json").splitlines()]
        assert [(each["kind"], each["reason"]) for each in audited] == [("split", "father and son"), ("merge", "registered twice")]
        assert "0 new, 0 replaced, 0 closed, 2 unchanged" in run(place, "links", "import", str(crm))
