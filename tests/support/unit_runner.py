#!/usr/bin/env python3
"""A stand-in for systemctl where no systemd runs: it starts, reloads and stops units as their files have it.

Each command of a unit runs as its user, with its groups, folders, umask, environment and sandbox: a file system that is read only but for
the unit's state, no home folders, a /tmp of its own, no capabilities. It needs root, in a mount namespace of its own. Output goes to
/var/log/units. It starts nothing again by itself.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

FOLDERS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
RUNNING, LOGS = Path("/run/units"), Path("/var/log/units")
WAIT_S = 60.0

_STRICT = """
for at in $(cut -d ' ' -f 5 /proc/self/mountinfo | sort -u); do
    case $at in /proc*|/sys*|/dev*{kept}) ;; *) ! mountpoint -q "$at" || mount -o remount,bind,ro "$at" ;; esac
done
"""


class Unit:
    """The keys of a unit's file; each has all of its values, an empty one forgets those before it."""

    def __init__(self, name: str) -> None:
        self.name = name.removesuffix(".service")
        path = next((path for folder in FOLDERS if (path := folder / f"{self.name}.service").exists()), None)
        if path is None:
            sys.exit(f"Unit {self.name}.service not found.")
        self.keys: dict[str, list[str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.keys[key] = [*self.keys.get(key, []), value] if value else []

    def one(self, key: str, default: str = "") -> str:
        return (self.keys.get(key) or [default])[-1]

    def is_on(self, key: str) -> bool:
        return self.one(key) in ("true", "yes", "strict")

    @property
    def pid_file(self) -> Path:
        return RUNNING / f"{self.name}.pid"

    def pid(self) -> int:
        """Of the main process; 0 if it does not run."""
        try:
            pid = int(self.pid_file.read_text())
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            return 0
        return 0 if state == "Z" else pid

    def environment(self) -> dict[str, str]:
        found = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        for value in self.keys.get("EnvironmentFile", []):
            path = Path(value.removeprefix("-"))
            if path.exists() or not value.startswith("-"):
                lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
                found |= dict(line.split("=", 1) for line in lines)
        return found

    def make_folders(self) -> None:
        user, group = self.one("User", "root"), self.one("Group", self.one("User", "root"))
        for name in self.one("StateDirectory").split():
            mode = self.one("StateDirectoryMode", "0755")
            subprocess.run(["install", "-d", "-o", user, "-g", group, "-m", mode, f"/var/lib/{name}"], check=True)

    def command(self, line: str) -> list[str]:
        """A command as the unit runs it."""
        mounts = ""
        kept = [f"/var/lib/{name}" for name in self.one("StateDirectory").split()]
        for path in kept:
            mounts += f"mount --bind {path} {path}\n"
        if self.is_on("PrivateTmp"):
            mounts += "mount -t tmpfs -o mode=1777 tmp /tmp\nmount -t tmpfs -o mode=1777 tmp /var/tmp\n"
            kept += ["/tmp", "/var/tmp"]  # noqa: S108  # of the unit's own
        if self.is_on("ProtectHome"):
            mounts += "for home in /root /home; do mount -t tmpfs -o mode=000,ro tmp $home; done\n"
        if self.one("ProtectSystem") == "strict":
            mounts += _STRICT.format(kept="".join(f"|{path}" for path in kept))
        run = shlex.join(self._as_user() + shlex.split(line.replace("$MAINPID", str(self.pid()))))
        folder = self.one("WorkingDirectory", "/")
        script = f"set -e\n{mounts}cd {folder}\numask {self.one('UMask', '0022')}\nexec {run}"
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]

    def _as_user(self) -> list[str]:
        user = self.one("User")
        if not user:
            return []
        groups = ",".join(self.keys.get("SupplementaryGroups", []))
        privileges = ["--no-new-privs"] if self.is_on("NoNewPrivileges") else []
        bounds = ["--bounding-set=-all"] if "CapabilityBoundingSet" in self.keys else []
        own = ["--groups", groups] if groups else ["--clear-groups"]
        return ["setpriv", "--reuid", user, "--regid", self.one("Group", user), *own, "--inh-caps=-all", *bounds, *privileges, "--"]

    def run(self, key: str) -> None:
        """Run each command of a key to its end."""
        for line in self.keys.get(key, []):
            done = subprocess.run(self.command(line), env=self.environment(), capture_output=True, text=True, check=False)
            self.log(done.stdout + done.stderr)
            if done.returncode:
                sys.exit(f"{self.name}: {key}={line} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def log(self, text: str) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{self.name}.log").open("a") as file:
            file.write(text)

    def start(self) -> None:
        if self.pid():
            return
        self.make_folders()
        self.run("ExecStartPre")
        environment, notified = self.environment(), None
        if self.one("Type") == "notify":
            notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            address = RUNNING / f"{self.name}.notify"
            address.unlink(missing_ok=True)
            notified.bind(str(address))
            address.chmod(0o777)  # the process may be another user's by then
            environment["NOTIFY_SOCKET"] = str(address)
        self.log("")
        with (LOGS / f"{self.name}.log").open("ab") as out:
            child = subprocess.Popen(
                self.command(self.one("ExecStart")),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.pid_file.write_text(str(child.pid))
        if notified is not None:
            notified.settimeout(WAIT_S)
            while b"READY=1" not in notified.recv(4096):
                pass

    def stop(self) -> None:
        pid, ends_s = self.pid(), time.monotonic() + WAIT_S
        if pid:
            os.kill(pid, signal.SIGTERM)
        while pid and self.pid() and time.monotonic() < ends_s:
            time.sleep(0.05)
        if pid and self.pid():
            sys.exit(f"{self.name} does not end")

    def reload(self) -> None:
        if not self.pid():
            sys.exit(f"{self.name} is not active, cannot reload.")
        self.run("ExecReload")


def main(arguments: list[str]) -> None:
    RUNNING.mkdir(parents=True, exist_ok=True)
    action, *names = [word for word in arguments if word != "--now"]
    for unit in map(Unit, names):
        match action:
            case "enable":
                if "--now" in arguments:
                    unit.start()
            case "restart":
                unit.stop()
                unit.start()
            case "start" | "stop" | "reload":
                getattr(unit, action)()
            case "is-active":
                sys.exit(0 if unit.pid() else 3)
            case _:
                sys.exit(f"systemctl {action}: this stand-in does not know it")


if __name__ == "__main__":
    main(sys.argv[1:])
