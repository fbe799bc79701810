"""A very small picture of each finding, for lists. Its rows are indexed anew when the app starts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("findings") as findings:
        findings.add_column(sa.Column("sketch", sa.Text, nullable=False, server_default=""))
