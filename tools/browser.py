"""Chromium without a window, driven over two pipes by its DevTools protocol: for the picture of the page, and its test.

with Browser(binary(), folder) as browser:
    page = browser.open("http://127.0.0.1:8090/", 1120, 640)
    page.wait_for("document.title === 'Footfall'", 10.0)
    page.picture()
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Final, Self

from footfall.errors import ConfigError

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
ANSWER_S: Final = 60.0
"""A browser that answers nothing for so long is given up."""
_WATCH: Final = """new Promise(resolve => {
  const holds = () => { try { return Boolean(%s); } catch { return false; } };
  if (holds()) return resolve(true);
  const observer = new MutationObserver(() => { if (holds()) { observer.disconnect(); resolve(true); } });
  observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  setTimeout(() => { observer.disconnect(); resolve(false); }, %d);
})"""
_ERRORS: Final = frozenset({"Runtime.exceptionThrown", "Log.entryAdded"})


def binary() -> Path:
    """Return the browser's program. Raise ConfigError with how to get it."""
    for name in PROGRAMS:
        if (found := shutil.which(name)) is not None:
            return Path(found)
    raise ConfigError("chromium is missing: `apt-get install chromium` (`make parts` does so where it is root)")


class Browser:
    """Runs from its creation to `close`."""

    def __init__(self, program: Path, folder: Path) -> None:
        """Start it with its profile in `folder`."""
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        script = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={folder}"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, str(program), *arguments], pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        self._rest = b""
        self._number = 0
        self._context = ""
        self.errors: Final[list[str]] = []
        """What pages logged as errors: exceptions, refused resources, breaches of their content security policy."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, url: str, width: int, height: int) -> BrowserPage:
        """Return a page of that size in pixels that has begun to load `url`."""
        self._context = self._context or self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        page = BrowserPage(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.call("Emulation.setScrollbarsHidden", hidden=True)
        page.call("Runtime.enable")
        page.call("Log.enable")
        page.call("Page.navigate", url=url)
        return page

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the result of a command. Raise RuntimeError if the browser refuses it, is gone, or does not answer in ANSWER_S."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        ends_s = time.monotonic() + ANSWER_S
        while (answer := self._read(ends_s)).get("id") != self._number:
            if answer.get("method") in _ERRORS:
                self.errors.append(json.dumps(answer["params"]))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        found: dict[str, Any] = answer["result"]
        return found

    def forget(self) -> None:
        """Close all pages with what they stored and logged: the next one is opened as by a browser that has just started."""
        if self._context:
            self.call("Target.disposeBrowserContext", browserContextId=self._context)
        self._context = ""
        self.errors.clear()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)

    def _read(self, ends_s: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            readable, _, _ = select.select([self._answers], [], [], max(0.0, ends_s - time.monotonic()))
            data = os.read(self._answers, 1 << 16) if readable else b""
            if not data:
                raise RuntimeError("the browser ended" if readable else f"the browser answers nothing for {ANSWER_S:g} s")
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


class BrowserPage:
    """One open page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser: Final = browser
        self._session: Final = session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def value(self, script: str) -> Any:
        """Return what a JavaScript expression gives, as JSON. Raise RuntimeError if it throws."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script[:100]}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition: str, limit_s: float) -> bool:
        """Return whether a JavaScript condition comes to hold within `limit_s` (under ANSWER_S). It is looked at when the page changes."""
        return bool(self.value(_WATCH % (condition, round(limit_s * 1000))))

    def text(self, selector: str) -> str:
        """Return the text that the elements show."""
        return str(self.value(f"[...document.querySelectorAll({json.dumps(selector)})].map(each => each.innerText).join('\\n')"))

    def prefer(self, scheme: str) -> None:
        """Draw the page for people who prefer a colour scheme, light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self) -> bytes:
        """Return a PNG of what the window shows."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
