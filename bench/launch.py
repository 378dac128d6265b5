#!/usr/bin/env python3
"""What the launcher costs: `penstock run NAME` with the gateway up, against the program that it starts; the status line with a transcript of
10 MB; shell-init. Medians over rounds that take turns. Usage: bench/launch.py [--penstock build/release/penstock] [--rounds 40]"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

TRANSCRIPT_BYTES = 10_000_000


def prepare(root):
    home = root / "home"
    (home / ".config/penstock").mkdir(parents=True)
    (root / "bin").mkdir()
    (home / ".config/penstock/penstock.yaml").write_text('server: { listen: "127.0.0.1:0" }\n')
    (home / ".claude.json").write_text(json.dumps({"hasCompletedOnboarding": True}))
    claude = root / "bin/claude"
    claude.write_text("#!/bin/sh\nexit 0\n")
    claude.chmod(0o755)
    line = {"type": "assistant", "pad": "x" * 2000, "message": {"model": "glm-5.3", "usage": {
        "input_tokens": 1200, "output_tokens": 30, "cache_read_input_tokens": 800}}}
    with open(root / "transcript.jsonl", "w", encoding="utf-8") as out:
        number = 0
        while out.tell() < TRANSCRIPT_BYTES:
            number += 1
            line["message"]["id"] = f"msg_{number}"
            out.write(json.dumps(line) + "\n")
    return {"HOME": str(home), "PATH": f"{root}/bin:/usr/bin:/bin", "PENSTOCK_STATE_DIR": str(root / "state"), "ZAI_API_KEY": "key-of-the-bench"}


def milliseconds(argv, environment, root, text=None):
    begin = time.perf_counter()
    done = subprocess.run(argv, env=environment, cwd=root, input=text, capture_output=True, check=True)
    return (time.perf_counter() - begin) * 1000, done


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--penstock", default="build/release/penstock")
    options.add_argument("--rounds", type=int, default=40)
    options = options.parse_args()
    penstock = os.path.abspath(options.penstock)
    model = {"model": {"id": "glm-5.3", "display_name": "GLM 5.3"}}
    with tempfile.TemporaryDirectory(prefix="penstock-launch-") as folder:
        root = Path(folder)
        environment = prepare(root)
        status = json.dumps(model | {"transcript_path": str(root / "transcript.jsonl")}).encode()
        cases = {
            "claude alone (a stub)": ([str(root / "bin/claude")], None),
            "penstock run zai": ([penstock, "run", "zai"], None),
            "statusline, 10 MB transcript": ([penstock, "statusline"], status),
            "statusline, no transcript": ([penstock, "statusline"], json.dumps(model).encode()),
            "shell-init bash": ([penstock, "shell-init", "bash"], None),
        }
        milliseconds([penstock, "start"], environment, root)
        try:
            times = {name: [] for name in cases}
            for _ in range(options.rounds):
                for name, (argv, text) in cases.items():
                    times[name].append(milliseconds(argv, environment, root, text)[0])
        finally:
            milliseconds([penstock, "stop"], environment, root)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {options.rounds} rounds; milliseconds")
    for name, values in times.items():
        print(f"{name:32} median {statistics.median(values):6.1f}   worst {max(values):6.1f}")
    added = statistics.median(times["penstock run zai"]) - statistics.median(times["claude alone (a stub)"])
    print(f"penstock run adds {added:.1f} ms (aim: under 50)")


if __name__ == "__main__":
    main()
