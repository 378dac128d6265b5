"""Medians, ratios and aims from the samples of a run."""

import statistics
from typing import NamedTuple


class Metric(NamedTuple):
    key: str
    title: str
    digits: int
    section: str


METRICS = [
    Metric("whole-1k.rate", "requests/s", 0, "Whole answers, request body 1 KB"),
    Metric("whole-1k.cpu", "CPU us/request", 2, ""),
    Metric("whole-1k.busy", "proxy's core busy, %", 0, ""),
    Metric("whole-1k.p99", "latency p99, us", 0, ""),
    Metric("whole-137k.rate", "requests/s", 0, "Whole answers, request body 137 KB"),
    Metric("whole-137k.cpu", "CPU us/request", 1, ""),
    Metric("whole-137k.busy", "proxy's core busy, %", 0, ""),
    Metric("whole-137k.p99", "latency p99, us", 0, ""),
    Metric("whole-485k.rate", "requests/s", 0, "Whole answers, request body 485 KB"),
    Metric("whole-485k.cpu", "CPU us/request", 1, ""),
    Metric("whole-485k.busy", "proxy's core busy, %", 0, ""),
    Metric("whole-485k.p99", "latency p99, us", 0, ""),
    Metric("stream-4k.rate", "events/s", 0, "Streams at full speed, provider writes 4 KB at a time"),
    Metric("stream-4k.cpu", "CPU ns/event", 0, ""),
    Metric("stream-4k.busy", "proxy's core busy, %", 0, ""),
    Metric("paced.delay", "delay p50, us", 1, "8 paced streams, an event each 5 ms"),
    Metric("paced.added", "added to direct, us", 1, ""),
    Metric("paced.p99", "delay p99, us", 0, ""),
    Metric("paced.cpu", "CPU us/event", 1, ""),
    Metric("paced-many.delay", "delay p50, us", 1, "200 paced streams, an event each 10 ms"),
    Metric("paced-many.added", "added to direct, us", 1, ""),
    Metric("paced-many.p99", "delay p99, us", 0, ""),
    Metric("paced-many.cpu", "CPU us/event", 2, ""),
    Metric("first.time", "time p50, us", 0, "First event of a stream, request body 137 KB, one at a time"),
    Metric("first.added", "added to direct, us", 0, ""),
    Metric("idle.rss", "idle, RSS KiB", 0, "Memory (VmRSS summed over the proxy's processes)"),
    Metric("hold-1k.per_stream", "per open stream, KiB, body 1 KB", 1, ""),
    Metric("hold-137k.per_stream", "per open stream, KiB, body 137 KB", 1, ""),
    Metric("burst.peak", "peak in the burst, RSS KiB", 0, ""),
    Metric("burst.after", "after the burst, RSS KiB", 0, ""),
    Metric("start.ms", "exec to first 200, ms", 1, "Start"),
]


class Aim(NamedTuple):
    title: str
    key: str
    limit: float
    ratio: bool  # at least `limit` times `base`; otherwise below `limit`
    who: str = "penstock"
    base: str = "nginx"


AIMS = [
    Aim("requests/s at 137 KB, of nginx", "whole-137k.rate", 0.8, True),
    Aim("requests/s at 1 KB, of nginx", "whole-1k.rate", 0.6, True),
    Aim("events/s at full speed, of nginx", "stream-4k.rate", 0.8, True),
    Aim("translated requests/s at 137 KB, of pass-through", "whole-137k.rate", 0.5, True, "penstock-chat", "penstock"),
    Aim("translated stream event, CPU ns", "stream-4k.cpu", 4000, False, "penstock-chat"),
    Aim("memory idle, KiB", "idle.rss", 24 * 1024, False),
    Aim("memory per stream, body 1 KB, KiB", "hold-1k.per_stream", 48, False),
    Aim("memory per stream, body 137 KB, KiB", "hold-137k.per_stream", 48, False),
    Aim("exec to first 200, ms", "start.ms", 100, False),
]


class Samples:
    """Values by metric and contestant, one a round."""

    def __init__(self):
        self.values = {}

    def add(self, key, name, value):
        self.values.setdefault(key, {}).setdefault(name, []).append(value)

    def of(self, key, name):
        return self.values.get(key, {}).get(name, [])

    def median(self, key, name):
        values = self.of(key, name)
        return statistics.median(values) if values else None

    def ratio(self, key, name, base="nginx"):
        """The median over the rounds of value / base's value in the same round: what slows one round slows both."""
        pairs = [one / other for one, other in zip(self.of(key, name), self.of(key, base)) if other > 0]
        return statistics.median(pairs) if pairs else None


def table(samples, names):
    """Median, spread and ratio to nginx of each metric for each contestant."""
    header = " " * 38 + "".join(f"{name:<22}" for name in names)
    lines = ["", "median ~(most - least) / median xN = N times nginx (median of the rounds' ratios)"]
    for metric in METRICS:
        if metric.section and any(other.key in samples.values for other in section_of(metric)):
            lines += ["", metric.section, header]
        if metric.key in samples.values:
            lines.append(f"  {metric.title:<36}" + "".join(f"{cell(samples, metric, name):<22}" for name in names).rstrip())
    return "\n".join(lines)


def section_of(first):
    """The metrics under the heading of `first`: those after it until the next heading."""
    start = METRICS.index(first)
    end = next((index for index in range(start + 1, len(METRICS)) if METRICS[index].section), len(METRICS))
    return METRICS[start:end]


def cell(samples, metric, name):
    values = samples.of(metric.key, name)
    if not values:
        return "-"
    middle = statistics.median(values)
    spread = f" ~{100 * (max(values) - min(values)) / abs(middle):.0f}%" if middle and len(values) > 1 else ""
    ratio = None if name in ("nginx", "direct") or metric.key.endswith(".busy") else samples.ratio(metric.key, name)
    return f"{middle:.{metric.digits}f}{spread}" + (f" x{ratio:.2f}" if ratio is not None else "")


def judge(samples):
    """One verdict for each aim. A ratio is the smaller one of rate and CPU time: where the load generator is slower than the proxies,
    rates come out alike and hide what a proxy costs."""
    verdicts = []
    for aim in AIMS:
        by_rate = by_cpu = None
        if aim.ratio:
            by_rate, costs = (samples.ratio(key, aim.who, aim.base) for key in (aim.key, aim.key.replace(".rate", ".cpu")))
            by_cpu = 1 / costs if costs else None
            value = min(by_rate, by_cpu) if by_rate and by_cpu else None
        else:
            value = samples.median(aim.key, aim.who)
        reached = None if value is None else value >= aim.limit if aim.ratio else value < aim.limit
        limit = f">= {aim.limit}" if aim.ratio else f"< {aim.limit}"
        verdicts.append({"aim": aim.title, "value": value, "limit": limit, "reached": reached, "by_rate": by_rate, "by_cpu": by_cpu})
    return verdicts


def aims_text(verdicts):
    words = {True: "pass", False: "FAIL", None: "not measured"}
    lines = ["", "Aims for penstock"]
    for verdict in verdicts:
        shown = "-" if verdict["value"] is None else f"{verdict['value']:.2f}"
        both = f"   (rate {verdict['by_rate']:.2f}, CPU time {verdict['by_cpu']:.2f})" if verdict["by_cpu"] else ""
        lines.append(f"  {verdict['aim']:<52}{shown:>12}   {verdict['limit']:<10} {words[verdict['reached']]}{both}")
    return "\n".join(lines)
