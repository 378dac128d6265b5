"""What a run took place on, and what /proc says about the processes measured."""

import os
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")


def facts(binaries):
    """Machine, compiler and commit; a benchmark without them says nothing. `binaries` maps a name to a program."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    return {
        "cpu": model[1] if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_mib": memory // 1024,
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
        "commit": commit(),
        "compilers": {name: compiler_of(path) for name, path in binaries.items()},
        "nginx": first_line(["nginx", "-v"]),
        "haproxy": first_line(["haproxy", "-v"]),
    }


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "not installed"
    return (done.stdout + done.stderr).strip().split("\n")[0]


def commit():
    git = ["git", "-C", str(ROOT)]
    name = first_line([*git, "rev-parse", "--short=12", "HEAD"])
    if name.startswith("fatal"):
        return "none"
    changed = first_line([*git, "status", "--porcelain", "--untracked-files=no"])
    return name + (" with uncommitted changes" if changed else "")


def compiler_of(path):
    """The compiler names itself in the program's .comment section."""
    if not path or not os.path.exists(path):
        return None
    found = set(re.findall(rb"(?:[A-Za-z]+ )?clang version [0-9.]+|GCC: [^\0]{1,60}", pathlib.Path(path).read_bytes()))
    clang = sorted(name.decode() for name in found if b"clang" in name)
    return clang[0] if clang else ", ".join(sorted(name.decode() for name in found)) or None


def family(pid):
    """The process and its descendants: nginx has a master and a worker."""
    pids = [pid]
    for parent in pids:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            pids += [int(child) for child in task.read_text().split()]
    return pids


def memory(pid):
    """KiB of the process and its descendants. rss counts a page once for each process that maps it, pss once in all."""
    sums = {"rss": 0, "peak_rss": 0, "rss_anon": 0, "pss": 0}
    for member in family(pid):
        status = pathlib.Path(f"/proc/{member}/status").read_text()
        for key, name in (("rss", "VmRSS"), ("peak_rss", "VmHWM"), ("rss_anon", "RssAnon")):
            sums[key] += int(re.search(rf"{name}:\s*(\d+)", status)[1])
        rollup = pathlib.Path(f"/proc/{member}/smaps_rollup").read_text()
        sums["pss"] += int(re.search(r"Pss:\s*(\d+)", rollup)[1])
    return sums


def core_busy(core):
    """Seconds for which anything at all ran on the core, since boot."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = (int(field) for field in fields[:8])
            return (user + nice + system + irq + softirq + steal) / TICK
    return 0.0


def cpu_seconds(pid):
    """CPU time of the process and its descendants, by schedstat (nanoseconds; /proc/PID/stat has ticks of 10 ms)."""
    total = 0
    for member in family(pid):
        for task in pathlib.Path(f"/proc/{member}/task").glob("*/schedstat"):
            total += int(task.read_text().split()[0])
    return total / 1e9
