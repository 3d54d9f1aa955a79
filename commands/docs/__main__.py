"""`make docs`: builds the docs site into build/docs-site/site, and fails on a warning or a broken link."""

import argparse
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from commands.docs import bundle, checks, source
from commands.ending import ended, say

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "build/docs/bin/zensical"
# Of the theme, for what no page of ours uses: diagrams, notebooks, galleries.
_NETWORK = re.compile(r"https://(?:unpkg\.com|cdn\.jsdelivr\.net)/[\w@./-]*")


class DocsError(Exception):
    """The site is not as it must be; the message has a line for each fault."""


def build(folder: Path) -> Path:
    """The folder of the built site. Raises DocsError."""
    source.write(folder)
    command = [str(GENERATOR), "build", "--strict", "--clean", "--config-file", str(folder / "zensical.toml")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    if done.returncode or re.search(r"\bwarning\b", printed, re.IGNORECASE):
        raise DocsError(printed)
    site = folder / "site"
    for script in site.rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        if _NETWORK.search(text):
            script.write_text(_NETWORK.sub("about:blank", text), encoding="utf-8")
    bundle.write(site, folder)
    if found := checks.faults(site):
        raise DocsError("\n".join(found))
    return site


def serve(site: Path, port: int) -> None:
    """Serve the site on this machine until Ctrl-C."""
    with ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=str(site))) as server:
        say(f"http://localhost:{server.server_port}/ (Ctrl-C ends it)")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        thread.join()


def main() -> int:
    """0 if the site is built."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="serve it on this machine afterwards")
    parser.add_argument("--port", type=int, default=8000, help="of --serve (8000); 0: a free one")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/docs-site", help="where it is built")
    options = parser.parse_args()
    try:
        site = build(options.folder.resolve())
    except DocsError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{site} has {sum(1 for _ in site.rglob('*.html'))} pages")
    if options.serve:
        serve(site, options.port)
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
