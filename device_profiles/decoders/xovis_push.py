"""Xovis pushes whose content is null, as `{"connection_test": null}`, with an empty one: a path leads to no null. Pure."""

from __future__ import annotations

from typing import Any, Final

_PUSHES: Final = frozenset({"connection_test", "status_data", "live_data", "wifi_bt_data"})


def unwrap(document: Any) -> Any:
    """Return the push, or the list of them, with an empty table where a push is null; the document itself if it has none."""
    if isinstance(document, list):
        return [_filled(push) for push in document]
    return _filled(document)


def _filled(push: Any) -> Any:
    if not isinstance(push, dict) or not any(push.get(name, push) is None for name in _PUSHES):
        return push
    return {name: {} if value is None and name in _PUSHES else value for name, value in push.items()}
