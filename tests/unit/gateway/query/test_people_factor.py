"""People by phones: what is insensitive to changes of address, what days teach, and how wide an honest interval is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.query.people_factor import (
    LEAST_DAYS,
    LEAST_STORES,
    MOST_ODD,
    CountedDay,
    Estimated,
    Factor,
    arrivals,
    estimated,
    factor_of_days,
    factor_of_stores,
    student_t,
    together,
)

PHONE_SHARE = 0.65
FACTOR = Factor(1.5, 200.0, 0.06, 0.02, 13)


def days(count: int, seed: int = 1, people: int = 300, share: float = PHONE_SHARE) -> list[CountedDay]:
    """Days on which a share of the people, by chance, has a phone that is heard."""
    rng = np.random.default_rng(seed)
    return [CountedDay(float(rng.binomial(people, share)), people) for _ in range(count)]


def test_a_phone_that_stays_all_day_arrives_once_however_often_it_changes_its_address() -> None:
    hours = 8
    addresses = hours * 60 // 15
    minutes_open = hours * 60 + addresses  # each change of address falls into a minute of both addresses
    assert arrivals(addresses, minutes_open) == 0
    assert arrivals(addresses + 1, minutes_open + 1) == 1


def test_stays_that_are_longer_bring_more_addresses_and_no_more_arrivals() -> None:
    """A thousand phones that change their addresses at random times: of each stay the expected changes are taken off."""
    rng = np.random.default_rng(7)
    found = []
    for mean_minutes in (5.0, 20.0, 60.0):
        lengths = rng.exponential(mean_minutes, 1000)
        first = rng.random(1000) * 15
        addresses = 1 + np.ceil(np.maximum(lengths - first, 0) / 15)
        found.append(arrivals(addresses.sum(), lengths.sum() + addresses.sum()))
    assert found == pytest.approx([1000] * 3, rel=0.04)


def test_a_factor_is_people_for_each_arrival_over_all_days() -> None:
    factor = factor_of_days([CountedDay(100.0, 150), CountedDay(300.0, 450), *[CountedDay(200.0, 300)] * 3])
    assert factor is not None
    assert factor.value == pytest.approx(1.5)
    assert (factor.usual, factor.freedom) == (200.0, 4)


@pytest.mark.parametrize("count", [0, 1, LEAST_DAYS - 1])
def test_too_few_days_have_no_factor(count: int) -> None:
    assert factor_of_days(days(count)) is None


def test_days_that_nobody_counted_or_hardly_anybody_was_heard_on_teach_nothing() -> None:
    assert factor_of_days([*days(LEAST_DAYS - 1), CountedDay(200.0, 0), CountedDay(3.0, 10), CountedDay(-1.0, 200)]) is None


def test_a_day_with_a_dead_counter_is_left_out_of_the_factor() -> None:
    usual = days(10)
    with_dead = [*usual[:5], CountedDay(200.0, 60), *usual[5:]]
    expected, found = factor_of_days(usual), factor_of_days(with_dead)
    assert expected is not None
    assert found == replace(expected, odd=1)


def test_a_day_is_odd_beyond_the_bound_only() -> None:
    usual = [CountedDay(200.0, 300)] * 9
    within = factor_of_days([*usual, CountedDay(200.0, round(300 * MOST_ODD))])
    beyond = factor_of_days([*usual, CountedDay(200.0, round(300 * MOST_ODD) + 3)])
    assert within is not None
    assert beyond is not None
    assert (within.odd, beyond.odd) == (0, 1)


def test_days_that_agree_by_luck_do_not_make_the_interval_narrower_than_chance() -> None:
    factor = factor_of_days([CountedDay(200.0, 300)] * 14)
    assert factor is not None
    assert factor.spread == pytest.approx((0.5 / 300) ** 0.5)


@pytest.mark.parametrize("count", [5, 7, 14, 28])
def test_the_interval_covers_the_truth_at_least_as_often_as_it_states(count: int) -> None:
    covered = 0
    for seed in range(400):
        *learned, (found, people) = days(count + 1, seed)
        factor = factor_of_days(learned)
        assert factor is not None
        estimate = estimated([(found, factor)])
        covered += abs(estimate.people - people) <= estimate.half_width
    assert covered / 400 >= 0.945


@pytest.mark.parametrize("people", [100, 1000])
def test_it_covers_quiet_and_busy_days_by_a_factor_of_usual_ones(people: int) -> None:
    covered = 0
    for seed in range(400):
        factor = factor_of_days(days(14, seed))
        ((found, _),) = days(1, seed + 1000, people)
        assert factor is not None
        estimate = estimated([(found, factor)])
        covered += abs(estimate.people - people) <= estimate.half_width
    assert covered / 400 >= 0.945


def test_fewer_phones_make_a_wider_interval_and_more_no_narrower_one() -> None:
    shares = [estimated([(found, FACTOR)]).half_width / estimated([(found, FACTOR)]).people for found in (50.0, 200.0, 800.0)]
    assert shares[0] > 1.8 * shares[1]
    assert shares[1] == pytest.approx(shares[2])


def test_a_factor_that_drifts_widens_the_interval_by_its_change() -> None:
    steady, drifting = factor_of_days(days(14)), factor_of_days([*days(7), *days(7, 2, share=PHONE_SHARE * 0.7)])
    assert steady is not None
    assert drifting is not None
    assert steady.drift == 0
    assert drifting.drift == pytest.approx(np.log(1 / 0.7), abs=0.08)
    without = estimated([(200.0, replace(drifting, drift=0.0))])
    assert estimated([(200.0, drifting)]).half_width == pytest.approx(without.half_width + drifting.drift * without.people)


def test_comparable_stores_that_differ_make_a_wider_interval_than_those_that_agree() -> None:
    alike = factor_of_stores([replace(FACTOR, value=value) for value in (1.48, 1.5, 1.52)])
    unlike = factor_of_stores([replace(FACTOR, value=value) for value in (1.2, 1.5, 1.9)])
    assert alike is not None
    assert unlike is not None
    assert alike.value == pytest.approx(1.5, rel=0.01)
    assert unlike.own_error > 8 * alike.own_error
    assert (alike.freedom, alike.spread) == (2, pytest.approx(FACTOR.spread))


def test_stores_that_drift_alike_drift_together_and_one_of_many_hardly_does() -> None:
    drifting = replace(FACTOR, drift=0.2)
    alike, one = factor_of_stores([drifting] * 10), factor_of_stores([drifting, *[FACTOR] * 9])
    assert alike is not None
    assert one is not None
    assert (alike.drift, one.drift) == (pytest.approx(0.2), pytest.approx(0.02))


def test_too_few_stores_have_no_factor_for_another() -> None:
    assert factor_of_stores([FACTOR] * (LEAST_STORES - 1)) is None


def test_of_several_days_chance_evens_out_and_the_error_of_the_factor_does_not() -> None:
    one, many = estimated([(200.0, FACTOR)]), estimated([(200.0, FACTOR)] * 100)
    assert many.people == pytest.approx(100 * one.people)
    assert many.half_width / many.people == pytest.approx(student_t(13) * (0.06**2 / 100 + 0.02**2) ** 0.5)


def test_the_errors_of_stores_are_independent() -> None:
    assert together([Estimated(300.0, 30.0), Estimated(100.0, 40.0)]) == Estimated(400.0, 50.0)


@pytest.mark.parametrize(("half_width", "is_wide"), [(150.0, False), (151.0, True)])
def test_an_interval_that_means_too_little_is_wide(half_width: float, is_wide: bool) -> None:
    assert Estimated(300.0, half_width).is_wide is is_wide


def test_the_quantile_of_many_days_is_that_of_thirty() -> None:
    assert (student_t(1), student_t(30), student_t(200)) == (12.706, 2.042, 2.042)
