"""`footfall query anonymity`: why visits and orders are nobody's, and what each remedy would bring."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from gateway.cli.query_output import OutputFormat, print_answer, print_explanation, progress
from gateway.fans.anonymity import anonymity_of
from gateway.query.answer import Request

ASKED_OF: Final = (
    "anonymity needs --config gateway.toml, and nothing else to read or to draw: why a visit or an order is nobody's stands in the"
    " gateway's own files"
)


def print_anonymity(request: Request, config: Path, site: Path | None, format_: OutputFormat, *, wide: bool, explain: bool) -> None:
    """Answer a request and print it."""
    with progress() as on_page:
        answer = anonymity_of(config, request, time.time_ns(), on_page, site)
    if explain:
        from gateway.query.explain import explained

        print_explanation(explained(answer), format_)
    else:
        print_answer(answer, format_, request, wide)
