"""`python -m app`: the app on HOST and PORT, with what the environment sets."""

import contextlib
import logging
import sys

from app.main import create_app
from app.server import Server
from app.settings import Settings


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs every health check
    settings = Settings()
    server = Server(create_app(settings), settings)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        server.run()
    if not server.started:
        sys.exit("The app did not start; see above.")


if __name__ == "__main__":
    main()
