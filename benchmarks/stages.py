"""Seconds per stage of a run on the demo web, start-up included, for both engines.

usage: python -m benchmarks.stages
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

_BULLETIN = Path(sys.executable).with_name("bulletin")


def main() -> None:
    times = [_timed(_BULLETIN, "--help") for _ in range(5)]
    print(f"bulletin --help: {sorted(times)[2]:.2f} s (median of 5)")
    with tempfile.TemporaryDirectory() as folder:
        for engine in ("inline", "prefect"):
            target = Path(folder) / engine
            command = [_BULLETIN, "demo", "--engine", engine, "--folder", target]
            start = time.monotonic()
            result = subprocess.run(command, capture_output=True, text=True, check=True)
            whole = time.monotonic() - start
            stages = next(line for line in result.stderr.splitlines() if line.startswith("耗时"))
            print(f"bulletin demo --engine {engine}: {whole:.1f} s; {stages}")


def _timed(*command: object) -> float:
    start = time.monotonic()
    subprocess.run([str(part) for part in command], capture_output=True, check=True)
    return time.monotonic() - start


if __name__ == "__main__":
    main()
