"""Keys come one by one from a terminal."""

from __future__ import annotations

import os
import pty
import termios

import pytest

from footfall.errors import ConfigError
from simulators.calibration.live_keys import keys_at, single_keys


def test_a_key_comes_without_the_end_of_a_line_and_the_terminal_is_as_it_was() -> None:
    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal, "r") as stream:
        before = termios.tcgetattr(stream.fileno())
        with single_keys(stream) as number:
            assert keys_at(number, 0.0) == ""
            os.write(keyboard, b"1c")
            assert keys_at(number, 10.0) == "1c"
        assert termios.tcgetattr(stream.fileno()) == before
    os.close(keyboard)


def test_the_end_of_the_terminal_ends_the_walk() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    assert keys_at(reading, 10.0) == "q"
    os.close(reading)


def test_what_is_no_terminal_is_refused() -> None:
    with open("/dev/null") as stream, pytest.raises(ConfigError, match="needs a terminal"), single_keys(stream):  # noqa: PTH123 # a device
        raise AssertionError
