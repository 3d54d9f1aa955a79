"""The code in the pages of docs/how-to/clients, as readers copy it."""

import re

from real_client import ROOT

PAGES = ROOT / "docs/how-to/clients"
_BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<name>[\w-]+))?\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


def snippet(page: str, name: str, **instead: str) -> str:
    """The block of that name on a page, with the words that readers replace by their own replaced.

    `endpoint`, `key` (as `KEY.SECRET`) and `device` stand for what each page writes in the same way.
    """
    blocks = {found["name"]: found["code"] for found in _BLOCK.finditer((PAGES / f"{page}.md").read_text())}
    code = blocks[name]
    words = {"endpoint": "http://localhost:8080", "key": "KEY.SECRET", "device": "pump-7"}
    for each, value in instead.items():
        code = code.replace(words[each], value)
    return code
