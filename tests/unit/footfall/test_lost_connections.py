"""Reasons of lost connections, in words that help."""

from __future__ import annotations

import socket
import ssl

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from footfall.lost_connections import UNSPECIFIED, in_words, why_lost


def lost(name: str = UNSPECIFIED) -> ReasonCode:
    return ReasonCode(PacketTypes.DISCONNECT, name)


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        (
            "failed to receive on socket: [SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired (_ssl.c:2580)",
            "has expired",
        ),
        ("failed to receive on socket: [SSL: SSLV3_ALERT_CERTIFICATE_REVOKED] sslv3 alert (_ssl.c:2580)", "was revoked"),
        ("failed to receive on socket: [SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)", "does not know the authority"),
        ("failed to receive on socket: [SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert (_ssl.c:2580)", "asks for a certificate"),
        ("failed to receive on socket: [Errno 104] Connection reset by peer", "without a word"),
        ("failed to receive on socket: EOF occurred in violation of protocol (_ssl.c:2427)", "our certificate was revoked or has expired"),
        ("failed to receive on socket: [Errno 113] No route to host", "No route to host"),
        ("", "the broker ended the connection without a word"),
    ],
)
def test_unspecified_error_is_never_the_reason(logged: str, words: str) -> None:
    told = why_lost(lost(), logged)
    assert words in told
    assert UNSPECIFIED not in told
    assert "failed to receive" not in told


def test_what_the_broker_reports_goes_before_what_the_socket_reports() -> None:
    assert why_lost(lost("Session taken over"), "failed to receive on socket: x") == "Session taken over"
    assert why_lost(lost("Keep alive timeout"), "") == "Keep alive timeout"
    assert why_lost(ReasonCode(PacketTypes.CONNACK, "Not authorized"), "") == "Not authorized"


def test_errors_at_connecting_are_reported_in_words() -> None:
    clock = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    clock.verify_message = "certificate is not yet valid"
    assert "is the clock right?" in in_words(clock)
    assert "does not fit" in in_words(ssl.SSLError(1, "[X509: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:4046)"))
    assert "host's name is not known" in in_words(socket.gaierror(-2, "Name or service not known"))
    assert in_words(ConnectionRefusedError(111, "Connection refused")).startswith("nothing listens there")
    assert in_words(TimeoutError()) == "TimeoutError"
