from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from footfall.config import Section, check
from footfall.errors import ConfigError
from footfall.mistakes import unknown


class Red(Section):
    kind: Literal["red"]
    depth: Annotated[int, Field(ge=1)] = 1


class Blue(Section):
    kind: Literal["blue"]


class Inner(Section):
    port: int = 1


class Server(Section):
    url: Annotated[str, Field(pattern="^https?://[^ ]+$")] = ""
    token: str = ""


class Outer(Section):
    server: Server | None = None
    file: Path | None = None
    inner: Inner | None = None
    by_name: dict[str, Inner] = Field(default_factory=dict)
    colours: tuple[Annotated[Red | Blue, Field(discriminator="kind")], ...] = ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"innr": {}}, "f: innr: there is no such key; did you mean `inner`? Allowed are by_name, colours, file, inner, server"),
        ({"colours": "red"}, 'f: colours: write a list: ["red"]'),
        ({"inner": {"zzz": 1}}, "f: inner.zzz: there is no such key. Allowed are port"),
        ({"by_name": {"a": {"prt": 1}}}, "f: by_name.a.prt: there is no such key; did you mean `port`? Allowed are port"),
        (
            {"colours": [{"kind": "red", "dept": 1}]},
            "f: colours.0.dept: there is no such key; did you mean `depth`? Allowed are depth, kind",
        ),
        ({"colours": [{"kind": "red", "depth": 0}]}, "f: colours.0.depth: Input should be greater than or equal to 1 (given: 0)"),
        ({"colours": [{"kind": "blue"}, {"kind": "x"}]}, "f: colours.1.kind: must be one of 'blue', 'red' (given: 'x')"),
        ({"server": {"token": 31415}}, "f: server.token: Input should be a valid string"),
        (
            {"server": {"url": "ftp://anna:s3cret@h/ x"}},
            "f: server.url: String should match pattern '^https?://[^ ]+$' (given: 'ftp://h/ x')",
        ),
        ({"server": {"url": "anna:s3cret@h:8086"}}, "f: server.url: String should match pattern '^https?://[^ ]+$' (given: 'h:8086')"),
        ({"server": {"url": "ftp://anna:s3/cr?t@h"}}, "f: server.url: String should match pattern '^https?://[^ ]+$' (given: 'ftp://h')"),
        ({"server": {"url": "h?token=s3cret"}}, "f: server.url: String should match pattern '^https?://[^ ]+$' (given: 'h')"),
        ({"colours": "anna:s3cret@h"}, 'f: colours: write a list: ["h"]'),
        ({"colours": [{}]}, "f: colours.0.kind: must be one of 'blue', 'red'"),
        ([], "f: the file: Input should be a valid dictionary or instance of Outer"),
    ],
)
def test_a_mistake_names_its_key_and_what_is_allowed(values: Any, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check(values, Outer, "f")
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("shangai", "no store 'shangai': did you mean 'shanghai'? It has berlin, shanghai"),
        ("paris", "no store 'paris'; it has berlin, shanghai"),
    ],
)
def test_a_wrong_word_has_the_nearest_right_one_as_a_question_and_what_there_is_as_a_sentence(word: str, text: str) -> None:
    assert unknown(f"no store {word!r}", word, ("berlin", "shanghai"), "it has berlin, shanghai") == text
