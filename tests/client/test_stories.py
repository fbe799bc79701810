"""What a story says that it counted and what it says of its one example are the same measurement."""

from types import SimpleNamespace

from client.stories import at_the_names_end


def test_a_name_is_read_where_the_count_reads_it_at_its_last_token() -> None:
    watched = [SimpleNamespace(label=label, target=None) for label in ("known entity", "unknown entity")]
    arm = SimpleNamespace(activations=[[2417.0, 680.0, 514.0, 0.0], [276.0, 409.0, 0.0, 7.0]])
    run = SimpleNamespace(
        start=SimpleNamespace(watched=watched, entity=SimpleNamespace(start=1, end=3)),
        prompt=SimpleNamespace(arms=[arm]),
    )
    assert at_the_names_end(run) == "known entity 514; unknown entity silent"  # type: ignore[arg-type]
