"""CPU that something takes, against that of a JSON parser in the same run: a busy or slow machine says the same."""

import json
import time
from collections.abc import Callable


def seconds(action: Callable[[], object]) -> float:
    """The CPU of the quicker of two runs."""
    return min(_once(action), _once(action))


def parsing(size: int) -> float:
    """The CPU that Python's parser takes for so many bytes of small objects."""
    text = json.dumps([{"deviceId": f"d-{number:07}"} for number in range(size // 27 + 1)])
    return seconds(lambda: json.loads(text)) * size / len(text)


def _once(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began
