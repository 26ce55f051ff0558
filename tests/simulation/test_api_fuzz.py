"""What a fuzzer makes of the OpenAPI document, sent to the application with each kind of token: nothing of it is a mistake of the server.

Right and wrong requests alike are answered as the document has it, and a refusal has its reason. `make api-fuzz` does it for longer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from serve.roles import Role
from tests.support.served_brand import ServedBrand

EXAMPLES: Final = int(os.environ.get("FOOTFALL_API_FUZZ", "2"))
"""Requests to each route, right and wrong ones, with each token."""
ANSWERS: Final = {200, 202, 400, 401, 403, 404, 405, 408, 409, 413, 415, 429, 503}
"""503: nobody is connected to a broker here, and there is no database."""
SETTINGS: Final = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize="FOOTFALL_API_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    made = ServedBrand(tmp_path_factory.mktemp("brand"), "requests_per_s = 100_000\nburst = 1_000_000\n")
    made.feed.close()  # a stream would have no end here
    return made


@pytest.mark.parametrize("mode", GenerationMode)
def test_nothing_that_is_sent_is_a_mistake_of_the_server(brand: ServedBrand, mode: GenerationMode) -> None:
    headers = {role: {"Host": "localhost", "Authorization": f"Bearer {brand.tokens[role]}"} for role in Role}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", brand.app, headers=headers[Role.STORE])
    found: list[Any] = list(schema.get_all_operations())
    for each in found:
        _try(each.ok(), mode, headers.values())


def _try(operation: Any, mode: GenerationMode, tokens: Iterable[Mapping[str, str]]) -> None:
    """Send requests with each token: making them up takes longer than answering them."""

    @SETTINGS
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        for headers in tokens:
            _check(case, case.call(headers=headers))

    sent()


def _check(case: Any, answer: Any) -> None:
    assert answer.status_code in ANSWERS, f"{case.as_curl_command()}\n{answer.text}"
    kind = answer.headers["content-type"][0]
    if answer.status_code >= 400:
        assert kind == "application/problem+json"
        assert {"type", "title", "status", "detail", "reason", "message"} <= answer.json().keys()
    else:
        assert kind == "application/json"
