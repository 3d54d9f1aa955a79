"""What every test may use: the case files under tests/cases, and the folder itself on the path for their builders."""

import sys
from pathlib import Path

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS))
