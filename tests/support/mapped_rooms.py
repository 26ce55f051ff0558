"""A recording whose columns are the levels of two receivers: the mapping that reads it."""

from __future__ import annotations

from typing import Final

MAPPING: Final = """
[time]
column = "t"
unit_s = 1
[receivers]
hall_dbm = "hall"
yard_dbm = "yard"
[truth]
column = "room"
"""
