"""SQS queues: their limits, and whether one is there."""

from typing import Any

from distributary.aws.call import call

# Ten entries, 1 MiB together:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MAX_ENTRIES = 10
MAX_BYTES = 1024 * 1024


def check_queue(client: Any, queue_url: str) -> None:
    """Nothing, if the queue answers. Raises SinkUnavailable."""
    call(client.get_queue_attributes, QueueUrl=queue_url, AttributeNames=["QueueArn"])
