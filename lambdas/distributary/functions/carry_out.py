"""`carry_out`: a batch of the action queue, each action to its target."""

from distributary.functions.sink_context import sink_context
from distributary.functions.start import Start
from distributary.iot_events.runtime.action_batch import LONGEST_ACTION_PAUSE, RunActions
from distributary.iot_events.runtime.action_targets import Targets
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.iot_events.runtime.retry_delay import RetryDelays
from distributary.log import Lines, lines
from distributary.sinks.iot_events import IotEventsSettings, open_provider


def build(start: Start) -> RunActions:
    """The handler of the function."""
    inputs = open_provider(start.settings(IotEventsSettings), sink_context(start))
    queue_url = start.settings(DetectorSettings).action_queue_url
    delays = RetryDelays(start.clients.make("sqs"), queue_url, start.clock, longest=LONGEST_ACTION_PAUSE)
    log = lines(service="carry_out", level=start.stage.log_level)
    count = Lines("carry_out", start.stage, start.clock).write
    return RunActions(Targets(start.clients, inputs), delays, log, count)
