"""The campaigns of a touch: one or several, stated once, kept and read the same way whatever release wrote them."""

from __future__ import annotations

import pytest

from footfall.campaigns import campaign_values, campaigns_of, check_campaigns, read, spelled


@pytest.mark.parametrize(
    ("campaign", "campaigns", "all_of_them"),
    [(None, None, []), ("a", None, ["a"]), (None, ["a"], ["a"]), ("a", ["a", "b"], ["a", "b"]), (None, ["a", "b"], ["a", "b"])],
)
def test_what_an_event_states_is_read_back_from_record_and_row(
    campaign: str | None, campaigns: list[str] | None, all_of_them: list[str]
) -> None:
    check_campaigns(campaign, campaigns)
    values = campaign_values(campaign, campaigns)
    assert list(campaigns_of(values)) == all_of_them
    assert list(read(values["campaign"], spelled(values["campaigns"]))) == all_of_them


def test_one_campaign_is_kept_as_earlier_releases_kept_it() -> None:
    """So the same event, sent again after an upgrade, has the content that it had."""
    assert campaign_values(None, ["a"]) == campaign_values("a", None) == {"campaign": "a", "campaigns": []}
    assert list(campaigns_of({"campaign": "a"})) == ["a"]


@pytest.mark.parametrize(("campaign", "campaigns"), [("b", ["a", "b"]), (None, ["a", "b", "a"])])
def test_campaigns_that_contradict_each_other_are_refused(campaign: str | None, campaigns: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^`campaign"):
        check_campaigns(campaign, campaigns)


@pytest.mark.parametrize("text", ["", "[", "{}", "[]", "[1]"])
def test_a_field_that_others_wrote_counts_as_its_first_campaign(text: str) -> None:
    assert list(read("a", text)) == ["a"]
