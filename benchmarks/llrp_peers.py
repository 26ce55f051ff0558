"""One other LLRP library, in the environment that it was installed into: nothing of ours is imported here.

python llrp_peers.py sllurp | pyllrp  < {"messages": […hex], "passes": n}  > {"tags": n, "cpu_s": seconds of the best pass}
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable


def sllurp(messages: list[bytes]) -> Callable[[], int]:
    from sllurp.llrp import LLRPMessage  # type: ignore[import-not-found]  # it lives in an environment of its own

    def once() -> int:
        return sum([len(LLRPMessage(msgbytes=message).msgdict["RO_ACCESS_REPORT"]["TagReportData"]) for message in messages])

    return once


def pyllrp(messages: list[bytes]) -> Callable[[], int]:
    from bitstring import ConstBitStream  # type: ignore[import-not-found]  # as above
    from pyllrp.pyllrp import UnpackMessage  # type: ignore[import-not-found]  # as above

    return lambda: sum([len(UnpackMessage(ConstBitStream(bytes=message)).Parameters) for message in messages])


def main() -> None:
    task = json.load(sys.stdin)
    once = {"sllurp": sllurp, "pyllrp": pyllrp}[sys.argv[1]]([bytes.fromhex(text) for text in task["messages"]])
    best_s, tags = float("inf"), 0
    for _ in range(task["passes"]):
        began_s = time.process_time()
        tags = once()
        best_s = min(best_s, time.process_time() - began_s)
    print(json.dumps({"tags": tags, "cpu_s": best_s}))


if __name__ == "__main__":
    main()
