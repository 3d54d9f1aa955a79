"""Records on their way to a sink: put, retried, kept in a retry queue, redriven, or dead-lettered.

A module here works on records of any sink. How a record is made of an event is in `ingest` and `sinks`.
"""

__all__ = ["breaker", "claim_check", "dead_letters", "delivery", "redrive", "retry_messages", "retry_queue", "storing"]
