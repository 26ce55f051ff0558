"""The embedded broker: rumqttd from the `iotcore` wheel, on loopback only, since it knows no access control.

Both protocol versions have a listener of their own; a message published on one reaches subscribers of the other.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from simulators.parts.process import Process, free_port, is_listening
