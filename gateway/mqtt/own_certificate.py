"""Whether the gateway shows a certificate of its own to the broker."""

from __future__ import annotations

from collections.abc import Collection

from footfall.broker import Tls
from footfall.certificates import read_certificate
from footfall.errors import ConfigError


def of_an_agent(tls: Tls | None, agents: Collection[str]) -> str:
    """Return what is wrong with a gateway's certificate that names one of the agents; "" for any other, or an unreadable one."""
    if tls is None or tls.cert_file is None:
        return ""
    try:
        name = read_certificate(tls.cert_file).common_name
    except ConfigError:
        return ""  # whoever checks the files names it
    if name not in agents:
        return ""
    return (
        f"{tls.cert_file}: names {name!r}, an agent of site.toml: the broker lets it read and write what that agent may, and neither frames"
        " nor receipts. Set broker.tls.cert_file and key_file to the gateway's own"
    )
