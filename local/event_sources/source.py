"""What one event source mapping says: which queue, which function, how much at a time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EventSource:
    """A deployed mapping of an SQS queue, standard or FIFO; no `maximum_concurrency` means four batches at a time.

    `batch_size` is 1 to 10,000 (over 10 only with a batching window, as Lambda has it), for FIFO at most 10 and without
    a window (docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
    """

    uuid: str
    queue_url: str
    queue_arn: str
    function: str
    batch_size: int = 10
    batching_window_seconds: int = 0
    maximum_concurrency: int | None = None
    report_batch_item_failures: bool = False
    enabled: bool = True
    role: str = ""  # the function's execution role, in whose name Lambda takes messages

    @property
    def fifo(self) -> bool:
        """Whether order within a message group is to be kept."""
        return self.queue_arn.endswith(".fifo")

    @property
    def region(self) -> str:
        """The region in the queue's ARN."""
        return self.queue_arn.split(":")[3]
