"""The command `footfall simulate chain`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from footfall.errors import ConfigError, SinkUnavailable
from gateway.sinks.kinds import sink_settings
from simulators.chain.chain import Chain
from simulators.chain.gateway import Refused
from simulators.chain.run import OnShare, simulate_chain
from simulators.chain.show import chain_table
from simulators.estate import section_text
from simulators.files import check_place
from simulators.share_bars import share_bars

HELP: Final = """\
Make weeks of a whole chain without radio: what its agents send goes through the gateway's accept and fold into a database.

Several time zones, changes of clocks, a campaign with control stores, staff, goods, known fans and strangers; counters and agents that
fail; stores that open, close and move. About 20 s of CPU for a week of 24 stores.

[bold]Examples[/]

footfall simulate chain --db chain.db --site site.toml

footfall query traffic --db chain.db --site site.toml --interval 1d
"""
PART: Final = ".part"
"""The end of a file's name while a chain is written into it."""


def chain(
    stores: Annotated[int, typer.Option(min=1, max=999, help="The first 24 have histories of their own, which others repeat.")] = 24,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="Three or fewer begin on 2026-10-19, more on 2026-09-07.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same chain, on every machine.")] = 1,
    db: Annotated[Path | None, typer.Option(help="Write into this SQLite file, which must not exist.")] = None,
    influx: Annotated[str | None, typer.Option(help="Write into the InfluxDB at this address, such as http://localhost:8086.")] = None,
    bucket: Annotated[str, typer.Option(help="InfluxDB's bucket; for 1.8 database/retention-policy.")] = "footfall",
    org: Annotated[str, typer.Option(help="InfluxDB's organisation; 1.8 has none.")] = "-",
    token_file: Annotated[Path | None, typer.Option(help="A file with InfluxDB's token (1.8: user:password).")] = None,
    site: Annotated[Path | None, typer.Option(help="Write the estate into this site.toml.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Write what really happened, one JSON object a line.")] = None,
) -> None:
    """Make weeks of a whole chain without radio."""
    for path in (db, site, truth):
        check_place(path)
    with _file_of_its_own(db) as part, _in_parts(influx), ExitStack() as opened:
        to = [] if part is None else [sink_settings(kind="sqlite", path=part)]
        if influx is not None:
            to.append(sink_settings(kind="influxdb", url=influx, bucket=bucket, org=org, token_file=token_file, timeout_s=60))
        if not to:
            raise ConfigError("nowhere to write to: --db FILE for SQLite, --influx URL for InfluxDB; both are fine")
        sinks = [opened.enter_context(closing(settings.sink())) for settings in to]
        with share_bar(Console(stderr=True), f"{stores} stores, {weeks} weeks") as on_share:
            simulated = simulate_chain(Chain(stores, weeks, seed), sinks, on_share)
    if site is not None:
        site.write_text(section_text(simulated.chain.site()), encoding="utf-8")
    if truth is not None:
        simulated.truth.write(truth)
    Console().print(chain_table(simulated))


@contextmanager
def _file_of_its_own(db: Path | None) -> Iterator[Path | None]:
    """Yield the file to write into, which has its name once all is written, and is removed if it is not. ConfigError if one exists."""
    if db is None:
        yield None
        return
    part = db.with_name(f"{db.name}{PART}")
    if db.exists():
        raise ConfigError(f"{db} exists: a chain is written into a file of its own; name another one, or remove it")
    if part.exists():
        raise ConfigError(f"{part} exists: another run is writing it, or was killed and left a part of a chain; end that, or remove it")
    try:
        yield part
        part.rename(db)
    except BaseException:
        for path in (part, *(part.with_name(f"{part.name}{end}") for end in ("-wal", "-shm", "-journal"))):
            path.unlink(missing_ok=True)
        Console(stderr=True).print(f"{db} is not written: the run ended before the chain was whole", markup=False, soft_wrap=True)
        raise


@contextmanager
def _in_parts(influx: str | None) -> Iterator[None]:
    """Name an InfluxDB that has a part of a chain when the run was interrupted or failed."""
    try:
        yield
    except (KeyboardInterrupt, SinkUnavailable, Refused):
        if influx is not None:
            Console(stderr=True).print(
                f"{influx} has a part of a chain: what is there stays until you delete the bucket", markup=False, soft_wrap=True
            )
        raise


@contextmanager
def share_bar(console: Console, title: str) -> Iterator[OnShare]:
    """Show a bar; the function that it yields takes the share that is done."""
    with share_bars(console) as on_share:
        yield partial(on_share, title)
