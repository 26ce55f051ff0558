"""Bodies that fit their way to the gateway, and name where and by which clock they were made."""

from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.registry import shipped
from edge_agent.bodies import BODY_BYTES, Terms, cut
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.presence import EvidenceRow
from edge_agent.sources.source import Crossing, RefusedReading
from footfall.frames import Kind, Offset, decode_body, encode_body

S = 1_000_000_000
NOW = Moment(100 * S, 5 * S, False)
DOORS = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=64)
HEARD = st.one_of(
    st.builds(lambda door, n: Crossing(S, door, n, 0, t_wall_ns=7), DOORS, st.integers(1, 9)),
    st.builds(lambda text: RefusedReading(S, "source.x", "file:1", text), st.text(st.characters(exclude_categories=["Cs"]), max_size=1500)),
)


@given(st.lists(HEARD, max_size=60), st.integers(1_000, 20_000))
def test_every_body_of_more_than_one_row_is_as_small_as_asked(heard: list[Crossing | RefusedReading], max_bytes: int) -> None:
    core = Core("b" * 64, {}, shipped(), SubjectKeys(), store="s" * 64)
    for one in heard:
        core.hear(one)
    bodies = core.finish(NOW, Terms(Offset(1 << 60, 1 << 40), max_bytes))
    sizes = [(len(encode_body(body)), len(body)) for body in bodies]
    assert all(size <= max_bytes for size, rows in sizes if rows > 1), sizes
    assert sum(len(body) for body in bodies) == len(heard)


def test_a_row_is_never_cut() -> None:
    row = EvidenceRow(Kind.EVENT, S, extra={"event": "x" * 9000})
    assert cut([row, row], 500, 1000) == [[row], [row]]


def test_texts_are_counted_as_bytes_not_as_letters() -> None:
    """Three hundred events of Chinese text are a frame of more than 1 MiB, if letters count."""
    rows = [EvidenceRow(Kind.EVENT, S, extra={"event": "店" * 1300}) for _ in range(300)]
    sizes = [len(msgpack.packb([dict(row.extra or {}) for row in piece])) for piece in cut(rows, 500, 1 << 20)]
    assert max(sizes) <= 400_000 + 300 * 20 + BODY_BYTES


def test_a_body_has_its_store_and_the_known_offset_of_the_agents_clock() -> None:
    core = Core("b1", {}, shipped(), SubjectKeys(), store="s1")
    core.tick(Moment(0, 0, False))
    (body,) = core.tick(NOW, terms=Terms(Offset(1_000, 20)))
    assert (body.store, body.offset) == ("s1", Offset(1_000, 20))
    read = decode_body(encode_body(body))
    assert (read.store, read.offset) == ("s1", Offset(1_000, 20))


def test_a_recording_reports_neither_so_that_its_digest_stays() -> None:
    core = Core("b1", {}, shipped(), SubjectKeys(), recorded=True)
    (body,) = core.finish(NOW, Terms(Offset(1_000, 20)))
    assert (body.store, body.offset) == ("", None)
