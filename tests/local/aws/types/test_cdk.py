def test_the_metadata_of_the_cdk_is_no_failure(stack):
    """It stands for nothing that could run."""
    stack.deploy({"CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:x"}}})

    assert stack.status == "CREATE_COMPLETE"
