from distributary.http.event_ids import logged_ids


def test_the_first_ids_are_logged() -> None:
    """Ten of them, of each 64 characters; an event without one is passed over."""
    assert logged_ids(["a", None, "b" * 65]) == {"event_ids": ["a", "b" * 64]}
    assert logged_ids(map(str, range(5000))) == {"event_ids": [str(number) for number in range(10)]}
    assert logged_ids([None]) == {}
