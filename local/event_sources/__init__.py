"""Lambda's event source mappings on this machine: what waits in a queue is handed to the function that reads it."""

from local.event_sources.mappings import EventSources
from local.event_sources.queue_client import QueueClient
from local.event_sources.source import EventSource

__all__ = ["EventSource", "EventSources", "QueueClient"]
