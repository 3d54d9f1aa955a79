"""AWS IoT Events, run by us: messages on their way to detectors, and what all of its packages share.

- `expression`: the language of conditions.
- `model`: a detector model as its file defines it. `analysis`: the checks before it may run.
- `engine`: one step of one detector, as a pure function.
- `runtime`: detectors with AWS around them: their table, queues, timers and actions.
- `cli`: the two commands for owners of models.
"""

__all__ = [
    "detector_key",
    "input",
    "limits",
    "message",
    "message_queue",
    "queue_entry",
    "routing",
    "topic_rule",
    "values",
]
