"""A route of FastAPI that answers the bytes of a file and does nothing else, on the same server as `footfall serve`.

python -m benchmarks.api_peer FILE PORT
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response


def app(body: bytes) -> FastAPI:
    """Return the application."""
    made = FastAPI()

    @made.get("/api/fans/{fan}")
    async def same(fan: str, last: int = 20) -> Response:
        return Response(body, media_type="application/json")

    return made


if __name__ == "__main__":
    uvicorn.run(
        app(Path(sys.argv[1]).read_bytes()), port=int(sys.argv[2]), loop="uvloop", http="httptools", log_level="error", access_log=False
    )
