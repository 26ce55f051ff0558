"""What makes no sense in fan_profile.toml is refused, with what would."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import ConfigError
from gateway.fans.profile_settings import FanProfileSettings, load_profile
from tests.docs.blocks import ROOT


def test_without_a_file_it_is_as_shipped() -> None:
    assert load_profile(None) == FanProfileSettings()
    assert [stage.name for stage in load_profile(None).stages] == ["new", "lost", "prospect", "lapsed", "lapsing", "first_buyer", "regular"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[proposals]\nprospct = "call"', "proposals has 'prospct', which is no stage: did you mean 'prospect'?"),
        ('[weights]\nchanels = 5', "weights.chanels: there is no such key; did you mean `channels`?"),
        ("[weights]\nchannels=0\nrecency=0\nvisits=0\npurchases=0\nmoney=0\nbehaviour=0", "weights: all weights are 0"),
        ("[weights]\nmoney = -1", "weights.money: Input should be greater than or equal to 0"),
        ("[weights]\nmoney = nan", "weights.money"),
        ("[full]\nmoney = 0", "full.money: Input should be greater than 0"),
        ("window_days = 401", "window_days: Input should be less than or equal to 400"),
        ('[[stages]]\nname = "a"\nvisits_from = 2\nvisits_below = 2\n[[stages]]\nname = "b"', "that is never"),
        ('[[stages]]\nname = "a"\nvisits_from = 2\n[[stages]]\nname = "a"', "stages has 'a' twice"),
        ('[[stages]]\nname = "a"\nvisits_from = 2\n[[stages]]\nname = "b"\nvisits_from = 3\n[[stages]]\nname = "c"', "no fan is ever 'b'"),
        ('[[stages]]\nname = "a"\nvisits_from = 2', "the last stage must have no limits"),
        ("stages = []", "the last stage must have no limits"),
        ('[[stages]]\nname = "a"\nvisit_from = 2', "did you mean `visits_from`?"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_key(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "fan_profile.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_profile(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert why in str(refused.value)


def test_the_example_states_what_is_shipped_and_proposals() -> None:
    example = load_profile(ROOT / "deploy" / "examples" / "fan_profile.toml")
    assert example.model_copy(update={"proposals": {}}) == FanProfileSettings()
    assert example.proposals
