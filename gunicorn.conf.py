"""How gunicorn serves Anteroom: the local run, the tests and production differ by the environment only."""

import os
from pathlib import Path

bind = [os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"]
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
preload_app = True  # imported once, forked for each worker; nothing connects before the first request
worker_class = "deploy.serving.PromptWorker"  # gthread that slow clients cannot fill
threads = 8  # the database pool of a process holds 12 connections
timeout = 30
graceful_timeout = 10
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  heartbeats must not wait for a disk
accesslog = None  # the application writes its own line per request, without patient data
errorlog = "-"
loglevel = "warning"
limit_request_line = 4094
limit_request_fields = 60
forwarded_allow_ips = ""  # the application decides which proxies it believes (PROXY_HOPS)
control_socket_disable = True  # it would lie in the home folder, shared by every gunicorn of this user
