"""Findings may be circuits. Rows are indexed anew when the app starts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("findings") as findings:
        findings.add_column(sa.Column("circuit", sa.Text, nullable=False, server_default=""))
