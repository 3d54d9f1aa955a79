import pytest

from commands import rollback

TWO_EVENTS = b"[1,2]"


@pytest.fixture
def released(stage):
    """A newer version of the endpoint, as a deployment leaves it: it takes one event a request. Both versions."""
    client, function = stage.client("lambda"), stage.outputs["IngestFunctionName"]
    alias = {"FunctionName": function, "Name": stage.outputs["IngestAliasName"]}
    older = client.get_alias(**alias)["FunctionVersion"]
    variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    fewer = {"Variables": {**variables, "DISTRIBUTARY_MAX_EVENTS": "1"}}
    client.update_function_configuration(FunctionName=function, Environment=fewer)
    newer = client.publish_version(FunctionName=function)["Version"]
    client.update_alias(**alias, FunctionVersion=newer)
    yield older, newer
    client.update_alias(**alias, FunctionVersion=older)
    client.update_function_configuration(FunctionName=function, Environment={"Variables": variables})


def test_a_release_is_taken_back(stage, http, released, capsys) -> None:
    """One command, and the endpoint answers as the version before did; another, and it is forward again."""
    older, newer = released
    place = ["--stage", "local", "--aws-endpoint", stage.aws_endpoint]

    def status():
        return http("POST", "/v1/events", TWO_EVENTS, content_type="application/json").status

    answers = [status()]
    assert rollback.main(place) == 0
    said = capsys.readouterr().out
    answers.append(status())
    assert rollback.main([*place, "--to", newer]) == 0
    answers.append(status())

    assert answers == [413, 202, 413]
    assert f"runs version {older} now instead of {newer}" in said


def test_there_is_nothing_before_the_first_release(stage, capsys) -> None:
    """It says which versions there are, and leaves the endpoint at its own."""
    assert rollback.main(["--stage", "local", "--aws-endpoint", stage.aws_endpoint]) == 1
    assert "There is no version before the present one" in capsys.readouterr().err
