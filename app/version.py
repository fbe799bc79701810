"""The app's own version, which every page states. The protocol has another: `protocol.version`."""

VERSION = "0.1.0"
