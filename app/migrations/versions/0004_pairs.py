"""A second prompt is part of a finding."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("findings") as findings:
        findings.add_column(sa.Column("second", sa.String(22)))
        findings.create_unique_constraint("findings_second", ["second"])
