"""`make boards`: writes the boards of deploy/grafana from the table of measures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tools.boards.build import Language, board_json
from tools.boards.table import shipped_boards

GRAFANA: Final = Path(__file__).parents[2] / "deploy" / "grafana"
FOLDERS: Final[dict[Language, str]] = {"influxql": "dashboards", "flux": "dashboards-flux"}


def boards() -> dict[Path, str]:
    """Return the text of every file."""
    return {
        GRAFANA / folder / f"{board.file}.json": board_json(board, language)
        for language, folder in FOLDERS.items()
        for board in shipped_boards()
    }


if __name__ == "__main__":
    for path, text in boards().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(GRAFANA.parents[1]))
