"""Who brought whom, on a truth of a few people: the numbers stand here, worked out by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from simulators.chain.truth import Touch, Truth
from simulators.numbers.referral import told


def touch(minute: int, what: str, fan: str = "", came_by: str = "", amount: float = 0.0, shared_by: str = "") -> Touch:
    return Touch("s", minute, what, "", fan, "", "", "", "", "", (), amount, f"{minute}", False, came_by=came_by, shared_by=shared_by)


def summed(touches: Sequence[Touch]) -> Mapping[tuple[str, str, str], Mapping[str, int]]:
    """By sharer, root and depth."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for each in told(Truth(touches=list(touches))):
        found.setdefault((each.groups["sharer"], each.groups["root"], each.groups["depth"]), Counter()).update(each.counts)
    return {key: {name: n for name, n in counts.items() if n} for key, counts in found.items()}


def test_each_is_brought_once_and_who_bought_before_never() -> None:
    touches = (
        touch(0, "share", "ann"), touch(1, "registration", "bo", "ann"), touch(2, "transaction", "bo", "ann", 50.0),
        touch(3, "return", "bo", amount=10.0), touch(4, "transaction", "cy", amount=7.0), touch(5, "transaction", "cy", "ann", 9.0),
    )  # fmt: skip
    assert summed(touches) == {
        ("ann", "ann", "0"): {"shares": 1, "sharers=ann": 1},
        ("ann", "ann", "1"): {"brought": 1, "orders": 1, "sold": 5000, "given_back": 1000, "revenue": 4000},
    }


def test_a_share_of_somebody_unknown_brings_nobody_by_its_code_but_by_name() -> None:
    touches = (
        touch(0, "share", ""), touch(1, "scan", "bo", "ann"), touch(2, "scan", "cy", "ann", shared_by="ann"),
        touch(3, "share", "ann"), touch(4, "scan", "dee", "ann"), touch(5, "scan", "", "ann"),
    )  # fmt: skip
    assert summed(touches) == {
        ("", "", "0"): {"shares": 1}, ("ann", "ann", "0"): {"shares": 1, "sharers=ann": 1},
        ("ann", "ann", "1"): {"brought": 2, "unnamed": 1},
    }  # fmt: skip


def test_nobody_is_brought_by_whom_they_brought_and_a_way_is_as_it_was_when_they_came() -> None:
    touches = (
        touch(0, "share", "ann"), touch(1, "share", "bo"), touch(2, "share", "cy"), touch(3, "scan", "bo", "ann"),
        touch(4, "scan", "ann", "bo"), touch(5, "scan", "ann", "cy"), touch(6, "transaction", "bo", amount=5.0),
        touch(7, "scan", "dee", "bo"), touch(8, "share", "bo"), touch(9, "scan", "cy", "bo"),
    )  # fmt: skip
    assert summed(touches) == {
        ("ann", "ann", "0"): {"shares": 1, "sharers=ann": 1},
        ("bo", "bo", "0"): {"shares": 1, "sharers=bo": 1},
        ("cy", "cy", "0"): {"shares": 1, "sharers=cy": 1},
        ("ann", "ann", "1"): {"brought": 1, "orders": 1, "sold": 500, "revenue": 500},
        ("cy", "cy", "1"): {"brought": 1},
        ("bo", "ann", "2"): {"brought": 1},
        ("bo", "ann", "0"): {"shares": 1, "sharers=bo": 1},
    }
