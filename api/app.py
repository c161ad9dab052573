"""The web application of one center."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from time import monotonic

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Lifespan

import discovery
from api import auth, console, docs, imports, openapi, problem
from api.access import CORRELATION_ID, IDEMPOTENCY_KEY, IF_MATCH, IF_POSITION, LAST_EVENT_ID, REPLAYED
from api.application_state import ApplicationState, Center
from api.body_limit import LimitedASGI
from api.http_metrics import ObservedASGI
from api.large_bodies import LargeBodiesASGI
from api.rate_limit import RateLimitedASGI
from api.request_ids import REQUEST_ID, IdentifiedASGI
from api.response_headers import HeadASGI, SecureHeadersASGI
from api.stranger_limit import StrangersASGI, allowance
from api.versions import VERSION_HEADER, VersionASGI
from sounds.conversion import LARGEST_UPLOAD

MAX_BODY = 131_072
"""The largest request, bytes."""

STREAMED = ("POST", imports.router.prefix)
"""Requests with a file of any size."""

UPLOAD_END = "/audio"
"""The end of the paths of PUT requests with a small file."""

MAX_OPEN_BODY = 4_096
"""The largest request that needs no access token, bytes."""

EXPOSED = (
    VERSION_HEADER,
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    REQUEST_ID,
    REPLAYED,
    "WWW-Authenticate",
    "Content-Disposition",
    "Location",
    "ETag",
    "Deprecation",
    "Sunset",
    "Link",
)
"""Headers of answers that web pages of other origins may read."""

COMPRESSED_FROM = 4_096
"""The smallest answer that is compressed, bytes. Answers with tokens are smaller: their length must not tell of their content."""


_GC_THRESHOLDS = (5_000, 10, 1_000)
"""A full garbage collection blocks for some 50 ms when thousands of calls are in memory, so it runs a thousand times less often."""


def create_app(center: Center, seconds: Callable[[], float] = monotonic) -> FastAPI:
    """The HTTP API of `center`, which the caller has opened and will close. seconds: the monotonic clock of its limits."""
    application = ApplicationState(center, seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        application.feed.start()
        await run_in_threadpool(center.follow_log)
        # Objects that exist at the start stay: the collector need not walk them again while commands wait.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        yield
        await application.watched.stop()
        await application.feed.stop()

    app = described(lifespan)
    app.state.application = application
    docs.install(app)
    console.install(app)
    _add_middleware(app, application, seconds)
    problem.install(app)
    return app


def _add_middleware(app: FastAPI, application: ApplicationState, seconds: Callable[[], float]) -> None:
    """From the innermost layer to the outermost, which sees a request first."""
    center = application.center
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=5)
    app.add_middleware(LargeBodiesASGI, streamed=STREAMED, upload_end=UPLOAD_END)
    app.add_middleware(
        LimitedASGI,
        most=MAX_BODY,
        open_path=auth.router.prefix,
        open_most=MAX_OPEN_BODY,
        streamed=STREAMED,
        uploads=(UPLOAD_END, LARGEST_UPLOAD),
    )
    app.add_middleware(
        StrangersASGI,
        allowance=allowance(seconds),
        devices=application.devices,
        is_valid=application.is_token,
        open_path=auth.router.prefix,
        files_path=console.FILES_PATH,
    )
    app.add_middleware(VersionASGI)
    app.add_middleware(ObservedASGI, instruments=application.instruments)
    app.add_middleware(RateLimitedASGI)
    if center.cors_origins:
        _let_pages_of(center.cors_origins, app)
    app.add_middleware(HeadASGI)
    app.add_middleware(
        SecureHeadersASGI,
        private_path="/v1/",
        is_public_by_tls=center.public_url.startswith("https://"),
        connects_to=application.page_policy.connects_to,
    )
    app.add_middleware(IdentifiedASGI)


def _let_pages_of(origins: Sequence[str], app: FastAPI) -> None:
    """Let the pages of other origins use the API from a browser."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_credentials=True,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            LAST_EVENT_ID,
            IDEMPOTENCY_KEY,
            CORRELATION_ID,
            REQUEST_ID,
            IF_MATCH,
            IF_POSITION,
            VERSION_HEADER,
        ],
        expose_headers=EXPOSED,
    )


def described(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """The routes and the OpenAPI document, without a center behind them."""
    app = FastAPI(
        title=openapi.TITLE,
        description=openapi.DESCRIPTION,
        version=version("atende"),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=list(discovery.found("api", "TAG").values()),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
        lifespan=lifespan,
    )
    for router in discovery.found("api", "router").values():
        app.include_router(router)
    openapi.describe(app)
    return app
