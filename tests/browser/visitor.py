"""A page in Debian's chromium: opened from disk, with a script that uses it and says what happened.

Takes a report, a width and a script; gives what the script said. No network, no server.
"""

import json
import os
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any, NoReturn

import pytest

#: Headless, with nothing in the background and no name that resolves: the network is off.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
)  # fmt: skip

#: Runs before anything else on the page.
WATCH = """<script>
window.trouble = [];
addEventListener("error", function (event) {
  trouble.push(String(event.message || event.target.outerHTML));
}, true);
addEventListener("securitypolicyviolation", function (event) {
  trouble.push(event.violatedDirective);
});
</script>"""

#: Texts that a spreadsheet would compute, and numbers that it may: put into a table that is saved.
HOSTILE = ["=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "−0.60 (−0.77 to −0.44)",
           "+0.5 %", 'say "x", y']  # fmt: skip

#: Holds the report in a frame as wide as a screen; chromium's own window is never below 500 px.
SCREEN = """<!DOCTYPE html><title>screen</title><style>body { margin: 0 }</style>
<pre id="said" hidden></pre><script>
addEventListener("message", function (event) {
  document.getElementById("said").textContent = event.data;
});
</script><iframe src="report.html" style="border:0;width:%dpx;height:%dpx"></iframe>"""

#: Runs a script when the page has loaded; what it returns is said. `all` finds elements.
SCRIPT = """<script>
addEventListener("load", async function () {
  function all(selector) { return Array.from(document.querySelectorAll(selector)); }
  var said;
  try { said = await (async function () { %s })(); } catch (error) { trouble.push(String(error)); }
  parent.postMessage(JSON.stringify({ said: said, trouble: trouble }), "*");
});
</script>"""


def missing(message: str) -> NoReturn:
    """Skip here, fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def browse(chromium: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [chromium, *FLAGS, f"--user-data-dir={folder / 'profile'}", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)


def on_screen(report: Path, folder: Path, width: int, height: int = 900, added: str = "") -> str:
    """Put the report, with what is added to its end, into a frame; return the frame's address."""
    head, body = (
        report.read_text(encoding="utf-8").replace("<head>", f"<head>{WATCH}", 1),
        "</body>",
    )
    (folder / "report.html").write_text(f"{added}{body}".join(head.rsplit(body, 1)), "utf-8")
    screen = folder / "screen.html"
    screen.write_text(SCREEN % (width, height), encoding="utf-8")
    return screen.as_uri()


def visit(
    chromium: str, report: Path, folder: Path, width: int, script: str, before: str = ""
) -> dict[str, Any]:
    """Open the report on a screen of this width, run the script, return what it returned.

    The script may await; `before` stands before it, as a script of its own.
    """
    head = f"<script>{before}</script>" if before else ""
    where = on_screen(report, folder, width, added=head + SCRIPT % script)
    done = browse(
        chromium, folder, f"--window-size={width + 40},1000", "--virtual-time-budget=60000",
        "--dump-dom", where,
    )  # fmt: skip
    found = re.search(r'<pre id="said" hidden="">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr
    answer: dict[str, Any] = json.loads(unescape(found[1]))
    assert answer["trouble"] == []
    said: dict[str, Any] = answer["said"]
    said["console"] = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return said
