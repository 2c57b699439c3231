"""The server's start."""

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.server import free_port

ROOT = Path(__file__).parents[2]


def test_a_bad_limit_stops_the_start_with_one_sentence():
    """Variable, value and range are named, and no traceback is shown."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    ended = subprocess.run(
        [*command, "--server.port", str(free_port())],
        cwd=ROOT,
        env={**os.environ, "EBM_WORKERS": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "EBM_WORKERS = 0, allowed are 1 to 256" in said
    assert "Traceback" not in said
