"""A hub on loopback with one gated model, as far as its own client asks: the commit, the list of its files, the files.

Its file names and sizes of documents are those of the original; its weights are a made-up model's.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "9b0cfec892e2bc2afd938c98eabe4e4a7b1e0ca1"
TOKEN = "hf_accepted"


@contextmanager
def stand_in_hub(repository: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and what was fetched from it. Metadata are public, files are for TOKEN."""
    fetched: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            if path.startswith(f"/api/models/{repository}/revision/"):
                siblings = [{"rfilename": name} for name in files]
                self._send(_json({"id": repository, "sha": COMMIT, "gated": "manual", "siblings": siblings}), body)
            elif path.startswith(f"/api/models/{repository}/tree/"):
                tree = [
                    {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                    for name, content in files.items()
                ]
                self._send(_json(tree), body)
            elif path.startswith(f"/{repository}/resolve/"):
                self._file(path.split("/", 5)[5], body)
            else:
                self._send(b"", body, status=404)

        def _file(self, name: str, body: bool) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                told = f"Access to model {repository} is restricted. You must have access to it and be authenticated."
                self._send(b"", body, status=401, told={"X-Error-Code": "GatedRepo", "X-Error-Message": told})
            elif name not in files:
                self._send(b"", body, status=404, told={"X-Error-Code": "EntryNotFound"})
            else:
                if body:
                    fetched.append(name)
                etag = f'"{hashlib.sha256(files[name]).hexdigest()}"'
                self._send(files[name], body, told={"X-Repo-Commit": COMMIT, "ETag": etag})

        def _send(self, content: bytes, body: bool, status: int = 200, told: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (told or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", fetched
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _json(told: object) -> bytes:
    return json.dumps(told).encode()
