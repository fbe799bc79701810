"""How the schema came to be, one revision a file: alembic runs them when the app opens its database."""
