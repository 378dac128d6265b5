"""The scenarios, and how each becomes a sample."""

import argparse
import dataclasses
import json
import pathlib
import resource
import subprocess
import sys
import time

import bodies
import machine
import proxies


@dataclasses.dataclass
class Scenario:
    """One thing that the load generator measures. `model` is what the provider reads (see upstream.cc)."""

    name: str
    mode: str
    model: str
    size: int
    connections: int
    events: int = 0


SPEED = [
    Scenario("whole-1k", "load", "bench-whole", 1024, 32),
    Scenario("whole-137k", "load", "bench-whole", 137_000, 32),
    Scenario("whole-485k", "load", "bench-whole", 485_000, 32),
    Scenario("stream-4k", "stream", "bench-full-20000-4096", 1024, 8, 20_005),
    Scenario("paced", "paced", "bench-paced-100-5", 1024, 8, 105),
    Scenario("paced-many", "paced", "bench-paced-100-10", 1024, 200, 105),
    Scenario("first", "stream", "bench-full-5-4096", 137_000, 1, 10),
]
HOLD = [Scenario("hold-1k", "hold", "bench-hold", 1024, 0), Scenario("hold-137k", "hold", "bench-hold", 137_000, 0)]
BURST = Scenario("burst", "load", "bench-wait-1000", 485_000, 200)
PROBE = Scenario("probe", "load", "bench-whole", 1024, 1)


@dataclasses.dataclass
class Setting:
    """What every part of the run needs to know."""

    directory: str
    load: pathlib.Path
    penstock: pathlib.Path
    proxy_core: int
    load_core: int
    options: argparse.Namespace
    upstream_port: int = 0
    upstream: proxies.Child = None


def progress(text):
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def wanted(options, name):
    return not options.scenarios or name in options.scenarios.split(",")


def measure_speed(setting, all_proxies, samples, disturbed):
    """All contestants stay up; each scenario goes through them in turn, so that what disturbs one is likely to disturb its neighbours."""
    try:
        for proxy in all_proxies:
            proxy.start(setting, probe_for(proxy))
        for turn in range(setting.options.rounds):
            for scenario in SPEED:
                if not wanted(setting.options, scenario.name):
                    continue
                direct = None
                for proxy in all_proxies:
                    if proxy.name == "penstock-chat" and scenario.mode == "paced":
                        continue  # the provider paces its own dialect only
                    result = run_load(setting, proxy, scenario, disturbed)
                    direct = result if proxy.name == "direct" else direct
                    add_speed(samples, scenario, proxy.name, result, direct)
            progress(f"speed {turn + 1}/{setting.options.rounds}")
    finally:
        for proxy in all_proxies:
            proxy.stop()


def request_file(setting, proxy, scenario):
    """The request of a scenario as a file, written once for each contestant (its port is in the host header)."""
    path = pathlib.Path(setting.directory, f"{proxy.name}-{scenario.name}-{proxy.port}.http")
    if not path.exists():
        path.write_bytes(request_bytes(proxy, scenario, proxy.port))
    return str(path)


def request_bytes(proxy, scenario, port):
    body = bodies.body(scenario.size, proxy.prefix + scenario.model, scenario.mode != "load")
    return bodies.request(f"127.0.0.1:{port}", proxies.TOKEN, body)


def probe_for(proxy):
    return lambda port: request_bytes(proxy, PROBE, port)


def load_command(setting, proxy, scenario, *more):
    return [str(setting.load.resolve()), scenario.mode, "--port", str(proxy.port), "--request", request_file(setting, proxy, scenario),
            "--connections", str(scenario.connections), "--events", str(scenario.events), *more]


def run_load(setting, proxy, scenario, disturbed):
    """One sample: the load generator's JSON, with the CPU time of the proxy in the same window."""
    seconds = setting.options.seconds
    pids = ",".join(str(pid) for pid in proxy.pids())
    command = load_command(setting, proxy, scenario, "--seconds", str(seconds), "--warmup", str(min(0.3, seconds / 2)),
                           "--watch", f"proxy={pids}", "--watch", f"upstream={setting.upstream.pid}")
    before = usage(setting, proxy)
    result = finished(setting, command, scenario, proxy)
    after = usage(setting, proxy)
    elapsed, proxy_core, load_core = (one - other for one, other in zip(after, before))
    disturbed[0] += max(proxy_core, load_core) / elapsed > 0.05
    disturbed[1] += 1
    return result


def usage(setting, proxy):
    """Now, and the time that strangers have used on each core so far."""
    ours = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    ours = sum(part.ru_utime + part.ru_stime for part in ours) + machine.cpu_seconds(setting.upstream.pid)
    proxied = sum(machine.cpu_seconds(pid) for pid in proxy.pids()[:1])
    return time.monotonic(), machine.core_busy(setting.proxy_core) - proxied, machine.core_busy(setting.load_core) - ours


def finished(setting, command, scenario, proxy):
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                              timeout=setting.options.seconds + 60)
    except subprocess.TimeoutExpired as late:
        raise proxies.Failed(f"{scenario.name} through {proxy.name} did not end") from late
    result = json.loads(done.stdout) if done.stdout else {"errors": 1, "first_error": done.stderr}
    if done.returncode != 0:
        logged = f"; its log ends: {proxy.child.log_tail()[-600:]}" if proxy.child else ""
        raise proxies.Failed(f"{scenario.name} through {proxy.name}: {result['errors']} errors, the first: {result['first_error']}{logged}")
    return result


def add_speed(samples, scenario, name, result, direct):
    """Turns one result into the metrics of report.py."""
    seconds, cpu = result["seconds"], result["cpu_s"].get("proxy", 0.0)
    unit, micro = ("requests", 1e6) if scenario.mode == "load" else ("events", 1e6 if scenario.mode == "paced" else 1e9)
    if result[unit] == 0:
        raise proxies.Failed(f"{scenario.name} through {name} measured nothing in {seconds:.1f} s")
    values = {}
    if name != "direct":
        values["cpu"], values["busy"] = cpu / result[unit] * micro, 100 * cpu / seconds
    if scenario.mode == "load":
        values["rate"], values["p99"] = result["requests"] / seconds, result["latency_us"]["p99"]
    elif scenario.name == "first":
        values["time"] = result["first_event_us"]["p50"]
        values["added"] = values["time"] - direct["first_event_us"]["p50"] if direct else None
    elif scenario.mode == "paced":
        values["delay"], values["p99"] = result["delay_us"]["p50"], result["delay_us"]["p99"]
        values["added"] = values["delay"] - direct["delay_us"]["p50"] if direct else None
    else:
        values["rate"] = result["events"] / seconds
    for key, value in values.items():
        if value is not None:
            samples.add(f"{scenario.name}.{key}", name, value)


def measure_memory(setting, name, samples):
    """Fresh processes: idle, with open streams, after a burst. Each start is a sample of the start-up time."""
    for scenario in [*HOLD, BURST, None]:
        if not wanted(setting.options, scenario.name if scenario else "start"):
            continue
        proxy = proxies.contestant(name)
        try:
            proxy.start(setting, probe_for(proxy))
            samples.add("start.ms", name, proxy.first_answer_ms)
            time.sleep(0.3)
            idle = machine.memory(proxy.child.pid)
            samples.add("idle.rss", name, idle["rss"])
            samples.add("idle.pss", name, idle["pss"])
            if scenario is BURST:
                measure_burst(setting, proxy, samples)
            elif scenario:
                measure_hold(setting, proxy, scenario, idle, samples)
        finally:
            proxy.stop()


def measure_hold(setting, proxy, scenario, idle, samples):
    scenario = dataclasses.replace(scenario, connections=setting.options.streams)
    command = load_command(setting, proxy, scenario)
    holder = proxies.Child("hold", command, setting.directory, setting.load_core, pipes=True)
    try:
        if "holding" not in (said := holder.read_line(60)):
            raise proxies.Failed(f"{scenario.name} through {proxy.name}: {said}")
        time.sleep(min(1.0, setting.options.settle))
        held = machine.memory(proxy.child.pid)
        for kind in ("rss", "rss_anon", "pss"):
            key = "per_stream" if kind == "rss" else f"per_stream_{kind}"
            samples.add(f"{scenario.name}.{key}", proxy.name, (held[kind] - idle[kind]) / setting.options.streams)
        holder.process.stdin.close()
        ended = json.loads(holder.read_line(10))
        if ended["errors"]:
            raise proxies.Failed(f"{scenario.name} through {proxy.name}: {ended['first_error']}")
    finally:
        holder.stop()


def measure_burst(setting, proxy, samples):
    """Every request of the burst is in flight at one time: the provider waits a second before it answers."""
    finished(setting, load_command(setting, proxy, BURST, "--count", str(BURST.connections), "--seconds", "30"), BURST, proxy)
    time.sleep(setting.options.settle)
    after = machine.memory(proxy.child.pid)
    samples.add("burst.peak", proxy.name, after["peak_rss"])
    samples.add("burst.after", proxy.name, after["rss"])
    samples.add("burst.after_pss", proxy.name, after["pss"])
