"""The agent's own certificate, read again whenever its file has changed.

identity = TlsIdentity(tls, agent)   # None: no TLS
identity.ends_s                   # seconds since 1970; None: there is no certificate, or it cannot be read
identity.problems(now_s)          # of footfall/certificates.py: it has ended, ends soon, or is another agent's
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from footfall.broker import Tls
from footfall.certificates import Certificate, ends_text, read_certificate
from footfall.errors import ConfigError

log = logging.getLogger("footfall.agent.publisher")


class TlsIdentity:
    """The certificate of one `[broker.tls]`."""

    def __init__(self, tls: Tls | None, agent: str) -> None:
        """`agent`: whom the certificate must name, since a broker lets it write the topics of that name alone."""
        self._agent: Final = agent
        self._file: Final[Path | None] = tls.cert_file if tls else None
        self._changed_ns = -1
        self._certificate: Certificate | None = None

    @property
    def name(self) -> str:
        """Return whom the certificate names; "": there is none, or it cannot be read."""
        certificate = self._current()
        return certificate.common_name if certificate else ""

    @property
    def ends_s(self) -> int | None:
        certificate = self._current()
        return certificate.ends_s if certificate else None

    def problems(self, now_s: float) -> dict[str, str]:
        certificate = self._current()
        if certificate is None:
            return {}
        ending = ends_text(certificate, now_s)
        found = {ending.code: f"{self._file}: {ending.text}"} if ending else {}
        return found | ({"certificate_wrong": self._of_another(certificate)} if certificate.common_name != self._agent else {})

    def _of_another(self, certificate: Certificate) -> str:
        return (
            f"{self._file}: names {certificate.common_name!r}, not this agent, {self._agent!r}: the broker lets it write the topics of the"
            " one that it names. Set broker.tls.cert_file and key_file to this agent's own"
        )

    def _current(self) -> Certificate | None:
        if self._file is None:
            return None
        try:
            changed_ns = self._file.stat().st_mtime_ns
            if changed_ns != self._changed_ns:
                self._changed_ns = changed_ns
                self._certificate = read_certificate(self._file)
                if self._certificate.common_name != self._agent:
                    log.error("%s", self._of_another(self._certificate))
        except ConfigError as error:
            self._certificate = None
            log.warning("%s", error)
        except OSError:
            self._certificate, self._changed_ns = None, -1
        return self._certificate
