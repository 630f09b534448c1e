"""How much memory one step takes at most, beyond what stood before it."""

from __future__ import annotations

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.clock import Step


def peak_bytes(step: Step, device: str = "cpu") -> int:
    """The most bytes that were allocated at once during a step, beyond those once it had freed the last gradients."""
    step()
    if device == "cuda":
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        step()
    assert seen.profiler is not None and seen.profiler.kineto_results is not None
    events = [each for each in seen.profiler.kineto_results.events() if each.name() == "[memory]"]
    now = least = peak = 0
    for each in sorted(events, key=lambda event: event.start_ns()):
        now += each.nbytes()
        least = min(least, now)
        peak = max(peak, now - least)
    return peak
