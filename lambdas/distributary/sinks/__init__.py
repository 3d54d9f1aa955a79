"""Where events go: one module a sink, with all that a sink is.

How often a put is tried again, and what happens to a refused record, is in `delivery`.
"""

__all__ = ["firehose", "iot_events", "kinesis", "registry", "sink", "stream_name"]
