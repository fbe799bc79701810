"""Findings: saved, found, checked, compared, backed up. Knows nothing about runs that are under way."""
