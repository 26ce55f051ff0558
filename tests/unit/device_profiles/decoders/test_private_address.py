from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

from device_profiles.decoders.private_address import Resolver, ah

IRK = bytes.fromhex("ec0234a357c8ad05341010a60a397d9b")
ADDRESS = "70:81:94:0d:fb:aa"
RNG = random.Random(5)
IRKS = {f"fan-{number}": RNG.randbytes(16) for number in range(1000)}


def address(irk: bytes, rng: random.Random) -> str:
    """One of those that a device with this key makes."""
    prand = bytes([0x40 | rng.randrange(64), *rng.randbytes(2)])
    return (prand + ah(irk, prand)).hex(":")


def test_the_specification_s_sample() -> None:
    assert ah(IRK, bytes.fromhex("708194")).hex() == "0dfbaa"
    assert Resolver({"ann": IRK}).owner(ADDRESS) == "ann"
    assert Resolver({"ann": IRK}).owner("70:81:94:0d:fb:ab") == ""
    assert Resolver({}).owner(ADDRESS) == ""


def test_each_of_a_thousand_owners_is_found_whatever_the_address() -> None:
    resolver = Resolver(IRKS)
    for owner in ("fan-0", "fan-500", "fan-999"):
        found = {resolver.owner(address(IRKS[owner], RNG)) for _ in range(5)}
        assert found == {owner}, "seed 5"


def test_many_threads_get_the_same_answers() -> None:
    addresses = [address(irk, RNG) for irk in list(IRKS.values())[:200]]
    with ThreadPoolExecutor(8) as pool:
        resolver = Resolver(IRKS)
        found = list(pool.map(resolver.owner, addresses * 4))
    assert found == [f"fan-{number}" for number in range(200)] * 4
