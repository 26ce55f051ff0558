"""Colours and fonts of charts.

The palette is that of Okabe and Ito, which the colour-blind can distinguish; its light colours are darkened to a contrast of 3:1 on white.
"""

from __future__ import annotations

from typing import Any, Final

from matplotlib import font_manager

BLUE, VERMILLION, GREEN, PURPLE, OCHRE, BLACK, SKY, GREY = PALETTE = (
    "#0072B2", "#D55E00", "#009E73", "#C2689A", "#B07D00", "#000000", "#2F8FC6", "#868E96",
)  # fmt: skip
LINES: Final = ("-", "-", "-", "-", "--", "--", "--", "--")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Beside its colour each series has a line and a marker of its own."""
QUIET: Final = "#6C757D"
_CJK_FONTS: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "SimHei", "Hiragino Sans GB", "Arial Unicode MS",
)  # fmt: skip
_STYLE: Final[dict[Any, Any]] = {
    "text.parse_math": False,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#ADB5BD", "axes.labelcolor": "#343A40",
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": "#E9ECEF", "axes.axisbelow": True,
    "axes.titlelocation": "left", "axes.titlesize": 10, "axes.titleweight": "bold",
    "figure.constrained_layout.w_pad": 0.1, "figure.constrained_layout.h_pad": 0.06,
    "figure.titlesize": 12, "figure.titleweight": "bold",
    "xtick.color": "#495057", "ytick.color": "#495057", "legend.frameon": False, "legend.fontsize": 9, "font.size": 9.5,
}  # fmt: skip


def style() -> dict[Any, Any]:
    """Return matplotlib's settings, with the fonts for Chinese titles that this machine has."""
    there = set(font_manager.get_font_names())
    return _STYLE | {"font.family": ["DejaVu Sans", *(font for font in _CJK_FONTS if font in there)]}
