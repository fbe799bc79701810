"""Runs, their frames, recordings and findings: the schema that was made without migrations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("n_frames", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created", sa.String(27), nullable=False, index=True),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("n_frames", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("recording_sha256", sa.String(64), sa.ForeignKey("recordings.sha256")),
    )
    op.create_table(
        "frames",
        sa.Column("run_id", sa.String(22), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("first", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "findings",
        sa.Column("slug", sa.String(22), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("recording_sha256", sa.String(64), sa.ForeignKey("recordings.sha256"), nullable=False, index=True),
    )
    op.create_index("findings_newest_first", "findings", ["created", "slug"])
