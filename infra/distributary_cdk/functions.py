"""The functions that serve every sink, each with what it may do: `ingest`, `check_health` and `redrive`."""

from collections.abc import Iterator, Sequence
from typing import Any

from constructs import Construct

from distributary_cdk.function import Function
from distributary_cdk.keys import Keys
from distributary_cdk.part import GRAPH_PERIOD, Graph
from distributary_cdk.sinks.sink import Sink
from distributary_cdk.storage import Storage


class Ingest(Function):
    """The function that takes requests and writes to the sinks."""

    def __init__(
        self, scope: Construct, name: str, *, sinks: Sequence[Sink], storage: Storage, keys: Keys, **options: Any
    ) -> None:
        super().__init__(scope, name, folder="ingest", graphed=True, **options)
        for sink in sinks:
            sink.grant_write(self)
            sink.grant_api(self)
        # The data of events that are too large for a stream.
        storage.allow(self, "claims", "s3:PutObject")
        keys.grant_read(self)

    def graphs(self) -> Iterator[Graph]:
        """Errors, throttles, and the milliseconds that are billed."""
        yield from super().graphs()
        duration = self.metric_duration(statistic="Sum", period=GRAPH_PERIOD)
        yield Graph("Cost", "Milliseconds of ingest", [duration])


class CheckHealth(Function):
    """The function that looks whether the sinks are there."""

    def __init__(self, scope: Construct, name: str, *, sinks: Sequence[Sink], **options: Any) -> None:
        super().__init__(scope, name, folder="check_health", **options)
        for sink in sinks:
            sink.grant_look(self)


class Redrive(Function):
    """The function that delivers what waits in the retry queues."""

    def __init__(self, scope: Construct, name: str, *, sinks: Sequence[Sink], **options: Any) -> None:
        super().__init__(scope, name, folder="redrive", graphed=True, **options)
        for sink in sinks:
            sink.grant_write(self)
        for sink in sinks:
            sink.redrive_by(self)
