import aws_cdk as cdk

from infra.retention import removal


def test_removal(configured):
    """Data of a stage that retains stays when the stack is deleted."""
    assert removal(configured(retain=True)) == cdk.RemovalPolicy.RETAIN
    assert removal(configured(retain=False)) == cdk.RemovalPolicy.DESTROY
