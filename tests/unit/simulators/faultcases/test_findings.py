"""The last line has each of five words, and errors only where there are any."""

from __future__ import annotations

from simulators.faultcases.findings import Findings, last_line


def test_the_last_line_counts_what_was_found() -> None:
    found = [Findings(lost=["a", "b"], silent=["c"]), Findings(stuck=["d"])]
    assert last_line(2, found) == "cases=2 lost=2 doubled=0 misdated=0 stuck=1 silent=1"
    assert last_line(2, [*found, Findings(errors=["e"])]).endswith(" silent=1 errors=1")


def test_findings_are_read_back_as_they_were_written() -> None:
    found = Findings(misdated=["by 3 s"], errors=["KeyError"])
    assert Findings.loads(found.dumps()) == found
    assert not found.is_right
    assert Findings().is_right
