"""HTTP and nothing else: API Gateway's events become requests, and responses go back.

The packages inside are the APIs: `events_api`, `aws_api`, `iot_events_api`; `auth` lets callers in.
"""

__all__ = [
    "content",
    "documents",
    "event_ids",
    "health",
    "problem",
    "request",
    "request_log",
    "router",
    "structure",
    "webhook",
    "welcome",
    "zstd",
]
