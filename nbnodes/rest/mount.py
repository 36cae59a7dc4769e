"""The table of routes: bound to a gate, they are what a tornado application mounts."""

from __future__ import annotations

import re
from typing import Any

from tornado.web import RequestHandler

from nbnodes.rest.desk import Desk
from nbnodes.rest.route import Route
from nbnodes.rest.routes.jobs import JobEvents, JobList, JobResult, OneJob
from nbnodes.rest.routes.live import Live
from nbnodes.rest.routes.models import Batch, Models, OneModel, Run
from nbnodes.rest.routes.pages import Asset, Frame, Gallery, OnePage, ToGallery
from nbnodes.rest.routes.reference import Docs, OpenApi
from nbnodes.rest.routes.restified import Restified, RestifiedIndex
from nbnodes.rest.routes.status import Health, Metrics, Readiness

ROUTES: tuple[tuple[str, type[Route]], ...] = (
    (r"", Gallery),
    (r"api/models", Models),
    (r"api/models/(.+)/run", Run),
    (r"api/models/(.+)/batch", Batch),
    (r"api/models/(.+)", OneModel),
    (r"api/jobs", JobList),
    (r"api/jobs/([^/]+)/events", JobEvents),
    (r"api/jobs/([^/]+)/result", JobResult),
    (r"api/jobs/([^/]+)", OneJob),
    (r"pages/(.+)/live", Live),
    (r"pages(?:/(.*))?", OnePage),
    (r"frames/([0-9a-f]+)", Frame),
    (r"assets/([a-z.]+)", Asset),
    (r"openapi\.json", OpenApi),
    (r"docs", Docs),
    (r"healthz", Health),
    (r"readyz", Readiness),
    (r"metrics", Metrics),
)
"""All routes but notebook_restified's: what follows the base path, and what answers there."""

_RESTIFIED: tuple[tuple[str, type[Route]], ...] = (
    (r"/?", RestifiedIndex),
    (r"/(.+)", Restified),
)


def mounted(
    desk: Desk,
    gate: type[RequestHandler],
    *,
    more: tuple[tuple[str, type[Route]], ...] = (),
) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return all routes for a tornado application.

    Args:
        desk: What they share; it knows the paths under which they stand.
        gate: What says who may come in.
        more: Routes of this application alone.
    """
    base, restified = re.escape(desk.base_path), re.escape(desk.restified_path)
    pairs = [(base + pattern, route) for pattern, route in (*ROUTES, *more)]
    pairs += [(restified + pattern, route) for pattern, route in _RESTIFIED]
    if desk.base_path != "/":
        pairs.append((base.removesuffix("/"), ToGallery))
    return [(pattern, gated(route, gate), {"desk": desk}) for pattern, route in pairs]


def gated(route: type[Route], gate: type[RequestHandler]) -> type[RequestHandler]:
    """Put a gate behind a route: it answers as the route does, to those whom the gate lets in."""
    return type(route.__name__, (route, gate), {"__doc__": route.__doc__})
