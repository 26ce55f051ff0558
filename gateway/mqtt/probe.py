"""Whether the broker lets a gateway in: asked once, beside the gateway that may run.

It comes under ids of its own. Where a broker takes the certificate's or the user's name for the client id, two of them are one client;
a gateway that runs has two other ids, so that it is not pushed off even then.
"""

from __future__ import annotations

import select
import time
from secrets import token_hex
from typing import Final

from footfall.topics import wildcard
from gateway.config import GatewayBroker
from gateway.mqtt.connection import Connection
from gateway.mqtt.own_rival import agents_port

PUSHED_OFF_S: Final = 1.0
"""How soon a broker ends the one when the other has come."""


def refusal(broker: GatewayBroker, limit_s: float) -> str:
    """Return why a gateway with these settings could not work, "" if it could. OSError and ConfigError for unusable files."""
    one, other = (Connection(broker, f"{broker.client_id}-check-{token_hex(4)}", [wildcard("frames")], False) for _ in range(2))
    try:
        why = one.enter(limit_s)
        if why or not _has_name(broker):
            return why
        return other.enter(limit_s) or ("" if _stays(one) else agents_port(f"{broker.host}:{broker.port}"))
    finally:
        one.close()
        other.close()


def _has_name(broker: GatewayBroker) -> bool:
    return broker.username is not None or (broker.tls is not None and broker.tls.cert_file is not None)


def _stays(connection: Connection) -> bool:
    ends_s = time.monotonic() + PUSHED_OFF_S
    while (sock := connection.socket()) is not None and time.monotonic() < ends_s:
        if sock.has_more() or select.select([sock], [], [], 0.1)[0]:
            connection.read()
    return connection.connected
