"""`python -m app`: the app on HOST and PORT, with what the environment sets."""

import argparse
import contextlib
import sys

from app import environment
from app.main import create_app
from app.operate import commands as operate
from app.server import Server
from app.settings import Settings
from app.telemetry import logs


def main() -> None:
    options = _options()
    if options.settings:
        print(environment.settings_table())
        return
    try:
        settings = environment.read_settings()
        logs.set_up(settings.log_format)
        options.command(settings, options)
    except environment.BadSettings as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)


def serve(settings: Settings, _options: argparse.Namespace) -> None:
    server = Server(create_app(settings), settings)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        server.run()
    if not server.started:
        sys.exit("The app did not start; see above.")


def _options() -> argparse.Namespace:
    """`command` is what to do: a function of the settings and these options."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Serve the app, as the environment sets it.")
    parser.add_argument("--settings", action="store_true", help="print what can be set, and end")
    parser.set_defaults(command=serve)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", help="without one: serve")
    commands.add_parser("serve", help="answer requests; what happens without a command")
    operate.add_commands(commands)
    return parser.parse_args()


if __name__ == "__main__":
    main()
