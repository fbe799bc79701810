"""Runs: relayed, recorded, queued, taken over. Knows nothing about findings."""
