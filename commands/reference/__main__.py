"""Writes the generated blocks of docs/reference: limits, metrics and alarms, commands, errors.

`make reference` runs it with the template of stage `prod`.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commands.ending import ended
from commands.reference import command_list, error_list, limits, metric_list, timeouts
from commands.reference.blocks import filled

ROOT = Path(__file__).parents[2]
FOLDER = Path("docs/reference")


def written(template: Mapping[str, Any]) -> dict[Path, str]:
    """Each page as it should be: paths from the top of the project."""
    blocks = {
        "limits-and-timeouts.md": {**limits.blocks(), **timeouts.blocks(template)},
        "metrics-and-alarms.md": metric_list.blocks(template),
        "commands.md": command_list.blocks(),
        "errors.md": error_list.blocks(),
    }
    return {
        FOLDER / name: filled((ROOT / FOLDER / name).read_text(encoding="utf-8"), found)
        for name, found in blocks.items()
    }


def main() -> int:
    """Write the pages of the checkout. 0: that is done."""
    parser = argparse.ArgumentParser(prog="python -m commands.reference", description=__doc__)
    parser.add_argument("template", type=Path, help="the synthesised template of stage prod")
    template = json.loads(parser.parse_args().template.read_text(encoding="utf-8"))
    for page, text in written(template).items():
        (ROOT / page).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
