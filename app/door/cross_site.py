"""What a page of another site may make a reader's browser ask: nothing that changes anything.

1. A request that changes something comes from our own pages, or from a program. Browsers say which site's page
   asks; programs say nothing and pass: no other page can make a browser say nothing.
2. Where only this machine can ask, the app answers to the names of this machine alone. Otherwise any page could give
   its own name our address (DNS rebinding), and what it asks would look like our own.

Knows nothing about passwords.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from fastapi import Request

from protocol.refusal import Refused

_SAFE = ("GET", "HEAD", "OPTIONS")
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?", re.ASCII)


class CrossSite:
    """A guard. on_loopback: names are checked too; public_url: its name is one of ours."""

    def __init__(self, *, on_loopback: bool, public_url: str | None) -> None:
        self._on_loopback = on_loopback
        self._public = urlsplit(public_url or "").netloc.lower()

    async def __call__(self, request: Request) -> None:
        said = request.headers.getlist("host")
        host = said[0].lower() if said else ""
        shape = _HOST.fullmatch(host)
        if len(said) > 1 or (said and shape is None):
            raise _no_host()
        if self._on_loopback and shape and not self._is_ours(shape["name"].strip("[]")):
            raise _wrong_host()
        if request.method not in _SAFE and self._is_foreign(request, host):
            raise _foreign()

    def _is_ours(self, name: str) -> bool:
        if name == "localhost" or name.endswith(".localhost") or name == self._public.partition(":")[0]:
            return True
        try:
            ipaddress.ip_address(name)  # nobody can give an address another meaning
        except ValueError:
            return False
        return True

    def _is_foreign(self, request: Request, host: str) -> bool:
        if (site := request.headers.get("sec-fetch-site")) is not None:
            return site not in ("same-origin", "none")
        if (origin := request.headers.get("origin")) is not None:
            return origin.lower().partition("://")[2] not in {host, self._public} - {""}
        return False


def _no_host() -> Refused:
    return Refused(
        400,
        "bad_host",
        "The request does not say, or says twice, which host it is for.",
        "One Host header is allowed, with a name or an address and perhaps a port.",
        "Check the address.",
    )


def _wrong_host() -> Refused:
    return Refused(
        421,
        "wrong_host",
        "The request is for a name that this app does not have.",
        "It listens on this machine only, and answers to localhost, to addresses and to its public URL.",
        "Open it as http://localhost, or set HALLUCINOSCOPE_PUBLIC_URL to the address that readers use.",
    )


def _foreign() -> Refused:
    return Refused(
        403,
        "cross_site",
        "A page of another site asked for something that would change this one.",
        "Only pages of this site, and programs, may do that.",
        "Open the page of this app and do it there; behind a proxy, see HALLUCINOSCOPE_PUBLIC_URL.",
    )
