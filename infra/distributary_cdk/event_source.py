"""An event source mapping: how Lambda hands a queue's messages to a function."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from distributary_cdk.findings import acknowledge

_BATCH = 10


def map_queue(
    scope: Construct, name: str, *, queue: sqs.IQueue, function: lambda_.Function, concurrency: int
) -> lambda_.EventSourceMapping:
    """A mapping with partial batch responses, which runs at most so many batches at once.

    It has no filters: Lambda deletes what does not match them.
    """
    mapping = lambda_.EventSourceMapping(
        scope,
        name,
        target=function,
        event_source_arn=queue.queue_arn,
        batch_size=_BATCH,
        report_batch_item_failures=True,
        max_concurrency=concurrency,
    )
    # Lambda checks that the function's role may receive when the mapping is made.
    mapping.node.add_dependency(function.role or function)
    acknowledge(
        mapping,
        "Serverless-LambdaEventSourceMappingDestination",
        "A queue's mapping takes no destination: what fails stays in its queue, and moves to the dead-letter queue.",
    )
    return mapping
