"""Hikvision's events as one form, and what in them looks like counts that no table reads."""

from __future__ import annotations

from typing import Any

import pytest

from device_profiles.decoders.hikvision_isapi import ROOT, unwrap
from device_profiles.devices.feed import Feed, FeedMessage
from device_profiles.registry import shipped
from footfall.errors import ProfileError

BEAT = {"macAddress": "84:9a:40:ec:f1:6d", "channelID": 1, "dateTime": "2024-07-08T12:27:24+08:00", "activePostCount": 1}


def unread(**more: Any) -> list[str]:
    found: list[str] = unwrap({**BEAT, "eventType": "videoloss", "eventState": "inactive", **more})[ROOT]["unread"]
    return found


def test_events_as_xml_and_as_json_have_the_same_readings() -> None:
    as_xml, as_json = (shipped()[name].device for name in ("hikvision-people-counting", "hikvision-json"))
    assert isinstance(as_xml, Feed)
    assert isinstance(as_json, Feed)
    assert (as_xml.readings, as_xml.unwrap, as_xml.needs) == (as_json.readings, as_json.unwrap, as_json.needs)


@pytest.mark.parametrize(
    "more",
    [
        {"peopleNum": 4},
        {"peoplenum": "4"},
        {"queueLength": 2},
        {"a": [{"b": {"humanCount": "3"}}]},
        {"countingStatisticsList": {"x": 1}},
        {"PersonQueueRealTime": [{"regionID": 1}]},
        {"enter": 3},
        {"people": 3},
        {"eventType": "personQueueTime", "eventState": "active"},
        {"eventType": "PeopleCounting", "eventState": "active", "peopleCounting": []},
    ],
)
def test_what_looks_like_counts_is_named(more: dict[str, Any]) -> None:
    assert unread(**more)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"eventType": "PeopleCounting"},
        {"detectionPicturesNumber": 2, "targetID": 7, "centerX": 4, "personID": 3, "alarmCount": 1},
        {"peopleNum": "none", "countryCode": 1, "humanName": "x", "DetectionRegionList": [{"regionID": 1}]},
        {"peopleCounting": {"enter": 1}, "childCounting": {"enter": 2}},
    ],
)
def test_what_does_not_is_a_heartbeat_or_read_by_its_block(more: dict[str, Any]) -> None:
    assert unread(**more) == []


@pytest.mark.parametrize("document", [None, 3, [], {}, {"eventType": "x"}, {"eventType": "x", "dateTime": "t"}, {"header": {}, "body": {}}])
def test_what_is_no_event_is_left_as_it_is(document: Any) -> None:
    assert unwrap(document) is document


@pytest.mark.parametrize("payload", ["<a>", "<a/>", "{", "3", [], None, "\ud800"])
def test_an_envelope_without_an_event_names_its_fault(payload: Any) -> None:
    with pytest.raises(ProfileError) as caught:
        unwrap({"header": {"type": "ys.open.isapi"}, "body": {"payload": payload}})
    assert caught.value.reason in ("feed.xml", "feed.json", "feed.envelope")


def test_a_broken_event_in_the_envelope_is_the_message_s_fault() -> None:
    fault = FeedMessage("", b'{"header":{"type":"ys.open.isapi"},"body":{"payload":"<a><b></a>"}}').fault()
    assert fault is not None
    assert str(fault) == "not XML: mismatched tag, line 1, column 9"


@pytest.mark.parametrize("marks", [("eventState",), ("dateTime", "channelID"), ("ipAddress", "activePostCount")])
def test_a_heartbeat_has_few_of_an_event_s_names(marks: tuple[str, ...]) -> None:
    event = {"eventType": "heartBeat"} | dict.fromkeys(marks, "inactive")
    assert unwrap(event) == {ROOT: {**event, "unread": []}}


def test_blocks_have_one_spelling() -> None:
    found = unwrap({**BEAT, "eventType": "PeopleCounting", "PeopleCounting": {"enter": 1}})[ROOT]
    assert found["peopleCounting"] == {"enter": 1}
    assert found["unread"] == []
