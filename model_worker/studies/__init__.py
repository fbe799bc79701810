"""Questions about a whole set of names: a file each, and what they share."""
