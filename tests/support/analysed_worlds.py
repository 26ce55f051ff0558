"""Small worlds whose truth is known by construction, as the frames that `Footfall` returns. The same seed gives the same world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MONDAY = pd.Timestamp("2026-09-07")
ZONE = "Europe/Berlin"
WEEKDAY = np.array([0.8, 0.8, 0.85, 0.9, 1.15, 1.6, 1.3])
"""How many come on which weekday, Monday first."""
HOUR = np.array([0.0] * 10 + [0.7, 0.9, 1.2, 1.1, 0.9, 1.0, 1.1, 1.3, 1.4, 1.2] + [0.0] * 4)


@dataclass(frozen=True)
class FanWorld:
    """Fans who come on a day with `comes`, at most once, and buy at a visit with `buys`, whatever they did before."""

    comes: float = 0.04
    buys: float = 0.3
    fans: int = 200
    days: int = 70

    def visits(self, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        fan, day = np.nonzero(rng.random((self.fans, self.days)) < self.comes)
        started = MONDAY + pd.to_timedelta(day, "D") + pd.to_timedelta(rng.integers(10 * 60, 20 * 60, len(day)), "min")
        return visit_frame(started, [f"f{n:03}" for n in fan], rng.random(len(day)) < self.buys, rng.integers(60, 1800, len(day)))

    def comes_again(self, within_days: int) -> float:
        return 1 - (1 - self.comes) ** within_days


def visit_frame(
    started: pd.DatetimeIndex, fan: list[str], bought: np.ndarray, seconds: np.ndarray, is_staff: np.ndarray | None = None
) -> pd.DataFrame:
    """Return visits of one store, by its own clock."""
    count = len(started)
    frame = pd.DataFrame(
        {
            "store": pd.Categorical(["s1"] * count),
            "started": started.tz_localize(ZONE),
            "subject": pd.array([f"{n:016x}" for n in range(count)], dtype="string"),
            "fan": pd.array(fan, dtype="string"),
            "is_staff": pd.array(np.zeros(count, bool) if is_staff is None else is_staff, dtype="boolean"),
            "open": pd.array(np.zeros(count, bool), dtype="boolean"),
            "seconds": seconds.astype(float),
            "transactions": pd.array(bought.astype(int), dtype="Int64"),
        }
    )
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


def buyers_by_length(seed: int, bounds_s: list[float], buys: list[float], count: int = 800) -> pd.DataFrame:
    """Return visits of which those of a class of length buy with its own probability."""
    rng = np.random.default_rng(seed)
    seconds = rng.lognormal(5.8, 1.0, count)
    chance = np.array(buys)[np.searchsorted(bounds_s[1:], seconds, "right")]
    started = MONDAY + pd.to_timedelta(rng.integers(0, 28 * 1440, count), "min")
    return visit_frame(pd.DatetimeIndex(started), [f"f{n}" for n in range(count)], rng.random(count) < chance, seconds)


def campaign_days(seed: int, lift: float, stores: int = 12, weeks: int = 8, shock: float = 0.08) -> pd.DataFrame:
    """Return days of stores of many sizes; the even ones have `lift` times as many people in the second half, and each its own shock."""
    rng = np.random.default_rng(seed)
    days = np.arange(7 * weeks)
    later = days >= 7 * weeks // 2
    rows = []
    for number in range(stores):
        size, own = rng.lognormal(5, 0.5), rng.lognormal(0, shock)
        factor = np.where(later, 1.15 * own * (lift if number % 2 == 0 else 1.0), 1.0)
        people = rng.poisson(size * WEEKDAY[days % 7] * factor)
        rows.append(pd.DataFrame({"store": f"s{number:02}", "time": MONDAY + pd.to_timedelta(days, "D"), "in": people}))
    frame = pd.concat(rows, ignore_index=True)
    return frame.astype({"store": "category", "in": "Int64"})


def passing_days(seed: int, capture: float, days: int = 28) -> pd.DataFrame:
    """Return people who pass in parties of one to three, of which each decides together, on days that differ in how inviting they are."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        sizes = rng.choice([1, 2, 3], rng.poisson(600 * WEEKDAY[day % 7]), p=[0.62, 0.27, 0.11])
        enters = rng.random(len(sizes)) < capture * rng.uniform(0.85, 1.15)
        rows.append((MONDAY + pd.Timedelta(days=day), int(sizes.sum()), int(sizes[enters].sum())))
    return pd.DataFrame(rows, columns=["time", "passers", "in"]).astype({"passers": "Int64", "in": "Int64"})


def ways_of_dwells(seed: int, steps: list[float], count: int = 250) -> pd.DataFrame:
    """Return dwells of people who are in zone z0 and go on to z1, z2, … with these probabilities, with detours to a zone `aside`.

    Some come twice, hours later: these are two ways.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        subject = f"{number // 2 if number % 10 < 2 else number + 10_000:016x}"
        at = MONDAY + pd.Timedelta(hours=10 + 4 * (number % 2)) + pd.Timedelta(minutes=number % 50)
        reached = 1 + next((i for i, step in enumerate(steps) if rng.random() >= step), len(steps))
        for zone in range(reached):
            for name in (f"z{zone}", *(["aside"] if rng.random() < 0.3 else [])):
                seconds = float(rng.integers(20, 300))
                rows.append((at, "s1", name, subject, seconds, False))
                at += pd.Timedelta(seconds=seconds + 5)
    frame = pd.DataFrame(rows, columns=["time", "store", "zone", "subject", "seconds", "is_staff"])
    return frame.assign(time=frame["time"].dt.tz_localize(ZONE)).sample(frac=1, random_state=1)


def usual_hours(seed: int, size: float = 20.0, weeks: int = 8) -> pd.DataFrame:
    """Return the hours of a store; how many come in one is a Poisson number about its usual mean, more or less of it in each week."""
    rng = np.random.default_rng(seed)
    times = pd.date_range(MONDAY, periods=7 * 24 * weeks, freq="h")
    week = rng.uniform(0.85, 1.15, weeks)[np.arange(len(times)) // (7 * 24)]
    mean = usual_mean(size)[times.day_of_week, times.hour]
    is_open = HOUR[times.hour] > 0
    return pd.DataFrame(
        {
            "store": "s1",
            "time": times.tz_localize(ZONE, ambiguous=True, nonexistent="shift_forward"),
            "open_minutes": pd.array(np.where(is_open, 60, 0), dtype="Int64"),
            "in": pd.array(rng.poisson(mean * week), dtype="Int64"),
        }
    )


def usual_mean(size: float = 20.0) -> np.ndarray:
    """Return the mean of each weekday and hour of `usual_hours`."""
    found: np.ndarray = size * np.outer(WEEKDAY, HOUR)
    return found


def noisy_days(seed: int, days: int, size: float = 200.0, noise: float = 0.1) -> pd.DataFrame:
    """Return days with a weekly course, each off by its own noise (a standard deviation, as a share)."""
    rng = np.random.default_rng(seed)
    number = np.arange(days)
    people = np.round(size * WEEKDAY[number % 7] * rng.normal(1, noise, days)).clip(0)
    return pd.DataFrame({"time": MONDAY + pd.to_timedelta(number, "D"), "in": pd.array(people.astype(int), dtype="Int64")})
