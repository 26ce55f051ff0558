"""Why a scan failed, in words: what, where, what to do."""

from __future__ import annotations

import errno
import os
from typing import Final

from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError
from dbus_fast.errors import AuthError, InvalidAddressError

DEFAULT_BUS: Final = "unix:path=/run/dbus/system_bus_socket"


class ScannerFault(OSError):
    """`strerror` is the whole reason; it contains nothing that a device sent."""


_BY_NAME: Final[dict[str, tuple[int, str]]] = {
    "org.bluez.Error.NotReady": (errno.ENETDOWN, "adapter {adapter} is off: `bluetoothctl power on`, or `rfkill unblock bluetooth`"),
    "org.bluez.Error.InProgress": (errno.EBUSY, "adapter {adapter} is busy with another scan: `systemctl restart bluetooth`"),
    "org.freedesktop.DBus.Error.ServiceUnknown": (
        errno.ECONNREFUSED, "bluetoothd is not running: `systemctl start bluetooth` (the package is bluez)",
    ),
    "org.freedesktop.DBus.Error.NameHasNoOwner": (errno.ECONNREFUSED, "bluetoothd is not running: `systemctl start bluetooth`"),
    "org.freedesktop.DBus.Error.NoReply": (errno.ETIMEDOUT, "bluetoothd does not answer: `systemctl restart bluetooth`"),
    "org.freedesktop.DBus.Error.AccessDenied": (
        errno.EACCES, "this user may not speak to bluetoothd: add it to the group bluetooth (`usermod -aG bluetooth USER`), log in again",
    ),
}  # fmt: skip
_BY_NAME["org.bluez.Error.NotPermitted"] = _BY_NAME["org.bluez.Error.NotAuthorized"] = _BY_NAME["org.freedesktop.DBus.Error.AccessDenied"]


def explain(error: Exception, adapter: str) -> ScannerFault:
    """Return the fault for an error that bleak or D-Bus raised."""
    if isinstance(error, ScannerFault):
        return error
    if isinstance(error, BleakDBusError):
        code, text = _BY_NAME.get(error.dbus_error, (errno.EIO, f"adapter {{adapter}}: bluetoothd reports {error.dbus_error}"))
        return ScannerFault(code, text.format(adapter=adapter))
    if isinstance(error, AuthError | BleakBluetoothNotAvailableError):
        return ScannerFault(errno.EACCES, f"{_bus()} refuses this user: in a container, mount the socket and run as the same user")
    if isinstance(error, BleakError):
        return ScannerFault(errno.EOPNOTSUPP, f"adapter {adapter}: a passive scan needs BlueZ 5.56 with --experimental and Linux 5.10")
    if isinstance(error, TimeoutError):
        return ScannerFault(errno.ETIMEDOUT, "bluetoothd does not answer: `systemctl restart bluetooth`")
    if isinstance(error, InvalidAddressError):
        return ScannerFault(errno.EINVAL, f"DBUS_SYSTEM_BUS_ADDRESS is no D-Bus address: {_bus()}")
    if isinstance(error, PermissionError):
        return ScannerFault(errno.EACCES, f"{_bus()} may not be opened by this user")
    if isinstance(error, OSError):
        return ScannerFault(errno.ENOENT, f"there is no D-Bus at {_bus()}: is the service dbus running? In a container, mount its socket")
    return ScannerFault(errno.ECONNRESET, "the connection to D-Bus was lost")


def _bus() -> str:
    return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", DEFAULT_BUS)
