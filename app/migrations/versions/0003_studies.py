"""Studies: runs that rest, go on from where they were, and are saved."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("kind", sa.String(20), nullable=False, server_default="generate"))
        runs.add_column(sa.Column("model", sa.String(120), nullable=False, server_default=""))
        runs.add_column(sa.Column("pause", sa.Boolean, nullable=False, server_default=sa.false()))
        runs.add_column(sa.Column("n_fruitless", sa.Integer, nullable=False, server_default="0"))
        runs.add_column(sa.Column("stood", sa.String(27)))
    with op.batch_alter_table("findings") as findings:
        findings.add_column(sa.Column("kind", sa.String(20), nullable=False, server_default="generate"))
        findings.add_column(sa.Column("study", sa.Text, nullable=False, server_default=""))
    rows = sa.table("runs", sa.column("id"), sa.column("request"), sa.column("model"))
    connection = op.get_bind()
    for run_id, request in connection.execute(sa.select(rows.c.id, rows.c.request)).all():
        model = json.loads(request)["model"]
        connection.execute(sa.update(rows).where(rows.c.id == run_id).values(model=model))
