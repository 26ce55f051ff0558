"""TLS identities on disk: what is wrong with them is reported before a broker refuses them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from footfall.certificates import ENDS_SOON_S, client_context, ends_text, findings, read_certificate
from footfall.errors import ConfigError

BEGINS = datetime.now(UTC).replace(microsecond=0, second=0, minute=0, hour=0) - timedelta(days=1)
ENDS = BEGINS + timedelta(days=365)
NOW_S = BEGINS.timestamp() + 86_400


def issue(folder: Path, name: str, stem: str = "own", password: bytes | None = None) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = builder.serial_number(1).not_valid_before(BEGINS).not_valid_after(ENDS).sign(key, hashes.SHA256())
    sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    certificate, secret = folder / f"{stem}.crt", folder / f"{stem}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed))
    return certificate, secret


def texts(ca: Path, cert: Path | None, key: Path | None, now_s: float = NOW_S, name: str = "a1") -> list[tuple[str, str]]:
    return [(finding.code, finding.text) for finding in findings(ca, cert, key, now_s, name)]


def test_a_certificate_shows_whom_it_names_and_how_long_it_holds(tmp_path: Path) -> None:
    certificate, _ = issue(tmp_path, "a1")
    assert read_certificate(certificate) == ("a1", int(BEGINS.timestamp()), int(ENDS.timestamp()))


def test_what_fits_has_no_findings(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, "a1")
    assert texts(certificate, certificate, key) == []
    assert texts(certificate, None, None) == []


def test_a_key_of_another_certificate_is_named(tmp_path: Path) -> None:
    certificate, _ = issue(tmp_path, "a1")
    _, other = issue(tmp_path, "a1", "other")
    assert texts(certificate, certificate, other) == [
        ("certificate_wrong", f"{other}: this key does not fit the certificate {certificate}")
    ]


def test_another_name_in_the_certificate_is_reported(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, "a2")
    assert texts(certificate, certificate, key) == [("certificate_wrong", f"{certificate}: names 'a2', not 'a1'")]
    assert texts(certificate, certificate, key, name="") == []


@pytest.mark.parametrize(
    ("now_s", "code"),
    [
        (BEGINS.timestamp() - 1, "certificate_wrong"),
        (ENDS.timestamp() - ENDS_SOON_S - 1, ""),
        (ENDS.timestamp() - ENDS_SOON_S + 1, "certificate_ends"),
        (ENDS.timestamp() + 1, "certificate_expired"),
    ],
)
def test_dates_are_held_against_the_clock(tmp_path: Path, now_s: float, code: str) -> None:
    certificate, key = issue(tmp_path, "a1")
    assert [found for found, _ in texts(certificate, certificate, key, now_s)] == ([code] if code else [])


def test_files_that_are_none_are_named_each(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, "a1")
    rubbish, missing = tmp_path / "rubbish", tmp_path / "missing"
    rubbish.write_text("no PEM")
    assert texts(rubbish, certificate, key) == [("certificate_wrong", f"{rubbish}: there is no PEM certificate of an authority in it")]
    assert [code for code, _ in texts(missing, rubbish, key)] == ["certificate_wrong", "certificate_wrong"]
    assert texts(certificate, certificate, rubbish) == [("certificate_wrong", f"{rubbish}: there is no PEM key in it")]
    assert "cannot be read" in texts(certificate, certificate, missing)[0][1]
    assert "belong together" in texts(certificate, certificate, None)[0][1]
    with pytest.raises(ConfigError, match="missing: the certificate cannot be read"):
        read_certificate(missing)


def test_an_encrypted_key_asks_nobody_on_a_terminal(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, "a1", password=b"secret")
    assert texts(certificate, certificate, key) == [
        ("certificate_wrong", f"{key}: the key is encrypted, and nobody is there to type its password")
    ]


def test_what_ends_soon_is_a_problem_of_status(tmp_path: Path) -> None:
    certificate = read_certificate(issue(tmp_path, "a1")[0])
    assert ends_text(certificate, NOW_S) is None
    soon, late = ends_text(certificate, ENDS.timestamp() - 9), ends_text(certificate, ENDS.timestamp() + 9)
    assert soon == ("certificate_ends", f"the certificate ends on {ENDS:%Y-%m-%d %H:%M} UTC")
    assert late == ("certificate_expired", f"the certificate ended on {ENDS:%Y-%m-%d %H:%M} UTC")


def test_a_context_is_of_the_files_as_they_are_or_names_the_one_that_is_broken(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, "a1")
    rubbish, missing = tmp_path / "rubbish", tmp_path / "missing"
    rubbish.write_text("half a file")
    assert client_context(certificate, certificate, key).check_hostname
    for files, broken in (
        ((rubbish, certificate, key), rubbish),
        ((certificate, missing, key), missing),
        ((certificate, rubbish, key), rubbish),
        ((certificate, certificate, rubbish), rubbish),
        ((certificate, certificate, issue(tmp_path, "a1", "other", b"secret")[1]), tmp_path / "other.key"),
    ):
        with pytest.raises(ConfigError, match=str(broken)):
            client_context(*files)
