"""What exists: the CDK app's constructs, one noun a file."""
