#!/usr/bin/env python3
"""What attempts cost: failover, many targets, many sessions, and memory while providers fail.

python3 bench/attempts.py --penstock build/release/penstock [--rounds 400] [--soak SECONDS]
Needs build/release/bench_upstream (./dev bench builds it). Loopback only; everything that is started is ended.
"""
import argparse
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from machine import facts

GOOD = "bench-full-20-200"
TARGETS, SESSIONS = 1000, 10_000


def main():
    options = parse()
    print(json.dumps(facts({"penstock": options.penstock}), default=str))
    upstream = subprocess.Popen([options.upstream], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    gateway = None
    try:
        port = int(upstream.stdout.readline().split()[1])
        with tempfile.TemporaryDirectory() as folder:
            gateway, own = start(options.penstock, folder, port)
            failover(own, options.rounds)
            scale(own, options.rounds)
            if options.soak:
                soak(own, gateway.pid, options.soak)
    finally:
        for process in (gateway, upstream):
            if process:
                process.terminate()
                process.wait(10)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--penstock", default="build/release/penstock")
    parser.add_argument("--upstream", default="build/release/bench_upstream")
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--soak", type=int, default=0, help="seconds of requests while providers fail")
    return parser.parse_args()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(program, folder, port):
    """The gateway with one good provider, one that answers 400 to a model it does not know, and one that is not there."""
    url = f"http://127.0.0.1:{port}"
    many = [f"up/{GOOD}"] + [f"up/m{number}" for number in range(TARGETS - 1)]
    config = {
        "server": {"listen": "127.0.0.1:0", "workers": 1},
        "providers": {"up": {"base_url": url}, "other": {"base_url": url}, "gone": {"base_url": f"http://127.0.0.1:{free_port()}"}},
        "retry": {"attempts": 1},
        "cooldown": {"failures": 1000, "for": "1ms"},
        "models": [
            {"name": "direct", "to": f"up/{GOOD}"},
            {"name": "refuses", "to": ["other/nothing", f"up/{GOOD}"]},
            {"name": "gone", "to": ["gone/m", f"up/{GOOD}"]},
            {"name": "many", "to": many},
            {"name": "spread", "balance": "weighted", "to": [{"target": name, "weight": 1 if n else 1_000_000} for n, name in enumerate(many)]},
        ],
    }
    path = pathlib.Path(folder) / "penstock.yaml"
    path.write_text(json.dumps(config))
    environment = {"HOME": folder, "PATH": "/usr/bin:/bin", "PENSTOCK_STATE_DIR": folder + "/state"}
    gateway = subprocess.Popen([program, "serve", "--config", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env=environment)
    for line in gateway.stdout:
        if "http://127.0.0.1:" in line:
            own = int(line.split("http://127.0.0.1:")[1].split()[0].strip("/.,;"))
            threading.Thread(target=gateway.stdout.read, daemon=True).start()
            return gateway, own
    raise SystemExit("the gateway did not start")


def first_byte(connection, model, session="one"):
    body = json.dumps({"model": model, "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "hello " * 20}]})
    begun = time.perf_counter()
    connection.request("POST", "/v1/messages", body, {"content-type": "application/json", "x-claude-code-session-id": session})
    answer = connection.getresponse()
    answer.read1(1)
    took = time.perf_counter() - begun
    rest = answer.read()
    if answer.status != 200 or b"message_stop" not in rest:
        raise SystemExit(f"{model}: {answer.status} {rest[-200:]!r}")
    return took * 1e6


def compare(own, rounds, *requests):
    """Medians in microseconds; the requests take turns, so that the machine is the same for all."""
    connection = http.client.HTTPConnection("127.0.0.1", own)
    times = [[] for _ in requests]
    for number in range(rounds + 20):
        for place, (model, session) in enumerate(requests):
            took = first_byte(connection, model, session(number))
            if number >= 20:
                times[place].append(took)
    connection.close()
    return [(statistics.median(one), statistics.quantiles(one, n=20)[-1]) for one in times]


def one(_):
    return "one"


def failover(own, rounds):
    # The affinity of a session would keep it away from what failed: each request is a session of its own.
    fresh = iter(range(10**9))
    new = lambda _: f"s{next(fresh)}"
    direct, refuses, gone = compare(own, rounds, ("direct", new), ("refuses", new), ("gone", new))
    print(f"first byte, median (p95) us: direct {direct[0]:.0f} ({direct[1]:.0f}); after a 400 {refuses[0]:.0f} ({refuses[1]:.0f}); "
          f"after a refused connection {gone[0]:.0f} ({gone[1]:.0f})")
    print(f"failover adds {refuses[0] - direct[0]:.0f} us (400, the failing provider's own answer included), "
          f"{gone[0] - direct[0]:.0f} us (connection refused); aim < 2000")


def scale(own, rounds):
    few, many, spread = compare(own, rounds, ("direct", one), ("many", one), ("spread", one))
    print(f"a chain of {TARGETS} targets: {many[0] - few[0]:+.0f} us on {few[0]:.0f}; balanced by weight over them: {spread[0] - few[0]:+.0f} us")
    connection = http.client.HTTPConnection("127.0.0.1", own)
    for number in range(SESSIONS):
        first_byte(connection, "many", f"session-{number}")
    connection.close()
    before, after = compare(own, rounds, ("direct", one), ("many", lambda number: f"session-{number * 7 % SESSIONS}"))
    print(f"with {SESSIONS} sessions known: {after[0] - before[0]:+.0f} us on {before[0]:.0f}")


def resident(pid):
    fields = pathlib.Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def soak(own, pid, seconds):
    """Requests of which every second one fails over; resident memory at tenths of the time."""
    connection = http.client.HTTPConnection("127.0.0.1", own)
    end, samples, count = time.time() + seconds, [], 0
    next_sample = time.time() + seconds / 10
    while time.time() < end:
        first_byte(connection, ("direct", "refuses", "gone", "many")[count % 4], f"soak-{count % 5000}")
        count += 1
        if time.time() >= next_sample:
            samples.append(resident(pid))
            next_sample += seconds / 10
    connection.close()
    print(f"soak: {count} requests in {seconds} s, half of them failed over; resident MB: " + " ".join(f"{one:.1f}" for one in samples))


if __name__ == "__main__":
    main()
