from app.wording.cells import cell_text


def test_a_cell_says_no_more_digits_than_it_has() -> None:
    assert [cell_text(*one) for one in ((None,), (3.0,), (-2,), (0.123456, "share"), (1, "share"), ("x",))] == [
        "–",
        "3",
        "−2",
        "0.123",
        "1.00",
        "x",
    ]
