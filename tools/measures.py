"""Writes the measures of each question into docs/analysing.md, from gateway/query/measures.toml: `make measures`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from gateway.query.explain import document
from gateway.query.measures import MEASURES

PAGE: Final = Path(__file__).parents[1] / "docs" / "analysing.md"
_BEGIN: Final = "<!-- Written by `make measures` from gateway/query/measures.toml. -->"
_END: Final = "<!-- End of what `make measures` writes. -->"
_SECTION: Final = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)


def written(text: str) -> str:
    """Return the page with the tables of now. Raise ValueError if it has no place for them."""
    if not _SECTION.search(text):
        raise ValueError(f"no place for the tables: {_BEGIN}")
    return _SECTION.sub(lambda found: f"{_BEGIN}\n\n{tables()}\n\n{_END}", text)


def tables() -> str:
    """Return a heading and a table of Markdown for each question that has measures."""
    questions = dict.fromkeys(measure.question for measure in MEASURES.values())
    return "\n\n".join(f"### Measures of {question}\n\n{document(question)}" for question in questions)


def main() -> None:
    """Write the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: {len(MEASURES)} measures\n")


if __name__ == "__main__":
    main()
