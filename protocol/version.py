"""The version that every stream and every finding states."""

PROTOCOL = 3
