"""The programs that run.py starts, and their configurations: the provider, nginx, HAProxy, Penstock."""

import contextlib
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

import machine

TOKEN = "bench-client-token"
PROVIDER_KEY = "bench-provider-key"

# Buffers: a request body is held in memory until it is complete (proxy_request_buffering on, the default); the buffer is larger than
# any body here, so no temporary file is written. proxy_buffering off as one sets it for event streams; proxy_buffer_size is the default.
NGINX = """
{user}
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log;
events {{ worker_connections 12000; }}
http {{
  access_log {dir}/nginx-access.log combined;
  client_body_temp_path {dir}/nginx-body;
  proxy_temp_path {dir}/nginx-proxy;
  fastcgi_temp_path {dir}/nginx-fastcgi;
  uwsgi_temp_path {dir}/nginx-uwsgi;
  scgi_temp_path {dir}/nginx-scgi;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  keepalive_requests 100000000;
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 300s;
    }}
  }}
}}
"""

# Without http-no-delay HAProxy holds a paced event back for 45 ms, which nobody would leave so for event streams.
HAPROXY = """
global
  nbthread 1
  maxconn 6000
  log stdout format raw local0 info
defaults
  mode http
  log global
  option httplog
  no option http-server-close
  option http-no-delay
  http-reuse always
  timeout connect 5s
  timeout client 300s
  timeout server 300s
frontend clients
  bind 127.0.0.1:{port} backlog 4096
  default_backend provider
backend provider
  server provider 127.0.0.1:{upstream}
"""

# Three ways through: c-... goes to a provider that speaks Chat Completions; a-... goes to Anthropic's own catalogue row (nothing but the model name changes), s-... to a third party that knows
# only the 2023 API (what it would refuse is mapped or taken out). Both rewrite the model name, authenticate, log and account.
PENSTOCK = """
server: {{ listen: 127.0.0.1:{port}, workers: 1, max_inflight: 6000 }}
auth: {{ tokens: [ {token} ] }}
providers:
  anthropic: {{ base_url: "http://127.0.0.1:{upstream}", api_key: {key} }}
  strict:
    base_url: http://127.0.0.1:{upstream}
    dialect: anthropic
    auth: x-api-key
    api_key: {key}
  chat: {{ base_url: "http://127.0.0.1:{upstream}", dialect: openai-chat, auth: bearer, api_key: {key} }}
models:
  - {{ match: "a-*", to: "anthropic/*" }}
  - {{ match: "s-*", to: "strict/*" }}
  - {{ match: "c-bench-*", to: "chat/bench-chat-*" }}
"""


class Failed(Exception):
    """A program did not start, or did not do its part."""


class Child:
    """A program pinned to one core; ended by its own process id."""

    def __init__(self, name, command, directory, core, pipes=False, env=None):
        self.name = name
        self.log = pathlib.Path(directory, f"{name}.log")
        pipe = subprocess.PIPE if pipes else None
        own_cores = os.sched_getaffinity(0)
        with open(self.log, "ab") as log:
            os.sched_setaffinity(0, {core})  # inherited; cheaper than work between fork and exec, which start-up time would show
            try:
                self.started = time.monotonic()
                self.process = subprocess.Popen(command, stdin=pipe or subprocess.DEVNULL, stdout=pipe or log, stderr=log, text=True,
                                                cwd=directory, env=env)
            finally:
                os.sched_setaffinity(0, own_cores)

    @property
    def pid(self):
        return self.process.pid

    def read_line(self, seconds):
        """The next line of standard output; Failed when none comes in time."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            raise Failed(f"{self.name} said nothing within {seconds} s: {self.log_tail()}")
        return line

    def log_tail(self):
        return self.log.read_text(errors="replace")[-2000:].strip()

    def stop(self):
        """Asks, waits 5 s, then forces, the descendants too."""
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for pid in reversed(machine.family(self.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait(5)
        if self.process.stdout:
            self.process.stdout.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """One contestant: how it is configured and started. `prefix` goes in front of the model names that are sent to it."""

    def __init__(self, name, prefix="a-"):
        self.name = name
        self.prefix = prefix
        self.port = 0
        self.child = None
        self.first_answer_ms = None

    def start(self, setting, request_to):
        """Starts it and waits for its first 200. `request_to(port)` makes that request. A lost race for the port is tried again."""
        for attempt in range(3):
            self.port = free_port()
            self.child = Child(self.name, self.command(setting), setting.directory, setting.proxy_core, env=self.environment(setting))
            try:
                self.first_answer_ms = first_answer(self.child, request_to(self.port), self.port)
                return self
            except Failed:
                self.stop()
                if attempt == 2:
                    raise

    def command(self, setting):
        raise NotImplementedError

    def environment(self, setting):
        return None

    def pids(self):
        return machine.family(self.child.pid)

    def stop(self):
        if self.child:
            self.child.stop()

    def written(self, setting, template, **more):
        """The configuration, written to a file of its own."""
        path = pathlib.Path(setting.directory, f"{self.name}.conf")
        path.write_text(template.format(dir=setting.directory, port=self.port, upstream=setting.upstream_port, **more))
        path.chmod(0o600)
        return str(path)


class Nginx(Proxy):
    def command(self, setting):
        user = "user root;" if os.getuid() == 0 else ""
        return ["nginx", "-e", f"{setting.directory}/nginx-error.log", "-c", self.written(setting, NGINX, user=user)]


class Haproxy(Proxy):
    def command(self, setting):
        return ["haproxy", "-db", "-f", self.written(setting, HAPROXY)]


class Penstock(Proxy):
    def command(self, setting):
        return [str(setting.penstock), "serve", "--config", self.written(setting, PENSTOCK, token=TOKEN, key=PROVIDER_KEY)]

    def environment(self, setting):
        """An empty home and a fresh state folder: no keys and no ledger of the user."""
        home = pathlib.Path(setting.directory, f"{self.name}-home")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        return {"PATH": os.environ["PATH"], "HOME": str(home), "PENSTOCK_STATE_DIR": str(home / "state")}


class Direct(Proxy):
    """No proxy at all: what provider and load generator do alone."""

    def start(self, setting, request_to):
        self.port = setting.upstream_port
        return self

    def pids(self):
        return []


def contestant(name):
    kinds = {"direct": Direct, "nginx": Nginx, "haproxy": Haproxy, "penstock": Penstock,
             "penstock-strict": Penstock, "penstock-chat": Penstock}
    if name not in kinds:
        sys.exit(f"bench: no contestant {name!r}: {', '.join(kinds)}")
    return kinds[name](name, {"penstock-strict": "s-", "penstock-chat": "c-"}.get(name, "a-"))


def first_answer(child, request, port, limit=15.0):
    """Milliseconds from exec to the last byte of the first 200, asking again every 0.2 ms until something listens."""
    while time.monotonic() < child.started + limit:
        if child.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request)
            answer = read_answer(connection)
            if answer.startswith(b"HTTP/1.1 200"):
                return (time.monotonic() - child.started) * 1000
            if answer:
                raise Failed(f"{child.name} answers {answer[:600].decode(errors='replace')}")
        time.sleep(0.0002)
    raise Failed(f"{child.name} did not answer: {child.log_tail()}")


def read_answer(connection):
    """Head and body of an answer that has a content-length, or what came of it."""
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
        head, blank, body = answer.partition(b"\r\n\r\n")
        length = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if blank and (not length or len(body) >= int(length[0])):
            break
    return answer
