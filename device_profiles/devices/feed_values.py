"""One value of a table `[[device.readings]]`: its path, and how it is written. Another form raises ProfileError with the path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from device_profiles.decoders import paths, scalars
from device_profiles.decoders.paths import PathScope
from device_profiles.decoders.timestamps import TimeForm, to_ns
from device_profiles.reading import Value
from footfall.config import Section
from footfall.errors import ProfileError

T = TypeVar("T")


def _is_path(text: str) -> str:
    paths.parse(text)
    return text


def as_table(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


PathText = Annotated[str, AfterValidator(_is_path)]
PathNames = tuple[PathText, ...]
"""Paths whose values, as far as present, are joined by dots to one name."""


def read_at(path: str, value: Any, read: Callable[..., T], *more: Any) -> T:
    """Return what `read` makes of the value at the path. Raise its ProfileError with the path before it."""
    try:
        return read(value, *more)
    except ProfileError as error:
        raise ProfileError(error.reason, f"{path}: {error}") from None


def found_at(path: str, scope: PathScope, read: Callable[..., T], *more: Any) -> T:
    """Return the value there as `read` makes it. Raise ProfileError with the path."""
    return read_at(path, paths.find(paths.parse(path), scope), read, *more)


class ValueAt(Section):
    path: PathText

    def find(self, scope: PathScope) -> Any:
        return paths.find(paths.parse(self.path), scope)


class IdentifierField(ValueAt):
    form: Literal["text", "lower", "mac", "hex"] = "text"

    def read(self, scope: PathScope) -> str:
        if self.form == "hex":
            return found_at(self.path, scope, scalars.hex_bytes).hex()
        text = found_at(self.path, scope, scalars.mac if self.form == "mac" else scalars.text)
        return text.lower() if self.form == "lower" else text


class EpcField(ValueAt):
    form: Literal["hex", "base64"] = "hex"

    def read(self, scope: PathScope) -> bytes:
        return found_at(self.path, scope, scalars.epc, self.form)


def as_tables(value: Any) -> Any:
    return [as_table(item) for item in value] if isinstance(value, list | tuple) else [as_table(value)]


class Number(ValueAt):
    scale: float = 1.0
    """Factor from the device's unit to ours."""


class Time(ValueAt):
    form: TimeForm = "iso8601"
    zone: Annotated[str, Field(pattern=r"^(|Z|[+-]\d\d:\d\d)\z")] = ""
    """The zone of texts without one; if absent, such texts are unread."""

    def read(self, scope: PathScope) -> int:
        value = self.find(scope)
        return 0 if value is None else read_at(self.path, value, to_ns, self.form, self.zone)


class Measured(ValueAt):
    scale: float | None = None
    """None: the value unchanged, a number, text or boolean."""

    def read(self, scope: PathScope) -> Value | None:
        value = self.find(scope)
        if value is None or (type(value) is bool and self.scale is None):
            return value
        if self.scale is None:
            if type(value) is int and abs(value) <= scalars.MAX_COUNT:
                return value
            return read_at(self.path, value, scalars.text) if type(value) is str else read_at(self.path, value, scalars.number)
        return read_at(self.path, value, scalars.number) * self.scale


AnyNumber = Annotated[Number, BeforeValidator(as_table)]
AnyMeasured = Annotated[Measured, BeforeValidator(as_table)]
AnyTime = Annotated[Time | None, BeforeValidator(as_table)]
