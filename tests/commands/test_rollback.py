import pytest

from commands.rollback import NoRollbackError, roll_back


class Stage:
    """A stage with versions of its function, and the alias at one of them."""

    def __init__(self, versions, present, weights=None) -> None:
        self.outputs = {"IngestFunctionName": "ingest", "IngestAliasName": "live"}
        self.versions, self.present, self.weights = versions, present, weights

    def client(self, service):
        assert service == "lambda"
        return self

    def get_alias(self, **asked):
        assert asked == {"FunctionName": "ingest", "Name": "live"}
        shifting = {"RoutingConfig": {"AdditionalVersionWeights": self.weights}} if self.weights else {}
        return {"Name": "live", "FunctionVersion": str(self.present), "RevisionId": "r1", **shifting}

    def get_paginator(self, operation):
        assert operation == "list_versions_by_function"
        return self

    def paginate(self, **_):
        yield {"Versions": [{"Version": "$LATEST"}]}
        yield from ({"Versions": [{"Version": str(version)}]} for version in self.versions)

    def update_alias(self, **asked) -> None:
        assert asked.pop("RevisionId") == "r1"
        assert asked.pop("FunctionName") == "ingest"
        self.present = int(asked.pop("FunctionVersion"))
        assert asked == {"Name": "live"}


@pytest.mark.parametrize(
    ("present", "to", "now"),
    [(10, None, 9), (9, None, 2), (2, 10, 10), (10, 2, 2)],
)
def test_the_alias_is_moved(present, to, now) -> None:
    """To the version before, by number and not by letter, or to the one that is asked for."""
    stage = Stage([10, 2, 9], present)

    assert roll_back(stage, to) == (present, now)
    assert stage.present == now


@pytest.mark.parametrize(
    ("present", "to", "why"),
    [
        (2, None, "no version before the present one"),
        (9, 9, "cannot be brought to version 9"),
        (9, 7, "cannot be brought to version 7. There are the versions 2, 9; the endpoint runs 9"),
    ],
)
def test_the_alias_stays(present, to, why) -> None:
    """Where there is no other version to go to, and it says which there are."""
    stage = Stage([2, 9], present)

    with pytest.raises(NoRollbackError, match=why):
        roll_back(stage, to)
    assert stage.present == present


def test_a_release_on_its_way_is_ended_by_codedeploy() -> None:
    """An alias between two versions is CodeDeploy's: moved now, it would be moved again a minute later."""
    stage = Stage([2, 9], 2, weights={"9": 0.1})

    with pytest.raises(NoRollbackError, match="version 2 still has 90% of the calls") as refused:
        roll_back(stage)
    assert "aws deploy stop-deployment --auto-rollback-enabled" in str(refused.value)
    assert stage.present == 2
