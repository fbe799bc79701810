"""Who asks. Behind trusted proxies uvicorn's middleware has put the client in place of the proxy already.

Knows nothing about limits or passwords.
"""

import ipaddress

from fastapi import Request


def client_of(request: Request) -> str:
    """One name for one client: an IPv4 address, or the /64 that a household or a server gets of IPv6."""
    if request.client is None:
        return "unknown"
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:  # what a trusted proxy calls a client that it does not know
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def is_local(request: Request) -> bool:
    """Asked on this machine, and not on behalf of somebody else: a proxy that nobody declared is on loopback too."""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
    if request.client is None or forwarded:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
