from infra.entrance import Http, Jwt


def test_without_an_issuer_keys_are_taken():
    """What ships asks for no token, and has no fault."""
    assert Http().jwt == Jwt()
    assert [*Http().faults()] == []


def test_faults_stand_under_their_table():
    """A fault of a token's settings names its place in `[http]`."""
    assert [*Http(jwt=Jwt(issuer="http://a", audience=("b",))).faults()] == [
        "http.jwt.issuer = 'http://a': must be an https URL, as the tokens' iss has it"
    ]
