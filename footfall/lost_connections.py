"""Why a broker's connection is lost or refused, in words: paho's codes, sockets and TLS alerts, for agent and gateway alike.

    why_lost(code, last_error) -> str      # from paho's `on_disconnect` or `on_connect`, and its log line before
    in_words(error) -> str                 # from an exception while connecting

paho reports every socket error as "Unspecified error" and writes the cause to its log; `last_error` is that line.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import Final

from paho.mqtt.reasoncodes import ReasonCode

UNSPECIFIED: Final = "Unspecified error"
TAKEN_OVER: Final = 0x8E
"""MQTT 5: another client connected under the same id."""
PACKET_TOO_LARGE: Final = 0x95

_NO_WORD: Final = "the broker ended the TLS connection without a word, as it does where our certificate was revoked or has expired"
"""TLS 1.3: the peer's verdict on a client's certificate comes after the handshake, and is lost if it disconnects at once."""
_TLS: Final = (
    ("CERTIFICATE_EXPIRED", "the other side says that our certificate has expired"),
    ("CERTIFICATE_REVOKED", "the other side says that our certificate was revoked"),
    ("UNKNOWN_CA", "the other side does not know the authority that issued our certificate"),
    ("CERTIFICATE_REQUIRED", "the broker asks for a certificate, and we have none to show"),
    ("BAD_CERTIFICATE", "the other side does not take our certificate"),
    ("CERTIFICATE_UNKNOWN", "the other side does not take our certificate"),
    ("UNSUPPORTED_CERTIFICATE", "the other side does not take this kind of certificate"),
    ("ACCESS_DENIED", "the other side does not let our certificate in"),
    ("DECRYPT_ERROR", "our key does not fit our certificate, says the other side"),
    ("KEY_VALUES_MISMATCH", "our key does not fit our certificate"),
    ("HANDSHAKE_FAILURE", "the two sides agree on no TLS; the broker may ask for a certificate"),
    ("PROTOCOL_VERSION", "the two sides have no version of TLS in common"),
    ("WRONG_VERSION_NUMBER", "the broker does not speak TLS on this port"),
    ("RECORD_LAYER_FAILURE", "the broker does not speak TLS on this port"),
    ("UNEXPECTED_EOF", _NO_WORD),
    ("EOF occurred in violation of protocol", _NO_WORD),
    ("certificate has expired", "the broker's certificate has expired, or this machine's clock is wrong"),
    ("certificate is not yet valid", "the broker's certificate is not valid yet by this machine's clock: is the clock right?"),
    ("certificate revoked", "the broker's certificate was revoked"),
    ("ostname mismatch", "the broker's certificate is of another name than the host we connect to"),
    ("IP address mismatch", "the broker's certificate is of another address than the host we connect to"),
    ("self-signed certificate", "the broker's certificate was not issued by an authority in ca_file"),
    ("self signed certificate", "the broker's certificate was not issued by an authority in ca_file"),
    ("unable to get local issuer", "the broker's certificate was not issued by an authority in ca_file"),
    ("CERTIFICATE_VERIFY_FAILED", "the broker's certificate is not trusted"),
    ("NO_CERTIFICATE_OR_CRL_FOUND", "there is no PEM certificate in ca_file"),
    ("Connection reset", "the broker ended the connection without a word"),
    ("Connection refused", "nothing listens there"),
    ("timed out", "no answer in time"),
)
_CALLS: Final = re.compile(r"^(failed to (receive|send) on socket|Caught exception in [\w ]+): ")


def in_words(error: BaseException) -> str:
    """Return what an exception while connecting means, followed by its own message."""
    if isinstance(error, socket.gaierror):
        return f"the host's name is not known ({error.strerror})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _told(error.verify_message or str(error))
    return _told(str(error) or type(error).__name__)


def why_lost(code: ReasonCode, last_error: str) -> str:
    """Return the reason, never "Unspecified error": the broker's code, else the socket's error, else that there was none."""
    name = str(code)
    if code.value not in (0, 0x80) or name not in (UNSPECIFIED, "Normal disconnection", "Success"):
        return name
    if last_error:
        return _told(_CALLS.sub("", last_error))
    return "the broker ended the connection without a word" if name != "Normal disconnection" else "the broker said goodbye"


def _told(text: str) -> str:
    for sign, words in _TLS:
        if sign in text:
            return f"{words} ({text})"
    return text
