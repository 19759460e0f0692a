"""The composition: the public lane in front, Django behind it, in one process.

Django runs as WSGI in threads, never on its ASGI handler: that opens threads and connections for
every request.
"""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hourtab.settings")

from django.core.wsgi import get_wsgi_application

_django = get_wsgi_application()

from starlette.applications import Starlette  # noqa: E402
from starlette.routing import Mount  # noqa: E402

from hourtab.lane.lane import Lane  # noqa: E402
from hourtab.lane.places import IN_LANE  # noqa: E402
from hourtab.lane.store import reader  # noqa: E402
from hourtab.lib.bridge import Bridge  # noqa: E402


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    # What is loaded by now stays: the collector need not look through it again and again while
    # pages are served.
    gc.collect()
    gc.freeze()
    yield {"end_streams": lane.end_streams}
    await lane.close()


site = Starlette(routes=[Mount("/", Bridge(_django))], lifespan=_lifespan)
lane = Lane(reader(), site)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Send what is public to the lane, and everything else to Django."""
    if scope["type"] == "http" and scope["path"].startswith(IN_LANE):
        await lane(scope, receive, send)
    else:
        await site(scope, receive, send)
