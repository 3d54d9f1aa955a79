"""Detectors with AWS around them: the table, the message queue, timers, actions and management.

A module here loads and stores what `engine` computes; no rule of the model is decided here.
"""

__all__ = [
    "action_batch",
    "action_queue",
    "action_targets",
    "batch_metrics",
    "bundled_models",
    "dead_letter_queue",
    "detector_item",
    "detector_run",
    "detector_settings",
    "detector_table",
    "management",
    "message_batch",
    "model_versions",
    "queue_record",
    "retry_delay",
    "wake_ups",
]
