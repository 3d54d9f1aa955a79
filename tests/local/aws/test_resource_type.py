from local.aws.resource_type import plain_name


def test_generated_names_fit_every_service():
    """Only letters, digits, hyphens, underscores and dots are left."""
    assert plain_name("My/Stack Queue:1") == "My-Stack-Queue-1"
