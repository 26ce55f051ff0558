"""Every colour of text on the page can be read: WCAG 2 asks for a contrast of 4.5."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CANVAS = {"light": "#ffffff", "dark": "#121212"}
"""A browser's own background; Chromium's for dark pages."""
STALE = 0.85


def colours() -> list[tuple[str, str, str]]:
    """Return scheme, name and value of each colour of text."""
    page = files("serve").joinpath("index.html").read_text(encoding="utf-8")
    assert f"opacity: {STALE:g}".replace("0.", ".") in page
    light, dark = re.findall(r":root \{([^}]*)\}", page)
    schemes = {"light": light, "dark": light + dark}
    found = {(scheme, name): value for scheme, text in schemes.items() for name, value in re.findall(r"--(\w+): (#\w+)", text)}
    return [(scheme, name, value) for (scheme, name), value in found.items() if name not in ("line", "tile")]


def channels(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(rgb: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("scheme", "name", "colour"), colours())
@pytest.mark.parametrize("opacity", [1.0, STALE])
def test_text_can_be_read(scheme: str, name: str, colour: str, opacity: float) -> None:
    below = channels(CANVAS[scheme])
    seen = [opacity * c + (1 - opacity) * b for c, b in zip(channels(colour), below, strict=True)]
    darker, lighter = sorted((luminance(seen), luminance(below)))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5, name
