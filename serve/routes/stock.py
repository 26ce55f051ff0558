"""Goods: which articles are in which stores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, SinkUnavailable, Unreadable
from gateway.query.answer import Answer
from serve.guard import reach_of_request, unreadable
from serve.openapi import refusals
from serve.problems import answer, problem
from serve.question_places import QuestionEnded
from serve.questions import MOST_ROWS, BeyondScope, asked
from serve.services import Services

StoreQuery = Annotated[str | None, Query(max_length=2_000, description="In these stores, such as s1,s2; left out: in all of the token's.")]
SkuQuery = Annotated[str | None, Query(max_length=200, description="Of this article.")]
LimitQuery = Annotated[int, Query(ge=1, le=MOST_ROWS, description="So many articles, by their names.")]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000, description="From this article on; `total` has how many there are.")]


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["goods"])

    @router.get("/api/stock", summary="Stock of goods", responses={**refusals(400, 401, 403, 429, 503)})
    async def stock(
        request: Request, store: StoreQuery = None, sku: SkuQuery = None, limit: LimitQuery = 1_000, offset: OffsetQuery = 0
    ) -> Response:
        """How many items of each article are in which store, and in which of its zones, by what readers of tags stored last of each.

        A token of a store or an area sees its own stores.
        """
        given: Mapping[str, str] = {"store": store} if store else {}
        try:
            sight, site = services.sight(reach_of_request(request)), services.estate.site()
            found = await services.questions.answer(request, lambda work: asked(services.gateway, "stock", given, sight, work, site))
        except BeyondScope as error:
            return problem(403, "scope", str(error))
        except QuestionEnded as error:
            return problem(error.status, error.reason, str(error))
        except (SinkUnavailable, Unreadable) as error:
            return unreadable(request, "database", error)
        except ConfigError as error:
            return problem(400, "stock", str(error))
        articles = by_article(found, sku)
        return answer({"at_ns": time.time_ns(), "total": len(articles), "articles": articles[offset:][:limit]})

    return router


def by_article(found: Answer, sku: str | None) -> list[dict[str, Any]]:
    """Return the rows of the question `stock` by article, and within one by store; `sku`: of one article alone."""
    articles: dict[str, dict[str, dict[str, int]]] = {}
    for store, article, zone, items, _ in found.rows:
        if sku is None or article == sku:
            articles.setdefault(article, {}).setdefault(store, {})[zone] = items
    return [
        {
            "sku": article,
            "items": sum(sum(zones.values()) for zones in stores.values()),
            "stores": [{"store": store, "items": sum(zones.values()), "zones": zones} for store, zones in sorted(stores.items())],
        }
        for article, stores in sorted(articles.items())
    ]
