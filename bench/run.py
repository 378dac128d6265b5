#!/usr/bin/env python3
"""Compares Penstock with nginx, HAProxy and no proxy at all, in one run. See README.md in this folder."""

import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile

sys.dont_write_bytecode = True  # the tree stays as it was

import machine
import proxies
import report
from measure import HOLD, SPEED, Setting, measure_memory, measure_speed, progress

DEADLINE = 1500  # seconds for the whole run


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by SIGTERM"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"bench: not done after {DEADLINE} s"))
    signal.alarm(DEADLINE)
    set_priority(options.nice)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)  # for the open streams
    names = contestants(options)
    facts = machine.facts({"penstock": options.penstock, "bench_load": options.programs / "bench_load"})
    print_facts(facts, options)
    directory = tempfile.mkdtemp(prefix="penstock-bench-")
    try:
        samples, disturbed = measure(options, names, directory)
    except (proxies.Failed, OSError) as fault:
        sys.exit(f"bench: {fault}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    verdicts = report.judge(samples)
    print(report.table(samples, names))
    print(f"\nSamples in which other programs took over 5 % of a core: {disturbed[0]} of {disturbed[1]}"
          + (" (CPU per request stands that better than requests/s does)" if disturbed[0] else ""))
    print(report.aims_text(verdicts))
    save(options, facts, names, samples, verdicts, disturbed)
    return 1 if options.check and not all(verdict["reached"] for verdict in verdicts) else 0


def parse():
    build = machine.ROOT / "build"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke test of about 20 s; its numbers mean little")
    parser.add_argument("--only", metavar="NAMES", help="contestants, with commas: direct,nginx,haproxy,penstock,penstock-strict,penstock-chat")
    parser.add_argument("--scenarios", metavar="NAMES", help="with commas: " + ",".join(known_scenarios()))
    parser.add_argument("--rounds", type=int, default=5, help="samples of each speed (memory: at most 3)")
    parser.add_argument("--seconds", type=float, default=1.5, help="measured time of one sample")
    parser.add_argument("--streams", type=int, default=2000, help="open streams for the memory measurement")
    parser.add_argument("--settle", type=float, default=3.0, help="seconds between the burst and its measurement")
    parser.add_argument("--penstock", type=pathlib.Path, default=build / "release" / "penstock")
    parser.add_argument("--programs", type=pathlib.Path, default=build / "release", help="folder of bench_load and bench_upstream")
    parser.add_argument("--cores", default="0,1", help="the proxy's core, and that of load generator and provider")
    parser.add_argument("--nice", type=int, default=0, help="priority of the whole run; below 0 (root) where others use the machine")
    parser.add_argument("--json", type=pathlib.Path, default=build / "bench.json", help="where the samples are written")
    parser.add_argument("--check", action="store_true", help="exit 1 when an aim is missed or not measured")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.streams, options.settle = 1, 0.25, 300, 0.5
    return options


def set_priority(nice):
    """Against whatever else runs here. Where the kernel groups processes by session, the group's priority is what counts."""
    if nice == 0:
        return
    try:
        os.nice(nice)
        if os.getpgrp() == os.getpid():
            os.setpgid(0, os.getpgid(os.getppid()))  # the leader of a group may not start a session
        os.setsid()
        pathlib.Path("/proc/self/autogroup").write_text(str(nice))
    except OSError as fault:
        print(f"bench: --nice {nice} is not in full effect: {fault}")


def known_scenarios():
    return [scenario.name for scenario in SPEED + HOLD] + ["burst", "start"]


def contestants(options):
    names = options.only.split(",") if options.only else ["direct", "nginx", "haproxy", "penstock", "penstock-strict", "penstock-chat"]
    for program in ("nginx", "haproxy"):
        if program in names and not shutil.which(program):
            sys.exit(f"bench: {program} is not installed (Debian package {program})")
    if not options.penstock.exists():
        print(f"bench: no penstock at {options.penstock}: measured without it")
        names = [name for name in names if not name.startswith("penstock")]
    return names


def measure(options, names, directory):
    """The whole matrix; returns the samples and (disturbed, all) of the speed measurements."""
    proxy_core, load_core = cores(options)
    setting = Setting(directory, options.programs / "bench_load", options.penstock.resolve(), proxy_core, load_core, options)
    samples, disturbed = report.Samples(), [0, 0]
    try:
        setting.upstream = proxies.Child("upstream", [options.programs.resolve() / "bench_upstream"], directory, load_core, pipes=True)
        setting.upstream_port = int(setting.upstream.read_line(5).split()[1])
        measure_speed(setting, [proxies.contestant(name) for name in names], samples, disturbed)
        for turn in range(min(options.rounds, 3)):
            for name in names:
                if name not in ("direct", "penstock-strict", "penstock-chat"):
                    measure_memory(setting, name, samples)
            progress(f"memory {turn + 1}/{min(options.rounds, 3)}")
    finally:
        if setting.upstream:
            setting.upstream.stop()
    return samples, disturbed


def cores(options):
    """Two cores where there are two; with one, everything shares it, and the run says so."""
    allowed = sorted(os.sched_getaffinity(0))
    proxy_core, load_core = (int(core) for core in options.cores.split(","))
    if proxy_core not in allowed or load_core not in allowed:
        proxy_core, load_core = allowed[0], allowed[-1]
    if proxy_core == load_core:
        print("bench: one core only: proxy and load generator share it, so requests/s say nothing about the proxy alone")
    os.sched_setaffinity(0, {load_core})
    return proxy_core, load_core


def print_facts(facts, options):
    print(f"machine   {facts['cpu']}, {facts['cores']} cores, {facts['memory_mib']} MiB, Linux {facts['kernel']}, "
          f"load average {facts['load_average']:.2f}")
    compilers = ", ".join(f"{maker} ({name})" for name, maker in facts["compilers"].items() if maker)
    print(f"commit    {facts['commit']}; compiled by {compilers}")
    print(f"against   {facts['nginx']}; {facts['haproxy'].split(' - ')[0]}")
    print(f"set-up    one worker each; cores {options.cores} (proxy; load generator and provider); access log to a file in every proxy; "
          f"{options.rounds} rounds of {options.seconds} s, contestants in turn; nice {options.nice}", flush=True)


def save(options, facts, names, samples, verdicts, disturbed):
    options.json.parent.mkdir(parents=True, exist_ok=True)
    ratios = {key: {name: samples.ratio(key, name) for name in names} for key in samples.values}
    medians = {key: {name: samples.median(key, name) for name in names} for key in samples.values}
    options.json.write_text(json.dumps({
        "facts": facts, "rounds": options.rounds, "seconds": options.seconds, "streams": options.streams,
        "disturbed": disturbed, "medians": medians, "ratio_to_nginx": ratios, "aims": verdicts,
        "samples": samples.values}, indent=1) + "\n")
    print(f"\nsamples   {options.json}")


if __name__ == "__main__":
    sys.exit(main())
