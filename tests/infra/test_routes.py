from distributary_cdk.routes import DEFAULT, ROUTES, THROTTLES, WEBHOOK


def test_keys_are_unique():
    """No route stands twice, and each key is what API Gateway calls it."""
    keys = [route.key for route in ROUTES]

    assert len(set(keys)) == len(keys)
    assert "POST /v1/events" in keys


def test_no_path_ends_in_a_slash():
    """API Gateway takes no route that ends in a slash, but the root."""
    assert [route.path for route in ROUTES if route.path != "/" and route.path.endswith("/")] == []


def test_throttles_and_default_name_what_exists():
    """What the throttles and the default route name is in the table."""
    assert set(THROTTLES) <= {*(route.key for route in (*ROUTES, WEBHOOK)), "$default"}
    assert DEFAULT in {route.function for route in ROUTES}
