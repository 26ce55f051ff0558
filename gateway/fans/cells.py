"""What spreadsheets make of an identifier: texts of formulas are texts, numbers that lost their digits are refused. Pure.

plain_text('="0013"') -> "0013"
plain_text("1.38E+10")      # ValueError: its digits are gone
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FORMULA: Final = re.compile(r'="(.*)"', re.DOTALL)
_APOSTROPHE: Final = re.compile(r"'[0-9+]")
"""Before what was typed as a text, as some exports leave it."""
_ROUNDED: Final = re.compile(
    r"[+-]? *[0-9]+(?:[.,][0-9]*)? *[eE] *[+-] *[0-9]+"
    r"|[+-]? *[0-9]+[.,][0-9]* *[eE] *[0-9]+"  # without a sign 12E5 may be somebody's card; with a fraction it is a number
    r"|[+-]? *[0-9]+(?:[.,][0-9]*)? *[xX*\u00d7] *10 *\^? *[+-]?[0-9]+"
)
_FRACTION: Final = re.compile(r"[0-9]{5,}[.,]0+")
_ERROR: Final = re.compile(r"#(?:N/A|NAME\?|NUM!|REF!|VALUE!|DIV/0!|NULL!|#+)", re.IGNORECASE)


def plain_text(cell: str) -> str:
    """Return the text that a cell stands for, without blanks around it. Raise ValueError if a program has spoiled it."""
    text = cell.strip()
    if not text:
        return ""
    if text[0] == "=" and (formula := _FORMULA.fullmatch(text)):
        text = formula[1].strip()
    elif text[0] == "'" and _APOSTROPHE.match(text):
        text = text[1:]
    if text.isdecimal() or text.isalpha() or (text.isascii() and text[0].isalpha()):  # nothing spoiled begins with a letter
        return text
    if _ROUNDED.fullmatch(" ".join(unicodedata.normalize("NFKC", text).split())):
        raise ValueError(f"{text} is a number that a spreadsheet has rounded, and its last digits are gone: make the column text there, "
                         "load the data again, and export it")  # fmt: skip
    if _FRACTION.fullmatch(text):
        raise ValueError(f"a program has written it as a number with a fraction ({text[-2:]} at its end): write its digits alone")
    if _ERROR.fullmatch(text):
        raise ValueError(f"{text} is a spreadsheet's mistake in a formula, no value")
    return text


def confidence(cell: str) -> float:
    """Return a confidence of 0 to 1, with a decimal point or comma; 1 for an empty cell. Raise ValueError for anything else."""
    text = cell.strip()
    try:
        found = float(text.replace(",", ".")) if text else 1.0
    except ValueError:
        raise ValueError(f"it must be a number of 0 to 1, and is {text!r}") from None
    if not 0 <= found <= 1:
        raise ValueError(f"it must be 0 to 1, and is {text}")
    return found
