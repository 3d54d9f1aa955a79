import aws_cdk as cdk

from distributary_cdk.removal_policy import protected_removal, removal


def test_removal(configured):
    """Data of a stage that retains stays when the stack is deleted, but for that of a failed creation."""
    assert removal(configured(retain=True)) == cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    assert removal(configured(retain=False)) == cdk.RemovalPolicy.DESTROY


def test_protected_removal(configured):
    """What is protected from deletion stays then, too: the rollback would fail over it."""
    assert protected_removal(configured(retain=True)) == cdk.RemovalPolicy.RETAIN
    assert protected_removal(configured(retain=False)) == cdk.RemovalPolicy.DESTROY
