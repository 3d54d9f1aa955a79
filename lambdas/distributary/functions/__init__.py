"""One module a Lambda function: it takes Lambda's event, and builds what `lambdas/<function>/handler.py` serves."""

__all__ = ["redrive", "take_messages"]
