"""To which of the gateways on a broker an agent listens, and what it reports of the others."""

from __future__ import annotations

from edge_agent.binding import Binding, Word

S = 1_000_000_000
NOTICE_NS = 60 * S


def bound(to: str = "true") -> Binding:
    return Binding(to, NOTICE_NS)


def hear(binding: Binding, journal: str, t_s: float) -> Word:
    """As the agent does: a change is stored, then it is bound."""
    word = binding.hear(journal, round(t_s * S))
    if word is Word.CHANGE:
        binding.bind(journal)
    return word


def test_whoever_answers_first_is_the_gateway_of_an_agent_that_has_none() -> None:
    binding = Binding(None, NOTICE_NS)
    assert hear(binding, "true", 0) is Word.CHANGE
    assert hear(binding, "other", 0) is Word.OTHER


def test_a_second_gateway_takes_no_agent_away_however_long_it_stays() -> None:
    binding = bound()
    for t_s in range(0, 4000, 5):
        binding.asked(t_s * S)
        assert hear(binding, "other", t_s + 0.1) is Word.OTHER
        assert hear(binding, "true", t_s + 0.2) is Word.BOUND
    assert binding.rivals(4000 * S) == ["other", "true"]


def test_after_a_minute_of_silence_the_other_counts_and_the_way_back_is_the_same() -> None:
    binding = bound()
    binding.asked(0)
    assert hear(binding, "other", 59) is Word.OTHER
    assert hear(binding, "other", 60) is Word.CHANGE
    binding.asked(61 * S)
    assert hear(binding, "true", 62) is Word.OTHER
    assert hear(binding, "other", 63) is Word.BOUND
    binding.asked(70 * S)
    assert hear(binding, "true", 129) is Word.OTHER
    assert hear(binding, "true", 130) is Word.CHANGE


def test_silence_counts_only_while_somebody_was_asked_over_a_connection() -> None:
    binding = bound()
    assert hear(binding, "other", 1000) is Word.OTHER, "nobody asked"
    binding.asked(1000 * S)
    binding.lost(1010 * S)
    binding.asked(5000 * S)
    assert hear(binding, "other", 5049) is Word.OTHER
    assert hear(binding, "other", 5050) is Word.CHANGE


def test_a_change_that_the_spool_did_not_take_comes_again() -> None:
    binding = bound()
    binding.asked(0)
    assert binding.hear("other", 60 * S) is Word.CHANGE
    assert binding.journal_id == "true"
    assert binding.hear("other", 61 * S) is Word.CHANGE


def test_one_journal_after_the_other_is_no_rivalry_and_side_by_side_is() -> None:
    binding = bound()
    hear(binding, "true", 0)
    binding.asked(1 * S)
    hear(binding, "new", 5)
    assert binding.rivals(5 * S) == [], "an empty state in the place of the old"
    hear(binding, "true", 10)
    assert binding.rivals(10 * S) == ["new", "true"]
    assert binding.rivals(66 * S) == [], "the second gateway is gone"
    assert binding.ages_s(66 * S) == {"true": 56.0, "new": 61.0}
    assert binding.ages_s(3608 * S) == {"true": 3598.0}


def test_only_so_many_journals_are_remembered() -> None:
    binding = bound()
    for n in range(40):
        hear(binding, f"j{n}", n)
    assert list(binding.ages_s(40 * S)) == [f"j{n}" for n in range(24, 40)]
