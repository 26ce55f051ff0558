"""Types of identifiers as the oracle knows them: the rules' own table, written out again, so that a slip in the product's data shows."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

DAY_MS: Final = 24 * 3600 * 1000
EVER_MS: Final = 10**17
CLASSES: Final = ("person", "payment", "contact", "device", "browser", "lent", "event", "unknown")
"""The strongest first; a browser's edge is the weakest of those that join, and is dropped first."""
CONTACT_QUIET_MS: Final = 90 * DAY_MS
"""A number that was not mentioned with its owner for so long may have been given to somebody else."""
CONTACT_UNSEEN_MS: Final = 730 * DAY_MS
HEARD_WITHIN_MS: Final = 30 * 60 * 1000
"""Who was lent something is heard with it within a store's visit timeout; whoever is heard with it first later may be anybody."""
LEAST_DISTINCT: Final = 5
BLOCKED: Final = frozenset({
    "", "-1", "null", "none", "nil", "undefined", "nan", "true", "false", "anonymous", "guest", "unknown", "invalid", "test",
    "[object object]", "test@test.com", "13800138000", "12345678901",
})  # fmt: skip
_NULL_MAC: Final = ("000000000000", "ffffffffffff")


class OracleType(NamedTuple):
    """`fans`: persons that one identifier may name at a time; `per_fan`: identifiers of this type that one fan may have."""

    klass: str
    fans: int
    per_fan: int
    joins: bool
    before_ms: int = EVER_MS
    after_ms: int = EVER_MS
    passes_on: bool = False
    """Whether the next fan's claim ends the one before: a number that a carrier gives again, a beacon that is handed on."""

    @property
    def strength(self) -> int:
        """0 is the strongest class."""
        return CLASSES.index(self.klass)


_TABLE: Final = (
    ("customer", OracleType("person", 1, 1, True)),
    ("member", OracleType("person", 1, 3, True)),
    ("wx-union", OracleType("person", 1, 1, True)),
    ("wx", OracleType("person", 1, 1, True)),
    ("shop", OracleType("person", 1, 1, True)),
    ("alipay", OracleType("payment", 1, 2, True)),
    ("card", OracleType("payment", 2, 5, False, 4 * 365 * DAY_MS, 4 * 365 * DAY_MS)),
    ("ibeacon", OracleType("device", 1, 3, True, passes_on=True)),
    ("nfc", OracleType("device", 1, 3, True, passes_on=True)),
    ("phone", OracleType("contact", 1, 3, True, passes_on=True)),
    ("email", OracleType("contact", 1, 5, True)),
    ("app", OracleType("browser", 1, 20, True, 30 * DAY_MS, 30 * DAY_MS)),
    ("web", OracleType("browser", 1, 20, True, 30 * DAY_MS, 30 * DAY_MS)),
    ("tag", OracleType("lent", 1, 1000, False, 0)),
    ("basket", OracleType("lent", 1, 1000, False, 0)),
    ("receipt", OracleType("event", 1, 1000, False, 0, 0)),
    ("order", OracleType("event", 1, 1000, False, 0, 0)),
    ("voucher", OracleType("event", 1, 1000, False, 0, 0)),
)
"""By what a type begins with, the most particular first; the place is the priority."""
_UNKNOWN: Final = OracleType("unknown", 1, 5, True)


def _row(identifier: str) -> int:
    name = identifier.partition(":")[0]
    for number, (head, _) in enumerate(_TABLE):
        if re.fullmatch(rf"{head}([.\-].+)?", name):
            return number
    return len(_TABLE)


def type_of(identifier: str) -> OracleType:
    """Return the type of `type:value`."""
    number = _row(identifier)
    return _TABLE[number][1] if number < len(_TABLE) else _UNKNOWN


def priority(identifier: str) -> int:
    """Return the place of an identifier's type; 0 is the highest."""
    return _row(identifier)


def normal(identifier: str) -> str:
    """Return an identifier in the one spelling that counts; "" if its value is blocked."""
    kind, _, value = identifier.partition(":")
    value = unicodedata.normalize("NFKC", value).strip()
    if kind == "phone":
        value = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", re.sub(r"[\s\-()]", "", value))
    elif kind == "email":
        value = value.lower()
    return "" if _is_blocked(value) else f"{kind}:{value}"


def _is_blocked(value: str) -> bool:
    low = value.lower()
    bare = re.sub(r"[:\-]", "", low)
    alike = len(set(low)) == 1 and low.isdigit() and len(low) > 4
    return low in BLOCKED or "*" in low or bare in _NULL_MAC or alike or low.startswith("noreply@") or set(low) == {"0"}
