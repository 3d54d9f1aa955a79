import pytest

from distributary.iot_events.model.declared_paths import declared_by

MAY_READ = declared_by({"in": ("id", "data.pressure", "`a b`.c")})


@pytest.mark.parametrize(
    ("path", "may"),
    [
        (("id",), True),
        (("data", "pressure"), True),
        (("data", "pressure", 0, "x"), True),
        (("data",), True),
        ((), True),
        (("a b", "c"), True),
        (("data", "temperature"), False),
        (("other",), False),
    ],
)
def test_a_path_is_declared_if_it_meets_an_attribute(path, may):
    """On, below or above a declared path; nothing else, and nothing of an input that is not known."""
    assert MAY_READ("in", path) is may
    assert not MAY_READ("other", path)
