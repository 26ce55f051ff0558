"""The agent's own certificate, read again whenever its file has changed.

identity = Identity(tls)          # None: no TLS
identity.ends_s                   # seconds since 1970; None: there is no certificate, or it cannot be read
identity.problems(now_s)          # of footfall/certificates.py: it has ended, or ends soon
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

    def __init__(self, tls: Tls | None) -> None:
        self._file: Final[Path | None] = tls.cert_file if tls else None
        self._changed_ns = -1
        self._certificate: Certificate | None = None

    @property
    def ends_s(self) -> int | None:
        certificate = self._current()
        return certificate.ends_s if certificate else None

    def problems(self, now_s: float) -> dict[str, str]:
        certificate = self._current()
        ending = ends_text(certificate, now_s) if certificate else None
        return {ending.code: f"{self._file}: {ending.text}"} if ending else {}

    def _current(self) -> Certificate | None:
        if self._file is None:
            return None
        try:
            changed_ns = self._file.stat().st_mtime_ns
            if changed_ns != self._changed_ns:
                self._changed_ns = changed_ns
                self._certificate = read_certificate(self._file)
        except ConfigError as error:
            self._certificate = None
            log.warning("%s", error)
        except OSError:
            self._certificate, self._changed_ns = None, -1
        return self._certificate
