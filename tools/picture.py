"""The picture on top of README: the live page of `make demo`, as Chromium draws it. `make picture` makes it anew in a minute."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PICTURE: Final = ROOT / "docs" / "live-page.png"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, HEIGHT = 1120, 640
LIVE_S: Final = 75
"""How long the demo runs live: long enough for arrivals after the backlog is in."""
WATCH_S: Final = 30
LIMIT_S: Final = 240
MOST_BYTES: Final = 200_000


class Browser:
    """Chromium without a window, driven over two pipes by its DevTools protocol."""

    def __init__(self, program: str, folder: Path) -> None:
        """Start it with an empty profile in `folder`."""
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        script = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={folder}"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, program, *arguments], pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        self._rest = b""
        self._number = 0

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the result of a command. Raise RuntimeError if the browser refuses it, or is gone."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._answers, 1 << 16)
            if not data:
                raise RuntimeError("the browser ended")
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


def page_picture(program: str, url: str, watch_s: float) -> bytes:
    """Return a PNG of a page after it was open for `watch_s`."""
    with tempfile.TemporaryDirectory(prefix="footfall-picture.", ignore_cleanup_errors=True) as folder:
        browser = Browser(program, Path(folder))
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            browser.call("Emulation.setDeviceMetricsOverride", session, width=WIDTH, height=HEIGHT, deviceScaleFactor=1, mobile=False)
            browser.call("Emulation.setScrollbarsHidden", session, hidden=True)
            browser.call("Page.navigate", session, url=url)
            time.sleep(watch_s)
            return base64.b64decode(browser.call("Page.captureScreenshot", session, format="png")["data"])
        finally:
            browser.close()


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
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit(f"the picture needs a browser, one of: {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory(prefix="footfall-picture.") as folder, _demo(Path(folder)) as page:
        png = page_picture(program, page, WATCH_S)
    if len(png) > MOST_BYTES:
        sys.exit(f"the picture has {len(png):,} bytes, more than {MOST_BYTES:,}")
    PICTURE.write_bytes(png)
    print(f"{PICTURE.relative_to(ROOT)}: {len(png):,} bytes")


if __name__ == "__main__":
    main()
