"""Garments of a seeded shop, read by five antennas with stray reads, through the agent's core and the fold, against what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from footfall.frames import Body
from gateway.fold.fold import Fold
from gateway.records import Record, RecordKind
from gateway.site import Site
from simulators.goods import Garment, garments, moves, reads
from simulators.plan import shop
from simulators.world import World
from tests.support.journal_stories import Rows, S, of, store
from tests.support.memory_fold_store import MemoryStore
from tests.support.whole import small_or_whole

SEEDS, GARMENTS, HOURS = small_or_whole((1, 2), (1, 2, 3, 4)), 40, 2.0
T0 = 1_790_000_000 * S
TRIED_S = 30.0


def bodies(world: World, antennas: dict[str, str]) -> Iterator[tuple[int, Body]]:
    """When the agent reports what; at the end it goes on with nothing to be heard."""
    core = Core("boot", {antenna: zone for zone, antenna in antennas.items()}, shipped(), SubjectKeys({"epc": b"k" * 32}))
    now_ns = 0
    for sighting in reads(world, garments(world, GARMENTS), antennas):
        while sighting.t_boot_ns >= now_ns:
            yield from ((now_ns, body) for body in core.tick(Moment(now_ns, 0, False)))
            now_ns += S // 2
        core.hear(sighting)
    for _ in range(600):
        now_ns += S
        yield from ((now_ns, body) for body in core.tick(Moment(now_ns, 0, False)))


def fold_all(world: World, antennas: dict[str, str]) -> Rows:
    zones = [{"name": zone.name, "type": zone.type} for zone in world.plan.zones]
    store_values = {"name": "s1", "tried_s": TRIED_S, "zones": zones, "agents": [{"name": "x"}]}
    site = Site.model_validate({"brand": "b", "stores": [store_values]})
    fold, rows = Fold(shipped(), MemoryStore(), lambda site: (set(), set()), stay_points=False), {}
    store(fold.apply([(Record(1, T0, RecordKind.SITE, "", "", 0, 0, 0, 0, site.model_dump_json().encode()), None)]), rows)
    for pos, (now_ns, body) in enumerate(bodies(world, antennas), 2):
        points = fold.apply([(Record(pos, T0 + now_ns, RecordKind.FRAME, "s1", "x", pos, T0, 0, 10**6, b""), body)])
        store((each for each in points if each.measurement != "presence"), rows)
    return rows


@cache
def played(seed: int) -> tuple[World, dict[str, str], tuple[Garment, ...], Rows]:
    world = World(seed, hours=HOURS, plan=shop("s1"))
    antennas = {zone.name: f"r.{zone.name}" for zone in world.plan.zones}
    return world, antennas, garments(world, GARMENTS), fold_all(world, antennas)


def test_garments_of_a_shop_arrive_leave_and_are_tried_on_as_they_were() -> None:
    world, _, goods, rows = played(SEEDS[1])
    items = sorted(of(rows, "item"), key=lambda item: item["time_ns"])
    kinds = Counter(item["kind"] for item in items)
    assert kinds["arrived"] == kinds["left"] == len({item["epc"] for item in items}) == GARMENTS
    assert not of(rows, "visit") + of(rows, "dwell")
    homes = {item["epc"]: item["zone"] for item in items if item["kind"] == "arrived"}
    assert homes == {garment.epc: garment.stays[0].zone for garment in goods}
    assert all(item["sku"] == next(garment.gtin for garment in goods if garment.epc == item["epc"]) for item in items)

    stays = [(garment.epc, stay) for garment in goods for stay in garment.stays if stay.zone == "fitting"]
    tried = Counter(epc for epc, stay in stays if min(stay.to_ns, world.length_ns) - stay.from_ns >= TRIED_S * S)
    told = Counter(item["epc"] for item in items if item["kind"] == "tried")
    assert (tried - told).total() + (told - tried).total() <= 1


def test_garments_of_a_shop_move_as_they_did() -> None:
    """Each shop has some thirty moves, so one of them alone would be judged by two or three."""
    happened, said = Counter[tuple[int, str, str, str]](), Counter[tuple[int, str, str, str]]()
    for seed in SEEDS:
        world, antennas, goods, rows = played(seed)
        happened.update((seed, *move) for move in moves(goods, antennas, world.length_ns))
        said.update((seed, item["epc"], item["from_zone"], item["zone"]) for item in of(rows, "item") if item["kind"] == "moved")
    assert happened.total() >= 20 * len(SEEDS)
    assert (happened - said).total() <= happened.total() // 10, happened - said
    assert (said - happened).total() <= happened.total() // 10, said - happened
