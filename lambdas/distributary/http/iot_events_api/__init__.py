"""The IoT Events APIs: BatchPutMessage at `/inputs/messages`, and the detectors API under `/detectors`."""

__all__ = ["detectors", "messages"]
