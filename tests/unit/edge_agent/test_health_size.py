"""Health that is too large for its way loses what is least worth."""

from __future__ import annotations

from edge_agent.health_size import WILL_BYTES, fitted
from footfall.health import MAX_HEALTH_BYTES, Health, SourceHealth, decode_health, encode_health

SOURCES = {f"{n:03}-{'s' * 60}": SourceHealth(state="fault", detail="店" * 300) for n in range(256)}
PROBLEMS = {f"problem-{n}": "x" * 300 for n in range(32)}
FULL = Health(state="online", agent="a" * 64, store="s" * 64, boot="b" * 64, sources=SOURCES, problems=PROBLEMS, journals={"j" * 64: 1.0})


def test_what_fits_is_untouched() -> None:
    health = Health(state="online", agent="a1", store="s1", boot="b1", sources={"ble": SourceHealth(detail="x")})
    assert fitted(health, None) == encode_health(health)


def test_no_health_is_larger_than_the_gateway_takes() -> None:
    assert len(encode_health(FULL)) > MAX_HEALTH_BYTES
    read = decode_health(fitted(FULL, None))
    assert read.problems == PROBLEMS
    assert {source.detail for source in read.sources.values()} == {""}


def test_sources_go_before_problems_and_codes_stay_to_the_last() -> None:
    assert decode_health(fitted(FULL, 20_000)).sources == {}
    assert decode_health(fitted(FULL, 20_000)).problems == PROBLEMS
    assert decode_health(fitted(FULL, 4_000)).problems.keys() == PROBLEMS.keys()
    assert len(fitted(FULL, 4_000)) <= 4_000
    assert len(fitted(FULL, WILL_BYTES)) <= WILL_BYTES
