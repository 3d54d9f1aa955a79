"""The AWS-compatible API, `POST /`: Firehose and Kinesis as AWS SDKs speak to them."""

__all__ = ["answer", "aws_errors", "endpoint"]
