from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.denials import MAX_DENIAL_BYTES, decode_denial, encode_denial
from footfall.errors import ContractError
from footfall.topics import LEAVES, Topic
from tests.unit.footfall.strategies import names, outcome


@given(st.lists(st.builds(Topic, names, names, st.sampled_from(sorted(LEAVES))), max_size=4))
def test_topics_are_read_as_they_were_written(topics: list[Topic]) -> None:
    assert decode_denial(encode_denial([str(topic) for topic in topics])) == topics


@pytest.mark.parametrize("payload", [
    b"", b"[]", b"{}", b'{"topics":1}', b'{"topics":["phone:+49"]}', b'{"topics":["footfall/1/s/a/live"]}', b"[" * MAX_DENIAL_BYTES,
    b'{"topics":["' + b"x" * MAX_DENIAL_BYTES + b'"]}',
])  # fmt: skip
def test_other_bytes_are_refused(payload: bytes) -> None:
    with pytest.raises(ContractError) as refused:
        decode_denial(payload)
    assert refused.value.reason == "denied"


@given(st.binary(max_size=200))
def test_any_bytes_are_topics_or_refused(payload: bytes) -> None:
    found = outcome(decode_denial, payload)
    assert isinstance(found, ContractError | list)
