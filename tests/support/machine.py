"""A machine of its own for what only root does on a real one: installations, users, units. It is made of namespaces, and leaves nothing.

    with Machine(folder) as machine:                 # Machine(folder, beside=machine): another, on the same network
        machine.run("useradd … && systemctl enable --now footfall-gateway", cwd="/srv/footfall")

Folders that an installation writes are the machine's own: /etc as a copy; /opt, /root, /run, /srv, /usr/local/bin, /var/lib and /var/log
empty. Its network has nothing but loopback. `systemctl` is tests/support/unit_runner.py. It needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

from simulators.parts import guard
from tests.support.real_parts import REPOSITORY, missing
from tests.support.waiting import until

PYTHON: Final = "/opt/python"
DEPENDENCIES: Final = "/opt/dependencies"
_OWN: Final = ("opt", "root", "run", "srv", "usr/local/bin", "var/lib", "var/log")
_SETUP: Final = """
set -eu
ip link set lo up
cp -a /etc {folder}/etc
mkdir -p {folder}{python} {folder}{dependencies}
mount --bind {base} {folder}{python}
mount --bind {packages} {folder}{dependencies}
for own in etc {own}; do mkdir -p {folder}/$own; mount --rbind {folder}/$own /$own; done
chmod 0700 /root
mkdir -p /var/log/units
install -d -o mosquitto -g mosquitto /var/lib/mosquitto
ln -s {python}/bin/python3 /usr/local/bin/python3
printf '#!/bin/sh\\nexec {python}/bin/python3 {runner} "$@"\\n' > /usr/local/bin/systemctl
chmod 0755 /usr/local/bin/systemctl
echo '127.0.0.1 broker.example.com' >> /etc/hosts
"""


def require_machine() -> None:
    """Skip the test where nobody may make a machine, also with CI=true: no package gives that right. Missing tools are missing parts."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("an installation is tried by root, in namespaces of its own: run as root, in a container with CAP_SYS_ADMIN")
    tools = ("unshare", "nsenter", "setpriv", "ip", "useradd", "curl", "openssl")
    lacking = [tool for tool in tools if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if lacking:
        missing(f"{', '.join(lacking)}: missing: apt-get install util-linux iproute2 passwd curl openssl")


class Machine:
    """See above. `python3` on it is that of this run; its packages lie in DEPENDENCIES."""

    def __init__(self, folder: Path, beside: Machine | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        own = ["unshare", "--mount", "--propagation", "private"]
        command = [*beside.inside(mounts=False), *own] if beside else [*own, "--net"]
        self._keeper = subprocess.Popen([*command, "sleep", "infinity"], env=guard.environment())
        ours, its = Path("/proc/self/ns/mnt"), Path(f"/proc/{self._keeper.pid}/ns/mnt")
        until(lambda: its.readlink() != ours.readlink())
        runner = folder / "srv" / "unit_runner.py"
        runner.parent.mkdir()
        shutil.copy(REPOSITORY / "tests" / "support" / "unit_runner.py", runner)
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        script = _SETUP.format(
            folder=folder, own=" ".join(_OWN), python=PYTHON, base=sys.base_prefix, packages=packages, dependencies=DEPENDENCIES,
            runner="/srv/unit_runner.py",
        )  # fmt: skip
        subprocess.run([*self.inside(), "sh", "-c", script], check=True, capture_output=True, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for pid_file in (self.folder / "run" / "units").glob("*.pid"):
            self.run(f"kill -9 {pid_file.read_text()} || true")
        self._keeper.kill()
        self._keeper.wait()

    def inside(self, mounts: bool = True, network: bool = True) -> list[str]:
        """The beginning of a command that runs there."""
        kinds = (["--mount"] if mounts else []) + (["--net"] if network else [])
        return ["nsenter", "--target", str(self._keeper.pid), *kinds]

    def run(self, script: str, cwd: str = "/", stdin: str = "", fails: bool = False, network: bool = True) -> str:
        """What a shell prints, stopped at its first mistake. `fails`: it must end with a mistake. `network`: of the machine, else ours."""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        command = [*self.inside(network=network), "bash", "-euo", "pipefail", "-c", f"cd {cwd}\n{script}"]
        done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, timeout=300, check=False)
        log = "".join(f"\n== {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in self.folder.glob("var/log/units/*.log"))
        assert bool(done.returncode) == fails, f"{script}\nended with {done.returncode}:\n{done.stdout}{done.stderr}{log}"
        return done.stdout + done.stderr
