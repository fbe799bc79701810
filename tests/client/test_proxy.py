"""Which proxy is taken, and what is said of one that can't be."""

import pytest

from client.client import Client
from client.proxy import UnusableProxy, proxy_for

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


SOCKS = "socks://127.0.0.1:1080"


@pytest.mark.parametrize(
    ("set_", "url", "proxy"),
    [
        ({}, "http://scope.example", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://scope.example", "http://p:1"),
        ({"HTTP_PROXY": "p:1"}, "http://scope.example/tools/hallu", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://scope.example", None),
        ({"https_proxy": "http://p:1", "all_proxy": SOCKS}, "https://scope.example", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://scope.example", "http://p:1"),
        ({"ALL_PROXY": SOCKS}, "http://127.0.0.1:8000", None),
        ({"ALL_PROXY": SOCKS, "HTTP_PROXY": SOCKS}, "http://localhost:8000", None),
        ({"ALL_PROXY": SOCKS}, "http://[::1]:8000", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "other,.example"}, "https://scope.example", None),
    ],
)
def test_the_environments_proxy_is_taken_but_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, set_: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in set_.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy
    Client(url).close()


@pytest.mark.parametrize("proxy", [SOCKS, "socks4://p:1", "SOCKS://p:1", "ftp://p"])
def test_a_proxy_that_can_not_be_used_is_named_with_what_to_change(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(UnusableProxy, match=r"ALL_PROXY names a proxy of the kind \w+, .*NO_PROXY"):
        Client("https://scope.example")
