from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.compact_json import decoded, encoded
from footfall.event_touches import MAX_AMOUNT

MONEY = st.floats(-MAX_AMOUNT, MAX_AMOUNT).map(lambda amount: round(amount, 2) + 0.0)
HELD = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | MONEY | st.text(),
    lambda held: st.lists(held) | st.dictionaries(st.text(), held),
)


@given(HELD)
def test_it_is_what_json_makes_so_that_digests_of_earlier_releases_stay(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    assert encoded(value) == text
    assert decoded(text) == decoded(text.decode()) == value


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        encoded({"ref": "\ud800"})
