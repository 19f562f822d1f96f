# SPDX-License-Identifier: Apache-2.0
"""The table: one row a figure, with what it is measured against."""
import json
import os
import platform
import statistics
import time


def middle(value):
    return statistics.median(value) if isinstance(value, list) else value


def ratio(ours, theirs, more_is_better):
    """How many times better ours is: of rounds that ran in turn, the median of each round's ratio."""
    pairs = zip(ours, theirs) if isinstance(ours, list) and isinstance(theirs, list) else [(middle(ours), middle(theirs))]
    return statistics.median((b / d if more_is_better else d / b) for b, d in pairs)


class Table:
    def __init__(self, names):
        self.names, self.rows, self.load = names, [], os.getloadavg()[0]

    def head(self):
        peer = f"{self.names[1]:>14} {'ratio':>7}" if len(self.names) > 1 else ""
        print(f"{'':<54} {self.names[0]:>14} {'floor':>16} {'target':>8} {peer}")

    def subject(self, title):
        print(f"-- {title}", flush=True)

    def row(self, label, values, unit, *, floor=None, target=None, more_is_better=False):
        """`values`: {engine's name: a number, or the samples of each round}; "berth" must be among them."""
        ours = middle(values["berth"])
        text = f"{label:<54} {ours:>9.2f} {unit:<4} " + (f"{floor:>8.2f} {ours / floor:>6.1f}x" if floor else " " * 16)
        text += f" {target:>8g}" if target is not None else " " * 9
        if target is not None:
            text += "  " if (ours >= target if more_is_better else ours <= target) else " !"
        entry = {"figure": label, "unit": unit, "floor": floor, "target": target, "berth": ours}
        for name, value in values.items():
            if name == "berth" or value is None:
                continue
            entry[name], entry[name + " ratio"] = middle(value), ratio(values["berth"], value, more_is_better)
            text += f" {name + ':' if name not in self.names else '':>6}{middle(value):>9.2f} {unit:<4} {entry[name + ' ratio']:>6.1f}x"
        if isinstance(values["berth"], list) and len(values["berth"]) > 3:
            entry["quartiles"] = statistics.quantiles(values["berth"], n=4)
        self.rows.append(entry)
        print(text, flush=True)

    def foot(self, path):
        machine = {"kernel": platform.release(), "cpus": os.cpu_count(), "load before": self.load, "load after": os.getloadavg()[0],
                   "at": time.strftime("%Y-%m-%d %H:%M")}
        print("-- " + ", ".join(f"{k} {v}" for k, v in machine.items()) + "; '!' misses its target", flush=True)
        with open(path, "w") as f:
            json.dump({"machine": machine, "rows": self.rows}, f, indent=1)
