"""Open pages follow the notebooks that are saved, as the contents manager tells."""

from __future__ import annotations

import asyncio
import logging

from nbnodes.errors import NbnodesError
from nbnodes.rest.desk import Desk

_log = logging.getLogger("nbnodes.rest")
_LOOK_S = 1.0


async def follow(desk: Desk) -> None:
    """Look after open pages until cancelled; a notebook that cannot be read is as it was."""
    while True:
        await asyncio.sleep(_LOOK_S)
        for visit in tuple(desk.visits):
            try:
                subject = await desk.catalogue.subject(visit.subject.name)
                if subject is not visit.subject and visit in desk.visits:
                    visit.follow(subject)
            except (NbnodesError, OSError) as error:
                _log.debug("shown as before: %s", error)
