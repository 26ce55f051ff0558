"""Impinj Speedway Connect in HTTP POST mode: form fields whose `field_values` has one tag a line, as `field_names` names its columns.

unwrap(document) -> {"reader_name", "mac_address", "tag_reads": [{"antenna_port", "epc", …}, …]}
"""

from __future__ import annotations

import csv
from typing import Any, Final

from footfall.errors import ProfileError

MAX_READS: Final = 5_000
_LINE_ENDS: Final = ("\n", "\r\n", "\r")


def unwrap(document: Any) -> Any:
    """Return the reads; the document itself if it is no such form. Raise ProfileError `feed.form` for lines of another length."""
    if not isinstance(document, dict) or not {"field_names", "field_values"} <= document.keys():
        return document
    ends, delimiter = document.get("line_ending") or "\n", document.get("field_delim") or ","
    if ends not in _LINE_ENDS or len(delimiter) != 1:
        raise ProfileError("feed.form", "no line ending or delimiter of Speedway Connect")
    names = [name.strip() for name in document["field_names"].split(delimiter)]
    lines = [line for line in document["field_values"].split(ends) if line.strip()]
    if len(lines) > MAX_READS:
        raise ProfileError("feed.form", f"at most {MAX_READS} reads a message")
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
        reads = [{name: value.strip() for name, value in zip(names, row, strict=True)} for row in rows]
    except (csv.Error, ValueError):
        raise ProfileError("feed.form", "a line of `field_values` that does not fit `field_names`") from None
    return {"reader_name": document.get("reader_name", ""), "mac_address": document.get("mac_address", ""), "tag_reads": reads}
