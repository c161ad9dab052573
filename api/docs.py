"""The API's documentation at /docs: Swagger UI served by this server, so that it works without internet access."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

PATH = "/docs"
_ASSETS = f"{PATH}/assets"
_START = f"{PATH}/start.js"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} API</title>
<link rel="stylesheet" href="{assets}/swagger-ui.css">
<link rel="icon" href="{assets}/favicon.png">
<div id="swagger-ui"></div>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script src="{start}"></script>
</html>
"""

_SCRIPT = """SwaggerUIBundle({
  url: "%s", dom_id: "#swagger-ui", deepLinking: true, docExpansion: "none", displayRequestDuration: true, persistAuthorization: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset], layout: "BaseLayout",
});
"""
"""In a file of its own: the content security policy forbids scripts in the text of a page."""


def install(app: FastAPI) -> None:
    """Serve the OpenAPI document of `app` as a page at PATH."""

    async def shown(_: Request) -> HTMLResponse:
        return HTMLResponse(_PAGE.format(title=escape(app.title), assets=_ASSETS, start=_START))

    async def start(_: Request) -> Response:
        return Response(_SCRIPT % app.openapi_url, media_type="text/javascript")

    app.add_route(PATH, shown, include_in_schema=False)
    app.add_route(_START, start, include_in_schema=False)
    app.mount(_ASSETS, StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs")
