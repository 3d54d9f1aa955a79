"""The events API, `POST /v1/events`: how a body is cut into events, and what the answer says of each."""

__all__ = ["addressed", "body", "cloud_event", "endpoint", "kept", "plan", "receipt"]
