"""How the value of an identifier is written: one form for all spellings of one value, before it is hashed. Pure.

    normalised("phone", "+86 138-0000-1111") -> "8613800001111"
    normalised("email", " Kim@Example.COM ") -> "kim@example.com"
    has_one_spelling("member", "2041")       -> True: no normaliser changes it

What a normaliser does not recognise stays as it was written, without the blanks around it: a value is never refused here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, Literal

NormaliserName = Literal["exact", "lower", "phone", "email", "hex", "mac"]
Normaliser = Callable[[str, str], str]
"""Takes a value and the country code of numbers that are written without one; returns the value's one form."""
COUNTRY_CODE: Final = "86"
_NUMBER: Final = re.compile(r"(?:tel:)?[ (]*(\+?)([0-9 ()\[\]./·-]*[0-9][0-9 ()\[\]./·-]*)", re.IGNORECASE)
_FLOAT: Final = re.compile(r"([0-9]{6,})\.0+")
"""A number as spreadsheets and scripts write it that take it for a float."""
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[,'][0-9]{3}){2,}")
"""A number as spreadsheets show it that take it for an amount, 13,911,140,002."""
_SEVERAL: Final = re.compile(r"\s*(?:[/;,|&]|\bor\b|\band\b|和|或|、)\s*", re.IGNORECASE)
"""Between two numbers; a slash also stands within one, 030/12345678."""
_WHOLE: Final = re.compile(r"\+?[0-9]{7,}")
"""The form of a number by itself: one without its area has no fewer digits."""
_TRUNK: Final = re.compile(r"[(\[]0[)\]]")
"""The trunk digit that some write between country code and number, +44 (0)20 …"""
_CHINA: Final = "86"
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_MAC: Final = re.compile(r"[0-9a-f]{12}")
_HEX: Final = re.compile(r"[0-9a-f]+")
_NORTH_AMERICA: Final = "1"
_NATIONAL_DIGITS: Final = 10
_SEPARATORS: Final = str.maketrans("", "", ":-. ")


def exact(value: str, country_code: str = COUNTRY_CODE) -> str:
    """Return a value as it was written, without blanks and invisible characters around it."""
    if value.isalnum():
        return value
    begin, end = 0, len(value)
    while begin < end and _is_blank(value[begin]):
        begin += 1
    while end > begin and _is_blank(value[end - 1]):
        end -= 1
    return value[begin:end]


def lower(value: str, country_code: str = COUNTRY_CODE) -> str:
    """Return a value in small letters."""
    return exact(value).lower()


def phone(value: str, country_code: str = COUNTRY_CODE) -> str:
    """Return a phone number as digits with its country code, 8613800001111; what is not written as a number as it is.

    One of abroad that could be taken for one of home keeps its +, so that a form is always its own form. Of several numbers each has its
    form, 8613800001111/8613900002222: they are no one's.
    """
    if value.isascii() and value.isdigit() and value[0] != "0":
        return _with_country(value, country_code)
    plain = _in_ascii(value)
    if number := _FLOAT.fullmatch(plain):
        plain = number[1]
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "").replace("'", "")
    if len(parts := _SEVERAL.split(plain)) > 1:
        forms = dict.fromkeys(phone(each, country_code) for each in parts)
        if all(map(_WHOLE.fullmatch, forms)):
            return "/".join(forms)
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return exact(value)
    plus, digits = found[1], "".join(filter(str.isdigit, _TRUNK.sub("", found[2])))
    if not digits.strip("0"):
        return digits or "0"
    if plus or digits.startswith("00"):
        abroad = _without_trunk(digits.lstrip("0"))
        return abroad if _with_country(abroad, country_code) == abroad else f"+{abroad}"
    return _with_country(digits, country_code)


def email(value: str, country_code: str = COUNTRY_CODE) -> str:
    """Return an e-mail address in small letters, its full-width letters as usual ones."""
    return _in_ascii(value).lower().removeprefix("mailto:").strip("<> ")


def hexadecimal(value: str, country_code: str = COUNTRY_CODE) -> str:
    """Return the number of a tag or card as small hex digits without separators; what is no hex as it is."""
    digits = exact(value).lower().translate(_SEPARATORS)
    return digits if _HEX.fullmatch(digits) else exact(value)


def mac(value: str, country_code: str = COUNTRY_CODE) -> str:
    """Return a device's address as agents have it, a1:b2:c3:d4:e5:f6; what is none as it is."""
    digits = exact(value).lower().translate(_SEPARATORS)
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2)) if _MAC.fullmatch(digits) else exact(value)


NORMALISERS: Final[Mapping[NormaliserName, Normaliser]] = {
    "exact": exact, "lower": lower, "phone": phone, "email": email, "hex": hexadecimal, "mac": mac,
}  # fmt: skip


def normalised(name: NormaliserName, value: str, country_code: str = COUNTRY_CODE) -> str:
    """Return the one form of a value, by the normaliser of its type."""
    return NORMALISERS[name](value, country_code)


def has_one_spelling(id_type: str, value: str) -> bool:
    """Return whether no normaliser that its type may have changes a value: whoever hashes it as it is makes the gateway's subject."""
    possible: tuple[NormaliserName, ...] = ("mac",) if id_type == "mac" else ("exact", "lower", "phone", "email", "hex")
    return all(normalised(name, value) == value for name in possible)


def national(number: str) -> str:
    """Return a mobile number of China as it is written at home, 13800001111, by its one form; "" for any other."""
    rest = number.removeprefix(_CHINA)
    return rest if rest != number and _MOBILE.fullmatch(rest) else ""


def _is_blank(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"


def _in_ascii(value: str) -> str:
    """Return a text with usual letters and digits for full-width ones and those of other scripts, without invisible characters."""
    if value.isascii():
        return value.strip()
    usual = unicodedata.normalize("NFKC", value)
    return "".join(_usual(letter) for letter in usual if unicodedata.category(letter) != "Cf").strip()


def _usual(letter: str) -> str:
    if unicodedata.category(letter) == "Pd":
        return "-"
    if letter.isspace():
        return " "
    return letter if letter.isascii() or not letter.isdecimal() else str(unicodedata.decimal(letter))


def _without_trunk(digits: str) -> str:
    """Return an international number without the zero of home before a mobile number of China, +86 0138…"""
    rest = digits.removeprefix(_CHINA + "0")
    return _CHINA + rest if rest != digits and _MOBILE.fullmatch(rest) else digits


def _with_country(digits: str, country_code: str) -> str:
    """Return a number that was written without + or 00 with its country code, where it is clear that it has none."""
    if digits.startswith("0"):
        return country_code + digits.lstrip("0")
    if country_code == _CHINA and _MOBILE.fullmatch(digits):
        return country_code + digits
    if country_code == _NORTH_AMERICA and len(digits) == _NATIONAL_DIGITS:
        return country_code + digits
    return _without_trunk(digits)
