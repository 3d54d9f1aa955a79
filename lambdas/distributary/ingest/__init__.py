"""From an event to its records: rules choose the sinks, the envelope is written, the sinks are written to at once.

A module here knows events and rules. It knows no HTTP.
"""

__all__ = ["envelope", "event_delivery", "fan_out", "plan", "result_metrics", "rule_faults", "rules"]
