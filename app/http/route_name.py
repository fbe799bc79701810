"""Which route a request came to, as it is written in the code: the one name of an address that is safe to log and to
count, since an address may hold the id of a run, or anything at all."""

from fastapi import Request
from starlette.routing import Match
from starlette.types import Scope

from app.http.prefix import path_of

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def route_of(scope: Scope) -> str:
    """E.g. "/f/{slug}". Known once the request was routed; what led nowhere has the name "none"."""
    if (route := scope.get("route")) is not None:
        return str(route.path)
    path = path_of(scope)
    if path.startswith("/static/"):
        return "/static"
    return "/openapi.json" if path == "/openapi.json" else "none"


def is_described(scope: Scope) -> bool:
    """Whether /openapi.json tells of its route."""
    return (route := scope.get("route")) is not None and route.include_in_schema


def method_of(scope: Scope) -> str:
    """One of a few: a method may be any word."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def methods_of(request: Request) -> list[str]:
    """All that the address takes."""
    routes = request.app.router.routes
    scopes = ((method, {**request.scope, "method": method}) for method in _METHODS)
    return [method for method, scope in scopes if any(route.matches(scope)[0] == Match.FULL for route in routes)]
