"""Hypothesis strategies for what goes over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from footfall.beacons import OwnBeacon
from footfall.boot_clock import UNBOUNDED_NS
from footfall.errors import ContractError
from footfall.frames import COLUMNS, KINDS, MAX_PARTS, TIME_QUALITIES, Body, DecidedTime, Header, Kind, Offset
from footfall.receipts import DayKey, Receipt, TimeRun, Times
from footfall.sealing import is_public_key

Value = TypeVar("Value")
MAX_INT = (1 << 63) - 1
names = st.text("abcxyz0189._-", min_size=1, max_size=64)
naturals = st.integers(0, MAX_INT)
texts = st.text("aZ09 ,=\"'\\\n\r\t\x00#{}é€😀\u2028", max_size=20)
"""The letters that somewhere mean something."""
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INT, MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.binary(max_size=20)
)
extras = st.dictionaries(texts, st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5), max_size=4)


offsets = st.builds(Offset, st.integers(0, UNBOUNDED_NS), st.integers(0, 2 * UNBOUNDED_NS))
decided = st.builds(DecidedTime, st.integers(0, UNBOUNDED_NS), st.integers(0, 2 * UNBOUNDED_NS), st.integers(0, len(TIME_QUALITIES) - 1))


@st.composite
def headers(draw: st.DrawFn, seq: st.SearchStrategy[int] | None = None, parts: st.SearchStrategy[int] | None = None) -> Header:
    """Of whole frames, unless `parts` differs."""
    number_of_parts = draw(st.just(1) if parts is None else parts)
    return Header(
        store=draw(names), agent=draw(names), epoch=draw(names), seq=draw(st.integers(1, MAX_INT) if seq is None else seq),
        oldest=draw(naturals), boot=draw(names),
        sent_boot_ns=draw(naturals), sent_wall_ns=draw(naturals), gateway_ns=draw(naturals), heard_boot_ns=draw(naturals),
        journal=draw(st.just("") | names), receipted=draw(naturals), receipted_ns=draw(naturals), times_n=draw(st.just(-1) | naturals),
        boots_apart_ns=draw(naturals), decided=draw(st.none() | decided), part=draw(st.integers(0, number_of_parts - 1)),
        parts=number_of_parts,
    )  # fmt: skip


many_parts = st.integers(2, MAX_PARTS)


@st.composite
def bodies(draw: st.DrawFn, max_rows: int = 12) -> Body:
    n = draw(st.integers(0, max_rows))
    zones = tuple(draw(st.lists(names, min_size=1, max_size=5)))
    profiles = tuple(draw(st.lists(names, min_size=1, max_size=5)))
    bounds: dict[str, st.SearchStrategy[object]] = {
        "kind": st.integers(1, len(KINDS)),
        "t_boot_ns": naturals,
        "subject": st.integers(0, (1 << 64) - 1),
        "zone": st.integers(0, len(zones) - 1),
        "profile": st.integers(0, len(profiles) - 1),
        "rssi_dbm": st.integers(-128, 127),
        "count": st.integers(0, (1 << 31) - 1),
        "value": st.floats(width=32, allow_nan=False, allow_infinity=False),
    }
    columns = {name: draw(arrays(dtype, n, elements=bounds[name])) for name, dtype in COLUMNS.items()}
    walls = draw(st.none() | arrays(np.dtype("<i8"), n))
    extra = draw(st.dictionaries(st.integers(0, n - 1), extras, max_size=3)) if n else {}
    for row in np.flatnonzero(columns["kind"] == Kind.EVENT).tolist():
        extra[row] = {**extra.get(row, {}), "event": draw(texts)}
    return Body(
        boot=draw(names), made_boot_ns=draw(naturals), made_wall_ns=draw(naturals), wall_synced=draw(st.booleans()),
        first_row=draw(st.integers(0, MAX_INT - n)), key_id=draw(naturals), zones=zones,
        profiles=profiles, t_wall_ns=walls, extra=extra, store=draw(st.just("") | names), offset=draw(st.none() | offsets), **columns,
    )  # fmt: skip


day_keys = st.builds(DayKey, naturals, st.binary(min_size=32, max_size=32), naturals, naturals)
time_runs = st.builds(TimeRun, names, naturals, naturals, decided)
echoes = st.just(("", 0)) | st.tuples(names, naturals)
receipts = st.builds(
    lambda echo, **more: Receipt(echo_boot=echo[0], echo_boot_ns=echo[1], **more),
    echo=echoes, epoch=names, upto=naturals, gateway_ns=naturals, journal_id=names,
    versions=st.lists(st.integers(0, 255), max_size=5).map(tuple), key=st.none() | day_keys, pause_s=st.none() | naturals,
    parts=st.booleans(), times=st.none() | st.builds(Times, naturals, st.lists(time_runs, max_size=3).map(tuple)),
    beacons=st.none() | st.lists(st.builds(OwnBeacon, st.uuids().map(str), st.booleans(), st.booleans()), max_size=3).map(tuple),
    seal_key=st.none() | st.binary(min_size=32, max_size=32).filter(is_public_key), refused=naturals,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, payload: bytes) -> bytes:
    """The payload with some bytes changed, cut out, doubled or put in."""
    data = bytearray(payload)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = draw(st.integers(at, min(len(data), at + 40)))
        data[at:end] = draw(st.binary(max_size=8) | st.just(bytes(data[at:end]) * 2))
    return bytes(data)


def outcome(decode: Callable[[bytes], Value], payload: bytes) -> Value | ContractError:
    """What `decode` makes of the payload; the one error that it may raise is a value here, and has a reason."""
    try:
        return decode(payload)
    except ContractError as error:
        return error if error.reason else ContractError("", "an error without a reason")
