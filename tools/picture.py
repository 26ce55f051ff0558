"""The picture on top of README: the live page of `make demo`, as Chromium draws it. `make picture` makes it anew in a minute."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError
from tools.browser import Browser, binary

ROOT: Final = Path(__file__).parents[1]
PICTURE: Final = ROOT / "docs" / "live-page.png"
WIDTH, HEIGHT = 1120, 640
LIVE_S: Final = 75
"""How long the demo runs live: long enough for arrivals after the backlog is in."""
WATCH_S: Final = 30
LIMIT_S: Final = 240
MOST_BYTES: Final = 200_000


def page_picture(program: Path, url: str, watch_s: float) -> bytes:
    """Return a PNG of a page after it was open for `watch_s`."""
    with (
        tempfile.TemporaryDirectory(prefix="footfall-picture.", ignore_cleanup_errors=True) as folder,
        Browser(program, Path(folder)) as browser,
    ):
        page = browser.open(url, WIDTH, HEIGHT)
        time.sleep(watch_s)
        return page.picture()


@contextmanager
def _demo(folder: Path) -> Iterator[str]:
    """A running demo that is live: the address of its page."""
    log = folder / "demo.log"
    command = [sys.executable, "-u", "-m", "simulators.demo", "--folder", str(folder / "demo"), "--live-s", str(LIVE_S)]
    with log.open("w") as out:
        demo = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        ends_s = time.monotonic() + LIMIT_S
        while not (page := re.search(r"live page.*?(http://\S+)", log.read_text())):
            _wait(demo, ends_s, log)
        gateway = re.search(r"^\[http\]\nport = (\d+)", (folder / "demo" / "gateway.toml").read_text(), re.MULTILINE)
        if gateway is None:
            raise RuntimeError("gateway.toml has no [http] port")
        url = f"http://127.0.0.1:{gateway[1]}"
        while not _is_live(url):
            _wait(demo, ends_s, log)
        yield page[1]
    finally:
        demo.terminate()
        demo.wait(timeout=60)


def _wait(demo: subprocess.Popen[bytes], ends_s: float, log: Path) -> None:
    if demo.poll() is not None or time.monotonic() > ends_s:
        raise RuntimeError(f"the demo did not go live: {log.read_text()[-2000:]}")
    time.sleep(0.5)


def _is_live(url: str) -> bool:
    """Whether all agents are online and their backlog is in."""
    try:
        with urllib.request.urlopen(f"{url}/status", timeout=5) as answer:  # noqa: S310 # the demo's own http
            status = json.load(answer)
    except (OSError, ValueError):
        return False
    agents = [agent["state"] for agent in status["agents"]]
    return bool(agents) and set(agents) == {"ok"} and status["lag_s"] < 10.0 and status["balance"]["written_total"] > 0


def main() -> None:
    """Write the picture. Exit with a message where there is no Chromium, or the picture is too large."""
    try:
        program = binary()
    except ConfigError as error:
        sys.exit(f"the picture needs a browser: {error}")
    with tempfile.TemporaryDirectory(prefix="footfall-picture.") as folder, _demo(Path(folder)) as page:
        png = page_picture(program, page, WATCH_S)
    if len(png) > MOST_BYTES:
        sys.exit(f"the picture has {len(png):,} bytes, more than {MOST_BYTES:,}")
    PICTURE.write_bytes(png)
    print(f"{PICTURE.relative_to(ROOT)}: {len(png):,} bytes")


if __name__ == "__main__":
    main()
