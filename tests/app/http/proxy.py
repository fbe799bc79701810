"""A proxy that gives one path of its host to the app, and nothing else: what leads out of that path leads nowhere."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_OF_ONE_HOP = ("connection", "transfer-encoding", "keep-alive")


@contextmanager
def proxied(app_url: str, prefix: str, *, strips: bool) -> Iterator[str]:
    """The address of its host. strips: the app is asked for /models where /prefix/models was asked."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            if not self.path.startswith(f"{prefix}/") and self.path != prefix:
                return self.send_error(404)
            path = (self.path.removeprefix(prefix) or "/") if strips else self.path
            there = HTTPConnection(urlsplit(app_url).netloc)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            there.request(self.command, path, body, dict(self.headers))
            answer = there.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in (*_OF_ONE_HOP, "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            there.close()

        do_GET = do_POST = do_DELETE = _pass_on

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
