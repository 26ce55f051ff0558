"""Checks of a TLS identity on disk before a broker refuses it; the caller gives the time.

    read_certificate(path) -> Certificate
    findings(ca_file, cert_file, key_file, now_s, common_name) -> Iterator[Finding]   # what is wrong, or will be within 30 days
    client_context(ca_file, cert_file, key_file) -> SSLContext   # from the files as they are now; ConfigError names an unusable one

The library that reads certificates is loaded on first use: a process without TLS does not hold it.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from footfall.errors import ConfigError

ENDS_SOON_S: Final = 30 * 86_400


class Certificate(NamedTuple):
    """Whom a certificate names, and when its validity begins and ends (seconds since 1970)."""

    common_name: str
    begins_s: int
    ends_s: int


class Finding(NamedTuple):
    """`code`: `certificate_expired` and `certificate_ends` (soon) are problems of `footfall status`; `certificate_wrong` is unusable."""

    code: str
    text: str


def read_certificate(path: Path) -> Certificate:
    """Return the first certificate in a PEM file. Raise ConfigError, which names the file and what is wrong with it."""
    try:
        from cryptography import x509  # of the extras, and large: loaded only with certificates
    except ModuleNotFoundError:
        raise ConfigError("certificates cannot be read: pip install 'footfall[edge]' or 'footfall[gateway]'") from None
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: the certificate cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{path}: there is no PEM certificate in it") from None
    names = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    begins_s, ends_s = (int(moment.timestamp()) for moment in (found.not_valid_before_utc, found.not_valid_after_utc))
    return Certificate(str(names[0].value) if names else "", begins_s, ends_s)


def findings(ca_file: Path | None, cert_file: Path | None, key_file: Path | None, now_s: float, common_name: str = "") -> Iterator[Finding]:
    """Yield what is wrong with the files of a section such as `[broker.tls]`. `common_name`: whom the certificate must name; "": anybody.

    A server has no `ca_file`, and a client that names itself otherwise has nothing else.
    """
    if ca_file is not None:
        yield from _wrong_authority(ca_file)
    if cert_file is None and key_file is None:
        return
    if cert_file is None or key_file is None:
        yield Finding("certificate_wrong", "cert_file and key_file belong together: one of them is missing")
        return
    try:
        certificate = read_certificate(cert_file)
    except ConfigError as error:
        yield Finding("certificate_wrong", str(error))
        return
    yield from _wrong_key(cert_file, key_file)
    if common_name and certificate.common_name != common_name:
        yield Finding("certificate_wrong", f"{cert_file}: names {certificate.common_name!r}, not {common_name!r}")
    yield from _wrong_dates(cert_file, certificate, now_s)


def client_context(ca_file: Path, cert_file: Path | None = None, key_file: Path | None = None) -> ssl.SSLContext:
    """Return a TLS client's context. Raise ConfigError, which names an unusable file; there is no prompt for a password."""
    broken = [*_wrong_authority(ca_file)]
    if cert_file is not None and key_file is not None:
        broken += [*_no_certificate(cert_file)] or [*_wrong_key(cert_file, key_file)]
    if broken:
        raise ConfigError(broken[0].text)
    context = ssl.create_default_context(cafile=ca_file)
    if cert_file is not None and key_file is not None:
        context.load_cert_chain(cert_file, key_file)
    return context


def ends_text(certificate: Certificate, now_s: float) -> Finding | None:
    """Return the problem of a certificate that has ended or ends within 30 days; else None."""
    day = f"{datetime.fromtimestamp(certificate.ends_s, UTC):%Y-%m-%d %H:%M} UTC"
    if now_s > certificate.ends_s:
        return Finding("certificate_expired", f"the certificate ended on {day}")
    if now_s > certificate.ends_s - ENDS_SOON_S:
        return Finding("certificate_ends", f"the certificate ends on {day}")
    return None


def _wrong_authority(ca_file: Path) -> Iterator[Finding]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        yield Finding("certificate_wrong", f"{ca_file}: there is no PEM certificate of an authority in it")
    except OSError as error:
        yield Finding("certificate_wrong", f"{ca_file}: the authority's certificate cannot be read: {error.strerror}")


def _no_certificate(cert_file: Path) -> Iterator[Finding]:
    try:
        text = cert_file.read_bytes()
    except OSError as error:
        yield Finding("certificate_wrong", f"{cert_file}: the certificate cannot be read: {error.strerror}")
        return
    if b"-----BEGIN CERTIFICATE-----" not in text:
        yield Finding("certificate_wrong", f"{cert_file}: there is no PEM certificate in it")


def _wrong_key(cert_file: Path, key_file: Path) -> Iterator[Finding]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, _no_password)
    except ConfigError:
        yield Finding("certificate_wrong", f"{key_file}: the key is encrypted, and nobody is there to type its password")
    except ssl.SSLError as error:
        fits = "MISMATCH" not in (error.reason or "")
        yield Finding(
            "certificate_wrong",
            f"{key_file}: there is no PEM key in it" if fits else f"{key_file}: this key does not fit the certificate {cert_file}",
        )
    except OSError as error:
        yield Finding("certificate_wrong", f"{key_file}: the key cannot be read: {error.strerror}")


def _no_password() -> NoReturn:
    """Refuse encrypted keys: without this OpenSSL would prompt on the terminal."""
    raise ConfigError("encrypted")


def _wrong_dates(cert_file: Path, certificate: Certificate, now_s: float) -> Iterator[Finding]:
    if now_s < certificate.begins_s:
        begins = datetime.fromtimestamp(certificate.begins_s, UTC)
        yield Finding("certificate_wrong", f"{cert_file}: holds from {begins:%Y-%m-%d %H:%M} UTC on; is this machine's clock right?")
    elif ending := ends_text(certificate, now_s):
        yield Finding(ending.code, f"{cert_file}: {ending.text}")
