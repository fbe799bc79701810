"""Which proxy the environment names for an address. Knows nothing about what is asked there.

As urllib reads it (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, and what the system says), with two differences: this
machine is never asked for by way of a proxy, and a proxy that can't be used is an error only where it would be used.
"""

import importlib.util
import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

_ALWAYS = ("http", "https")
_WITH_SOCKSIO = ("socks5", "socks5h")


class UnusableProxy(Exception):
    """What is set, what can be used, what to change."""


def proxy_for(url: str) -> str | None:
    """None: straight. Raises UnusableProxy."""
    asked = urlsplit(url)
    host = asked.hostname or ""
    if _is_here(host) or proxy_bypass(host):
        return None
    named = getproxies()
    name = asked.scheme if named.get(asked.scheme) else "all"
    if not (proxy := named.get(name)):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    kind = urlsplit(proxy).scheme.lower()
    if kind in _ALWAYS or (kind in _WITH_SOCKSIO and importlib.util.find_spec("socksio")):
        return proxy
    raise UnusableProxy(
        f"{name.upper()}_PROXY names a proxy of the kind {kind}, and {host} would be asked for by way of it. "
        f"This client can use proxies of the kinds {', '.join(_ALWAYS)}, and socks5 where the package socksio is "
        f"installed. Set {name.upper()}_PROXY to such a one, or put {host} into NO_PROXY."
    )


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
