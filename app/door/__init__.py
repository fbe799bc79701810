"""Who may come in, how often, and from where. Knows nothing about what is asked inside."""
