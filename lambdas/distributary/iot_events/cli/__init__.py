"""`python -m distributary.iot_events.cli`: check detector models, or replay a log of messages against one."""

__all__ = ["commands"]
