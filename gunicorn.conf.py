"""How gunicorn serves Anteroom: the local run, the tests and production differ by the environment only."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

PROXY_HOPS = int(os.environ.get("PROXY_HOPS") or 0)
METRICS_PORT = os.environ.get("METRICS_PORT", "")
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"

if METRICS_PORT and MULTIPROCESS not in os.environ:
    # Numbers of all worker processes are added up from files of this run; the client looks for it when it is imported.
    os.environ[MULTIPROCESS] = tempfile.mkdtemp(prefix="anteroom-metrics-")

bind = [os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"]
if METRICS_PORT:
    bind.append(f"127.0.0.1:{METRICS_PORT}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
preload_app = True  # imported once, forked for each worker; nothing connects before the first request
worker_class = "deploy.serving.PromptWorker"  # gthread that slow clients cannot fill
logger_class = "deploy.gunicorn_log.JsonLogger"
threads = 8  # the database pool of a process holds 12 connections
worker_connections = 500  # waiting and kept-alive ones cost no thread
backlog = 512
timeout = 30
max_requests = 0  # replacing workers for their age closes connections, and nothing here has needed it so far
# A balancer must be the first to hang up on a quiet connection, or it sends a request into one we have just closed:
# 60 s is the idle time-out of an AWS load balancer and of our haproxy.cfg.  Browsers come without one only locally.
keepalive = int(os.environ.get("KEEP_ALIVE_SECONDS") or (75 if PROXY_HOPS else 5))
# From SIGTERM on /readyz says 503 and all else goes on for so long: until the balancer has looked twice.
drain_seconds = float(os.environ.get("DRAIN_SECONDS") or (20 if PROXY_HOPS else 0))
graceful_timeout = 10  # then nobody new is let in, and who is in has so long
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  heartbeats must not wait for a disk
accesslog = None  # the application writes its own line per request, without patient data
errorlog = "-"
loglevel = "warning"
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
forwarded_allow_ips = ""  # the application decides which proxies it believes (PROXY_HOPS)
control_socket_disable = True  # it would lie in the home folder, shared by every gunicorn of this user


def when_ready(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    """Let SIGTERM begin with the balancer: it notices, nobody new comes, then everybody who is in is answered."""
    from deploy.serving import leave_in_order

    leave_in_order(arbiter, drain_seconds)


def child_exit(_arbiter: Any, worker: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    """Forget what a worker that has ended had open; what it counted stays counted."""
    if METRICS_PORT:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_arbiter: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    if METRICS_PORT:
        shutil.rmtree(os.environ[MULTIPROCESS], ignore_errors=True)
