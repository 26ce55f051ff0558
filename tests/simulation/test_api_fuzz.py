"""What a fuzzer makes of the OpenAPI document, sent to the application with each kind of token; everything it needs is there and answers.

Right and wrong requests alike are answered as the document has it, and a refusal has its reason. `make api-fuzz` does it for longer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.broker import Broker
from footfall.sealing import public_key, public_key_text
from gateway.query.options import MEANINGS, takes
from serve.broker_client import BrokerClient
from serve.roles import Role
from simulators.parts.broker import EmbeddedBroker
from tests.support.served_brand import ServedBrand
from tests.support.served_database import DAYS, write_database
from tests.support.status_page import StatusPage
from tests.support.waiting import until

EXAMPLES: Final = int(os.environ.get("FOOTFALL_API_FUZZ", "2"))
"""Requests to each route, right and wrong ones, with each token."""
ANSWERS: Final = {200, 202, 400, 401, 403, 404, 405, 408, 409, 413, 415, 429}
"""No 503: broker, gateway, ledger and database are there."""
STATUS: Final = {"version": "1", "seal_key": public_key_text(public_key(b"secret"))}
WORDS: Final = (
    *DAYS.values(), "2026-10-20", "-7d", "9999-12-31", "1970-01-01T00:00+14:00", "2026-10-24..2026-10-24", "Asia", "Asia/Shanghai",
    "shoess", "checkout", "path:1", "path:" + "9" * 4_400, "9" * 4_400, "a" * 300, "\0", "store", "sharer,root", "weekday,hour", "1h",
    "month", "usual", "store:s1", "previous", "s1", "s1,s2", "f-1", "in,conversion", "true", "remedy", "owner",
)  # fmt: skip
"""Some of what parameters take, or nearly: a fuzzer that knows texts alone hardly finds any."""
ODD: Final[Mapping[str, tuple[str, ...]]] = {
    "from": ("9999-12-31", "\0"),
    "timezone": ("Asia", "a" * 300),
    "zone": ("shoess",),
    "as-of": ("2026-10-20",),
    "top": ("9" * 4_400,),
    "by": ("path:" + "9" * 4_400, "sharer,fan"),
    "compare": ("usual", "9999-12-31..9999-12-31"),
    "interval": ("year",),
    "fan": ("f-old",),
    "rule": ("owner",),
}
"""Values of options, each asked with days that have data."""
SETTINGS: Final = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize="FOOTFALL_API_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBrand]:
    folder = tmp_path_factory.mktemp("api")
    with ExitStack() as stack:
        broker, status = stack.enter_context(EmbeddedBroker(folder)), stack.enter_context(StatusPage(STATUS))
        client = BrokerClient(Broker(port=broker.port), lambda payload: None)
        client.start()
        stack.callback(client.stop)
        until(lambda: not client.error)
        made = ServedBrand(folder / "brand", "requests_per_s = 100_000\nburst = 1_000_000\n", broker=client, status_url=status.url)
        write_database(made.folder / "footfall.db")
        made.feed.close()  # a stream would have no end here
        yield made


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_nothing_that_is_sent_is_a_mistake_of_the_server(brand: ServedBrand, mode: str) -> None:
    import schemathesis  # only here: every process of pytest loads the modules of all tests

    headers = {role: {"Host": "localhost", "Authorization": f"Bearer {brand.tokens[role]}"} for role in Role}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", brand.app, headers=headers[Role.STORE])
    found: list[Any] = list(schema.get_all_operations())
    for each in found:
        _try(each.ok(), schemathesis.GenerationMode(mode), headers.values())


@pytest.mark.parametrize("what", MEANINGS)
def test_an_option_with_an_odd_value_is_answered_or_refused(brand: ServedBrand, what: str) -> None:
    for name in sorted(ODD.keys() & set(takes(what))):
        for value in ODD[name]:
            answer = brand.ask("GET", f"/api/query/{what}?{urlencode(DAYS | {name: value})}", Role.STORE)
            assert answer.status in (200, 400), (name, value)
            assert answer.status == 200 or answer.json()["reason"] in ("query", "request"), (name, value)


def _try(operation: Any, mode: Any, tokens: Iterable[Mapping[str, str]]) -> None:
    """Send requests with each token: making them up takes longer than answering them."""
    names = [each.name for each in operation.query] or [""]

    @SETTINGS
    @given(
        case=operation.as_strategy(generation_mode=mode), words=st.dictionaries(st.sampled_from(names), st.sampled_from(WORDS), max_size=3)
    )
    def sent(case: Any, words: Mapping[str, str]) -> None:
        case.query = {**(case.query or {}), **words}
        for headers in tokens:
            _check(case, case.call(headers=headers))

    sent()


def _check(case: Any, answer: Any) -> None:
    if case.path == "/api/arrivals" and answer.status_code == 503:
        assert answer.json()["reason"] == "streams"
        return
    assert answer.status_code in ANSWERS, f"{case.as_curl_command()}\n{answer.text}"
    kind = answer.headers["content-type"][0]
    if answer.status_code >= 400:
        assert kind == "application/problem+json"
        assert {"type", "title", "status", "detail", "reason", "message"} <= answer.json().keys()
    else:
        assert kind == "application/json"
