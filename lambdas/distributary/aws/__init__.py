"""Everything that talks to AWS: clients, one call with its errors, signing, timeouts, the bucket.

A module here knows an AWS API. It does not know events, rules or detectors.
"""

__all__ = ["batching", "bucket", "call", "clients", "queue", "timeouts"]
