"""Posted JSON is checked and cut into pieces here, and never rewritten.

No module of this package knows what an event, a detector or HTTP is.
"""

__all__ = ["bounds", "fault", "place", "text"]
