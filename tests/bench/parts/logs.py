# SPDX-License-Identifier: Apache-2.0
"""Output: logs and streams"""
import time

ORDER, OPTIONAL = 40, False
LINES = 1000000  # of 80 bytes


def write_lines(e):
    e.run("run", "-d", "--name", "logger", "--network", "none", "bench:1", "/bin/lines", str(LINES))
    e.run("wait", "logger")


def log_speed(e):
    """MB/s of output into the log, until the container has ended."""
    start = time.perf_counter()
    write_lines(e)
    took = time.perf_counter() - start
    e.run("rm", "logger")
    return LINES * 80 / 1e6 / took


def read_logs(e):
    """MB/s of output that `logs` gives back."""
    write_lines(e)
    took = min(e.ms("logs", "logger") for _ in range(3)) / 1000
    e.run("rm", "logger")
    return LINES * 80 / 1e6 / took


def stream_speed(e):
    """MB/s of `run` with its output on stdout, not logged."""
    took = e.ms("run", "--rm", "--network", "none", "--log-driver", "none", "bench:1", "dd", "if=/dev/zero", "bs=65536", "count=4096")
    return 65536 * 4096 / 1e6 / (took / 1000)


def measure(bench):
    bench.row("json-file log, 80-byte lines", bench.interleaved(log_speed, 3), "MB/s", target=200, more_is_better=True)
    bench.row("logs of 1,000,000 lines", bench.interleaved(read_logs, 1), "MB/s", target=300, more_is_better=True)
    bench.row("run with its output on stdout", bench.interleaved(stream_speed, 3), "MB/s", target=500, more_is_better=True)
