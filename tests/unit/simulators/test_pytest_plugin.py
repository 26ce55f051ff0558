"""The fixtures come from the installed package, by its entry point: nothing is imported here for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from footfall.frames import decode_body, decode_frame
from footfall.pseudonyms import to_hex
from simulators.pytest_plugin import BRAND_SECRET
from simulators.truth import collect, subject_hex, truth_of
from simulators.world import World


def test_frames_of_a_world_name_the_subjects_of_its_truth(
    footfall_world: Callable[..., World], footfall_frames: Callable[[World], Iterator[tuple[str, bytes]]]
) -> None:
    world = footfall_world(seed=7, hours=0.3)
    carried = {
        subject_hex(BRAND_SECRET, c.id_type, c.identifier) for visit in collect(truth_of(world)).visits for c in visit.carried if c.lasting
    }
    heard, seqs = set(), []
    for topic, payload in footfall_frames(world):
        header, body = decode_frame(payload)
        assert header.agent in topic
        seqs.append(header.seq)
        heard |= {to_hex(int(subject)) for subject in decode_body(body).subject if 0 < subject < 1 << 63}
    assert heard
    assert heard <= carried
    assert seqs.count(1) == len(world.plan.agents)
