"""The pages of public names have each of them, as it is defined now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import api

NAMES = [(page, module, name) for page, modules in api.PAGES.items() for module in modules for name in api.public(module)]

SOURCE = '''
A = 1
"""One."""
_B = 2

class C(A):
    """See."""
    x: int = 0
    """An x."""
    def f(self, y: int) -> str:
        """Return y."""
'''


@pytest.mark.parametrize(("page", "module", "name"), NAMES, ids=[f"{module.replace('/', '.')}.{name.name}" for _, module, name in NAMES])
def test_the_page_has_every_public_name_as_it_is_defined(page: str, module: str, name: api.Name) -> None:
    text = (api.ROOT / page).read_text(encoding="utf-8")
    section = text.partition(f"\n## `{module.replace('/', '.')}`\n")[2].partition("\n## ")[0]
    entry = section.partition(f"\n### `{name.name}`\n")[2].partition("\n### ")[0]
    assert f"```text\n{name.definition}\n```" in entry, f"make api: {page} lacks {name.definition}"
    missing = [member.definition for member in name.members if f"- `{member.definition}`" not in entry]
    assert not missing, f"make api: {page}"


@pytest.mark.parametrize("page", api.PAGES)
def test_the_page_has_no_name_that_is_gone(page: str) -> None:
    listed = {line.removeprefix("### ").strip("`") for line in (api.ROOT / page).read_text(encoding="utf-8").splitlines()
              if line.startswith("### ")}  # fmt: skip
    assert listed == {name.name for other, _, name in NAMES if other == page}


@pytest.mark.parametrize("page", api.PAGES)
def test_writing_a_page_again_changes_nothing_that_people_wrote(page: str) -> None:
    text = (api.ROOT / page).read_text(encoding="utf-8")
    assert api.page(page).partition("<!-- api")[0] == text.partition("<!-- api")[0]


def test_a_definition_is_read_with_its_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.py").write_text(SOURCE)
    monkeypatch.setattr(api, "ROOT", tmp_path)
    constant, see = api.public("m")
    assert (constant.definition, constant.documentation) == ("A = 1", "One.")
    assert (see.definition, see.documentation) == ("class C(A)", "See.")
    assert [(member.definition, member.documentation) for member in see.members] == [
        ("x: int = 0", "An x."),
        ("f(y: int) -> str", "Return y."),
    ]
