"""Lineage, deletion, search and checks of findings; background runs of several apps."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "apps",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("heartbeat", sa.Float(53), nullable=False),
    )
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("lane", sa.String(11), nullable=False, server_default="interactive"))
        runs.add_column(sa.Column("attempt", sa.Integer, nullable=False, server_default="1"))
        runs.add_column(sa.Column("owner", sa.String(22)))
        runs.add_column(sa.Column("cancel", sa.Boolean, nullable=False, server_default=sa.false()))
        runs.add_column(sa.Column("n_whole", sa.Integer, nullable=False, server_default="0"))
        runs.add_column(sa.Column("n_expected", sa.Integer, nullable=False, server_default="0"))
    op.create_index("runs_by_state", "runs", ["state", "lane", "created"])
    with op.batch_alter_table("findings") as findings:
        findings.add_column(sa.Column("protocol", sa.Integer, nullable=False, server_default="1"))
        findings.add_column(sa.Column("parent", sa.String(22)))
        findings.add_column(sa.Column("listed", sa.Boolean, nullable=False, server_default=sa.true()))
        findings.add_column(sa.Column("delete_sha256", sa.String(64)))
        findings.add_column(sa.Column("model", sa.String(120), nullable=False, server_default=""))
        findings.add_column(sa.Column("outcome", sa.String(10), nullable=False, server_default=""))
        findings.add_column(sa.Column("answers", sa.Text, nullable=False, server_default="{}"))
        findings.add_column(sa.Column("words", sa.Text, nullable=False, server_default=""))
        findings.add_column(sa.Column("indexed_by", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_findings_parent", "findings", ["parent"])
    op.create_table(
        "tombstones",
        sa.Column("slug", sa.String(22), primary_key=True),
        sa.Column("deleted", sa.String(27), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "verifications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "recording_sha256",
            sa.String(64),
            sa.ForeignKey("recordings.sha256", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("body", sa.Text, nullable=False),
    )
