"""Alembic's entry: runs revisions on the connection that `app.database.schema` hands over, inside its transaction."""

from alembic import context

from app.database.tables import TableBase

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TableBase.metadata,
    render_as_batch=True,  # SQLite changes a column only by making its table anew
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
