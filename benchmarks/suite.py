"""Every benchmark: what it runs, and what its results are held to."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks import (
    advertisements,
    agent_memory,
    anonymity,
    api,
    arrivals,
    ble,
    chain,
    fans,
    gateway_memory,
    identity,
    influx,
    ingest,
    join,
    json_events,
    latency,
    llrp,
    peers,
    query,
    rewrites,
)
from benchmarks.effort import Benchmark, Effort
from benchmarks.ingest import Ingest, Run, best
from benchmarks.machine import conditions
from benchmarks.messages import Format
from benchmarks.profiling import Profiler
from benchmarks.results import Failed, Result, Target
from simulators.load_frames import Load

FRAMES_500: Final = Ingest(Load(stores=10, agents=4, rows=500), frames=75, window=10)
FRAMES_30: Final = Ingest(Load(stores=700, agents=4, rows=30), frames=25, window=3)
"""2,800 agents; their windows together stay below what the broker queues."""
INTO_INFLUX: Final = Ingest(Load(stores=10, agents=4, rows=500), frames=40, window=10)
EVERY_ROW: Final = "stay_points on, so that every row becomes a line"
AS_SHIPPED: Final = "stay_points off, as shipped"


def ingest_500(effort: Effort) -> list[Result]:
    ours = _ours(FRAMES_500, effort, 3)
    plain = _ours(replace(FRAMES_500, stay_points=False), effort, 2)
    name, note = "ingest_cpu_us_per_row_500", f"{EVERY_ROW}; best of {effort.repeats(3)}"
    beside = {
        "telegraf_lp": (_peer("telegraf", "lines-500", effort, 1_500_000, 3), Target("ratio", "<=", 0.5)),
        "telegraf_json": (_peer("telegraf", "json-500", effort, 500_000, 2), None),
        "tutorial": (_peer("tutorial", "json", effort, 60_000, 2), Target("ratio", "<=", 1 / 20)),
    }
    telegraf, rows_per_s = beside["telegraf_lp"][0], Target("value", ">=", 400_000)
    return [
        Result("ingest_rows_per_s_500", _rows_per_s(ours), "rows/s a core", "telegraf_lp", _rows_per_s(telegraf), rows_per_s, _wall(ours)),
        *(Result(name, ours.us_per_row, "us", peer, run.us_per_row, target, note) for peer, (run, target) in beside.items()),
        Result("ingest_rows_per_s_500_default", _rows_per_s(plain), "rows/s a core", note=f"{AS_SHIPPED}; {_wall(plain)}"),
    ]  # fmt: skip


def ingest_30(effort: Effort) -> list[Result]:
    ours = _ours(FRAMES_30, effort, 2)
    plain = _ours(replace(FRAMES_30, stay_points=False), effort, 1)
    return [
        Result(
            "ingest_frames_per_s_30",
            _frames_per_s(ours),
            "frames/s a core",
            target=Target("value", ">=", 5000),
            note=f"{EVERY_ROW}; {_wall(ours)}",
        ),
        Result("ingest_frames_per_s_30_default", _frames_per_s(plain), "frames/s a core", note=f"{AS_SHIPPED}; {_wall(plain)}"),
    ]


def json_cpu(effort: Effort) -> list[Result]:
    ours = best([json_events.run(effort.events(40_000)) for _ in range(effort.repeats(2))])
    effort.say(f"gateway: {_cost(ours)}")
    telegraf = _peer("telegraf", "touch", effort, 100_000, 2)
    tutorial = _peer("tutorial", "touch", effort, 40_000, 2)
    note = f"the same touches, each a message; ours are checked, made idempotent, pseudonymised and durable; {_wall(ours)}"
    return [
        Result("json_cpu_us_per_event", ours.us_per_row, "us", peer, run.us_per_row, note=note)
        for peer, run in (("telegraf", telegraf), ("tutorial", tutorial))
    ]


def into_influx(effort: Effort) -> list[Result]:
    load = effort.shortened(INTO_INFLUX)
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        lines = Path(folder) / "lines"
        influx.record(load, lines)
        pairs = [_beside_bare_loader(load, lines, effort) for _ in range(effort.repeats(3))]
    bare = max((pair[0] for pair in pairs), key=lambda run: run.lines_per_s)
    ours = max((pair[1] for pair in pairs), key=lambda run: run.lines_per_s)
    frugal = min((pair[1] for pair in pairs), key=lambda run: run.cpu_s / run.influx_cpu_s)
    note = f"{ours.rows:,} rows are {ours.lines:,} lines with what is derived ({bare.lines:,} from the loader); best of {len(pairs)} each"
    return [
        Result("influx_rows_per_s", ours.lines_per_s, "lines/s", "bare_loader", bare.lines_per_s, Target("ratio", ">=", 0.9), note),
        Result("influx_gateway_cpu_share", frugal.cpu_s, "s of CPU", "influxd", frugal.influx_cpu_s, Target("ratio", "<=", 0.25),
               "gateway's and influxd's CPU in the same run"),
    ]  # fmt: skip


def publish_to_query(effort: Effort) -> list[Result]:
    runs = [_latency(60 if effort.quick else 300, effort) for _ in range(effort.repeats(2))]
    run = min(runs, key=lambda run: run.p99_ms)
    note = (
        f"from publishing a frame until a query of InfluxDB 1.8 returns its row, at 5,000 rows/s; p50 {run.p50_ms:.0f} ms, "
        f"worst {run.worst_ms:.0f} ms of {run.probes} probes; the better of {len(runs)} runs"
    )
    return [Result("latency_p99_ms", run.p99_ms, "ms", target=Target("value", "<=", 250), note=note)]


def chain_7000(effort: Effort) -> list[Result]:
    name, unit, target = "chain_7000_stores_core_share", "cores", Target("value", "<=", 0.6)
    full = _chain(effort, 30 if effort.quick else 300, stay_points=True)
    found = [Result(name, full.core_share, unit, target=target, note=f"{EVERY_ROW}; {_of(full)}", broken=full.broken)]
    if not effort.quick:
        plain = _chain(effort, 60, stay_points=False)
        found.append(Result(f"{name}_default", plain.core_share, unit, note=f"{AS_SHIPPED}; {_of(plain)}", broken=plain.broken))
    return found


def memory(effort: Effort) -> list[Result]:
    seen = gateway_memory.run(gateway_memory.SEEN)
    note = f"{seen.subjects:,} subjects came within two hours, a quarter of them inside at once, 7,000 stores; peak {seen.peak_mb:.0f} MB"
    found = [Result("gateway_rss_mb_1m_subjects", seen.rss_mb, "MB", target=Target("value", "<=", 500), note=note)]
    if not effort.quick:
        inside = gateway_memory.run(gateway_memory.ALL_INSIDE)
        note = f"{inside.subjects:,} subjects, all inside at once, 7,000 stores, 28,000 agents; peak {inside.peak_mb:.0f} MB"
        found.append(Result("gateway_rss_mb_1m_inside", inside.rss_mb, "MB", note=note))
    return found


def agent_memory_10k(effort: Effort) -> list[Result]:
    found = agent_memory.measure(10_000, 0.25 if effort.quick else 1.0)
    growth = f"grown by {found.growth_mb:.1f} MB since five minutes had passed"
    note = f"an agent with Bluetooth, but for what bleak keeps of each device; {growth}; {found.us_per_sighting:.1f} us a sighting"
    ours, alone = (ble.run(listener, ble.BUSY_PER_S, 40_000, devices=10_000) for listener in (ble.Agent, ble.Bleak))
    effort.say(f"10,000 devices known to BlueZ: {ours.rss_mb:.0f} MB, bleak alone {alone.rss_mb:.0f} MB")
    kept = "10,000 devices known to BlueZ at once; bleak keeps all that BlueZ says of each until BlueZ forgets it"
    return [
        Result("agent_rss_mb_10k", found.rss_mb, "MB", target=Target("value", "<=", 80), note=note),
        Result("agent_rss_mb_10k_bluez", ours.rss_mb, "MB", "bleak", alone.rss_mb, note=kept),
    ]


def ble_advertisements(effort: Effort) -> list[Result]:
    count = effort.events(100_000)
    alone = min((_ble(ble.Bleak, ble.FULL_PER_S, count, effort) for _ in range(effort.repeats(2))), key=lambda run: run.us_each)
    ours = min((_ble(ble.Agent, ble.FULL_PER_S, count, effort) for _ in range(effort.repeats(2))), key=lambda run: run.us_each)
    busy = _ble(ble.Agent, ble.BUSY_PER_S, count, effort)
    note = (
        f"from CPU time at {ble.FULL_PER_S:,.0f}/s in the air; by the clock {ours.per_s:,.0f}/s, bleak alone {alone.per_s:,.0f}/s; "
        f"all {ours.heard:,} were heard; best of {effort.repeats(2)}"
    )
    share = f"5,000 advertisements/s of 1,000 devices for {busy.wall_s:.0f} s through bleak into spooled frames; {busy.rss_mb:.0f} MB"
    return [
        Result("ble_adv_per_s", 1e6 / ours.us_each, "adv/s a core", "bleak", 1e6 / alone.us_each, note=note),
        Result("ble_cpu_share_at_5000", busy.core_share, "cores", target=Target("value", "<=", 0.6), note=share),
    ]


def llrp_tags(effort: Effort) -> list[Result]:
    reports, passes = llrp.messages(), 5 if effort.quick else 30
    ours = llrp.decode(reports, passes)
    note = f"{llrp.TAGS} reports a message, with Impinj's phase and finer RSSI, from bytes to values; CPU time of the best pass each"
    found = llrp.peers(reports, passes, effort.say)
    name, unit, target = "llrp_tags_per_s", "tags/s a core", Target("value", ">=", 100_000)
    beside = [Result(name, ours, unit, peer, value, target, note) for peer, value in found.items()]
    return beside or [Result(name, ours, unit, target=target, note=f"{note}; no peer could be installed")]


def who_is_who(effort: Effort) -> list[Result]:
    count = effort.events(identity.FACTS)
    stage = identity.into_memory(effort.events(identity.IN_MEMORY))
    whole, scattered = identity.into_ledger(count, False), identity.into_ledger(effort.events(identity.SCATTERED), True)
    together, chain = effort.events(identity.CLUSTER), effort.events(identity.CLUSTER_IN_RECORDS)
    whole_chain, in_records = identity.cluster(together, together), identity.cluster(chain)
    target = Target("value", "<=", 60)
    apart = f"{scattered.facts:,} facts from the journal's record to SQLite, no two of a person near each other"
    note = f"{count:,} facts, five a person; CPU for a million, from the journal's record to SQLite"
    once = f"one chain of {together:,} identifiers in one record; one more fact about it takes {whole_chain.next_s:.2f} s"
    by_parts = f"one chain of {chain:,} identifiers by records of {identity.BATCH:,}, {identity.AT_ONCE} of them at hand; CPU an identifier"
    return [
        Result("identity_us_per_fact", stage.us_per_fact, "us", note="the stage alone, facts and standings in memory"),
        Result("identity_1m_facts_s", whole.us_per_fact * identity.FACTS / 1e6, "s", target=target, note=f"{note}, person by person"),
        Result("identity_us_per_scattered_fact", scattered.us_per_fact, "us", note=apart),
        Result("identity_cluster_s", whole_chain.whole_s, "s", note=once),
        Result("identity_us_per_identifier_in_records", in_records.whole_s / chain * 1e6, "us", "at_once",
               whole_chain.whole_s / together * 1e6, Target("ratio", "<=", 10), by_parts),
    ]  # fmt: skip


def advertisement_decoding(effort: Effort) -> list[Result]:
    rng, passes, count = random.Random(advertisements.SEED), 3 if effort.quick else 10, effort.events(1000)
    name, unit, found = "adv_decode_us", "us", []
    note = "from the bytes of an HCI event to an identifier, 1,000 IRKs known; CPU of the best pass each, formats that both know"
    for peer in advertisements.PEERS:
        events = advertisements.shared(peer, count, rng)
        ours = advertisements.decode(events, passes)
        try:
            theirs = advertisements.decode_with(peer, events, passes)
        except Failed as error:
            effort.say(f"{peer}: not measured: {error}")
            found.append(Result(name, ours, unit, note=f"{note}; {peer} could not be installed"))
            continue
        found.append(Result(name, ours, unit, peer, theirs, Target("ratio", "<=", 1), note))
    mixed = advertisements.decode(advertisements.store(count, rng), passes)
    resolved = advertisements.resolve(1000)
    return [
        *found,
        Result("adv_decode_us_store", mixed, unit, note="what is in a store's air: beacons, sensors, phones, computers"),
        Result("rpa_resolve_us_1000", resolved, unit, note="a private address heard for the first time, which none of 1,000 IRKs explains"),
    ]


def joining(effort: Effort) -> list[Result]:
    count = effort.events(join.SUBJECTS)
    found, note = join.measure(count), f"{count:,} linked subjects, and every row is of one; a visit and five dwells in 120 rows"
    return [
        Result("join_us_per_row", found.us_per_row, "us", target=Target("value", "<=", 0.2), note=note),
        Result("join_rss_mb", found.rss_mb, "MB", target=Target("value", "<=", 60.0), note="more than without, with SQLite's cache"),
    ]


BENCHMARKS: Final = (
    Benchmark("ingest_500", "frames of 500 rows into a sink that answers 204, beside Telegraf and the tutorials' gateway",
              ("ingest_rows_per_s_500", "ingest_cpu_us_per_row_500", "ingest_rows_per_s_500_default"), ingest_500),
    Benchmark("ingest_30", "frames of 30 rows from 2,800 agents into a sink that answers 204",
              ("ingest_frames_per_s_30", "ingest_frames_per_s_30_default"), ingest_30),
    Benchmark("json", "plain JSON events, one a message", ("json_cpu_us_per_event",), json_cpu),
    Benchmark("influx", "into InfluxDB 1.8 beside a bare loader of the same lines",
              ("influx_rows_per_s", "influx_gateway_cpu_share"), into_influx),
    Benchmark("latency", "from publishing to queryable at 5,000 rows/s", ("latency_p99_ms",), publish_to_query),
    Benchmark("arrivals", "from a fan's first sighting until a client of the API is told, at 10 Hz and at 1 Hz", arrivals.NAMES,
              arrivals.run),
    Benchmark("chain", "7,000 stores, 28,000 agents, 2,800 frames/s, 84,000 rows/s",
              ("chain_7000_stores_core_share", "chain_7000_stores_core_share_default"), chain_7000),
    Benchmark("memory", "a million subjects in one gateway", ("gateway_rss_mb_1m_subjects", "gateway_rss_mb_1m_inside"), memory),
    Benchmark("identity", "who is who by a million facts, and in one cluster of 100,000 identifiers",
              ("identity_us_per_fact", "identity_1m_facts_s", "identity_us_per_scattered_fact", "identity_cluster_s",
               "identity_us_per_identifier_in_records"), who_is_who),
    Benchmark("rewrites", "how soon a thousand rows have another fan in the database", rewrites.NAMES, rewrites.run),
    Benchmark("agent_memory", "10,000 identifiers around one agent for an hour of simulated time",
              ("agent_rss_mb_10k", "agent_rss_mb_10k_bluez"), agent_memory_10k),
    Benchmark("advertisements", "advertising data to identifiers, beside bleparser and Theengs' decoder",
              ("adv_decode_us", "adv_decode_us_store", "rpa_resolve_us_1000"), advertisement_decoding),
    Benchmark("ble", "advertisements through the real bleak into an agent's spool, beside bleak alone",
              ("ble_adv_per_s", "ble_cpu_share_at_5000"), ble_advertisements),
    Benchmark("query", "footfall query traffic from SQLite beside plain SQL for the same numbers",
              tuple(case.name for case in query.CASES), query.run),
    Benchmark("anonymity", "why a month's visits and orders of a chain are nobody's", anonymity.NAMES, anonymity.run),
    Benchmark("fans", "a million links imported and folded, and a fan's history from three million visits", fans.NAMES, fans.run),
    Benchmark("api", "500 reads of fans a second, beside a gateway that takes 5,000 rows a second", api.NAMES, api.run),
    Benchmark("join", "whom rows are, where a million subjects are somebody's", ("join_us_per_row", "join_rss_mb"), joining),
    Benchmark("llrp", "tag reports of an RFID reader from bytes to values, beside sllurp and pyllrp", ("llrp_tags_per_s",), llrp_tags),
)  # fmt: skip

PROFILES: Final[Mapping[str, Callable[[Profiler], object]]] = {
    "ingest_500": lambda profiler: print(_cost(ingest.run(FRAMES_500, profiler))),
    "ingest_500_default": lambda profiler: print(_cost(ingest.run(replace(FRAMES_500, stay_points=False), profiler))),
    "ingest_30": lambda profiler: print(_cost(ingest.run(FRAMES_30, profiler))),
    "json": lambda profiler: print(_cost(json_events.run(40_000, profiler))),
    "ble": lambda profiler: print(f"{ble.run(ble.Agent, ble.BUSY_PER_S, 100_000, profiler).us_each:.1f} us an advertisement"),
    "chain": lambda profiler: print(_of(chain.run(60, True, profiler))),
}


def _ours(run: Ingest, effort: Effort, repeats: int) -> Run:
    run = effort.shortened(run)
    runs = []
    for _ in range(effort.repeats(repeats)):
        runs.append(ingest.run(run))
        effort.say(f"gateway, stay_points {'on' if run.stay_points else 'off'}: {_cost(runs[-1])}")
    return best(runs)


def _peer(peer: peers.Peer, form: Format, effort: Effort, events: int, repeats: int) -> Run:
    runs = []
    for _ in range(effort.repeats(repeats)):
        runs.append(peers.run(peer, form, effort.events(events)))
        effort.say(f"{peer}, {form}: {_cost(runs[-1])}")
    return best(runs)


def _beside_bare_loader(load: Ingest, lines: Path, effort: Effort) -> tuple[influx.Written, influx.Written]:
    bare, ours = influx.bare_loader(load, lines), influx.gateway(load)
    effort.say(f"bare loader {bare.lines_per_s:,.0f} lines/s, gateway {ours.lines_per_s:,.0f} lines/s; {conditions()}")
    return bare, ours


def _latency(probes: int, effort: Effort) -> latency.Latency:
    run = latency.run(probes)
    effort.say(f"p50 {run.p50_ms:.0f} ms, p99 {run.p99_ms:.0f} ms, worst {run.worst_ms:.0f} ms; {conditions()}")
    return run


def _chain(effort: Effort, seconds: float, stay_points: bool) -> chain.Chain:
    found = chain.run(seconds, stay_points)
    effort.say(f"stay_points {'on' if stay_points else 'off'}: {_of(found)}; {conditions()}")
    return found


def _ble(listener: ble.Listener, rate: float, count: int, effort: Effort) -> ble.Run:
    found = ble.run(listener, rate, count)
    who = "bleak alone" if listener is ble.Bleak else "agent"
    said = f"{found.us_each:.1f} us each, {found.per_s:,.0f}/s by the clock with {found.core_share:.0%} of a core, {found.rss_mb:.0f} MB"
    effort.say(f"{who}: {said}; {conditions()}")
    return found


def _rows_per_s(run: Run) -> float:
    return 1e6 / run.us_per_row


def _frames_per_s(run: Run) -> float:
    return _rows_per_s(run) / FRAMES_30.load.rows


def _wall(run: Run) -> str:
    return f"{run.rows / run.wall_s:,.0f} rows/s by the clock with {run.cpu_share:.0%} of a core"


def _cost(run: Run) -> str:
    return f"{run.us_per_row:.2f} us a row, {_wall(run)}, {run.rss_mb:.0f} MB; {conditions()}"


def _of(run: chain.Chain) -> str:
    shown, pace = run.samples[:: max(1, len(run.samples) // 8)], [sample.yardstick_ms for sample in run.samples]
    return (
        f"share {run.core_share:.2f} of a core, {run.steady_share:.2f} in the second half; "
        f"started in {run.start_s:.1f} s; late by {run.late_s:.1f} s, settled after {run.settled_s:.1f} s with {run.backlog}; "
        f"MB resident {' '.join(f'{sample.rss_mb:.0f}' for sample in shown)}, peak {run.peak_mb:.0f}; "
        f"{run.lines_per_request:,.0f} lines a request; yardstick {min(pace):.0f} to {max(pace):.0f} ms, mean {sum(pace) / len(pace):.0f}"
    )
