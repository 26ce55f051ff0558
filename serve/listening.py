"""The address of `footfall serve`, had before the application is loaded: one that is taken is said in half the time, and cheaply each time
that a gateway starts it again.
"""

from __future__ import annotations

import errno
import socket
from typing import Final

from footfall.errors import AddressTaken, ConfigError
from serve.config import Listen

_ELSEWHERE: Final = "choose another listen.port in serve.toml, or serve.port in gateway.toml where the gateway starts it"


def bound(listen: Listen) -> socket.socket:
    """Return the socket of that address. ConfigError, such as AddressTaken: it cannot be had."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((listen.host, listen.port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        kind = AddressTaken if error.errno == errno.EADDRINUSE else ConfigError
        raise kind(f"listen: cannot listen on {listen.host}:{listen.port}: {error.strerror}; {_ELSEWHERE}") from None
    return sock
