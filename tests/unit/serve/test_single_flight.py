"""What several ask for at once is worked out once, and again for who asks later."""

from __future__ import annotations

import asyncio

from serve.single_flight import SingleFlight


def test_who_asks_at_once_shares_an_answer_and_who_asks_later_gets_another() -> None:
    made: list[str] = []

    async def story() -> list[str]:
        flight: SingleFlight[str] = SingleFlight()

        async def make() -> str:
            made.append("made")
            await asyncio.sleep(0)
            return f"answer {len(made)}"

        first = asyncio.create_task(flight.do("a", make))
        await asyncio.sleep(0)
        second = asyncio.create_task(flight.do("a", make))
        await asyncio.sleep(0)
        first.cancel()  # and leaves, while the other waits
        return [await second, await flight.do("a", make)]

    assert asyncio.run(story()) == ["answer 1", "answer 2"]


def test_an_error_is_everybody_s_and_is_not_kept() -> None:
    async def story() -> None:
        flight: SingleFlight[str] = SingleFlight()

        async def fails() -> str:
            raise OSError("no ledger")

        async def works() -> str:
            return "read"

        found = await asyncio.gather(flight.do("a", fails), flight.do("a", works), flight.do("b", works), return_exceptions=True)
        assert [str(each) for each in found] == ["no ledger", "no ledger", "read"]
        assert await flight.do("a", works) == "read"

    asyncio.run(story())
