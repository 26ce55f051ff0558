"""Foot traffic in Python: questions answered as pandas DataFrames. It needs `pip install 'footfall[analysis]'`.

`Footfall` asks what a gateway stored. The gateway package has it; this is the one name of the kernel that leads there.
"""

try:
    import pandas as _pandas  # noqa: F401 # whether it is there
except ModuleNotFoundError:
    raise ModuleNotFoundError("footfall.analysis needs pandas: pip install 'footfall[analysis]'", name="pandas") from None

from gateway.analysis.asking import Footfall

__all__ = ["Footfall"]
