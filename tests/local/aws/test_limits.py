from local.aws.limits import longer_than, shorter_than


def test_a_constraint_reads_as_aws_writes_it():
    """The message names the member and the limit."""
    assert longer_than("records", 500) == (
        "1 validation error detected: Value at 'records' failed to satisfy constraint: "
        "Member must have length less than or equal to 500"
    )
    assert shorter_than("records", 1).endswith("Member must have length greater than or equal to 1")
