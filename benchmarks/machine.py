"""The machine a number was measured on."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter


def machine() -> dict[str, str]:
    """CPU name, cores, memory, system load, versions of Python and DuckDB, and the date."""
    import duckdb

    return {
        "CPU": cpu_name(),
        "cores": str(cores()),
        "memory": f"{memory_gib():.0f} GiB",
        "load before": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "Python": platform.python_version(),
        "DuckDB": duckdb.__version__,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }


def cpu_name() -> str:
    """The name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        if names:
            return names[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_gib() -> float:
    """Physical memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def median(values: Sequence[float]) -> float:
    """The median, of at least three for a number that is reported."""
    return statistics.median(values)
