"""One module a Lambda function: it takes Lambda's event, and builds what `lambdas/<function>/handler.py` serves."""

__all__ = [
    "carry_out",
    "check_health",
    "ingest",
    "keys_ahead",
    "needs",
    "publish_models",
    "redrive",
    "run_detectors",
    "serve_detectors",
    "sink_context",
    "stage_sinks",
    "start",
    "storing",
    "take_messages",
    "wake_detectors",
]
