"""How long cells take, beside the stock kernel: `kernel.py [--stock] [--runs 20]`.

Medians over all runs, in seconds, as a client sees them: from the request to the reply. `--stock` also measures
`evcxr_jupyter` 0.22 (`cargo install evcxr_jupyter --version 0.22.0 --locked`, then `evcxr_jupyter --install`) as a user may
run it: its first session compiles polars for a quarter of an hour, later ones find the build folder kept (EVCXR_TMPDIR).

Levels of optimisation: the stock kernel compiles every cell at 2; ours at 0, and at 2 what loops (`:opt auto`).
"""

import argparse
import os
import statistics
import sys
import tempfile
import time

from jupyter_client.manager import KernelManager

GROUP = 'let df = df!("state" => ["SP", "RJ", "SP", "MG"], "sales" => [1.0, 2.0, 3.0, 4.0])?.lazy().group_by([col("state")]).agg([col("sales").sum()]).collect()?;'
CHART = """{
let names: Vec<&str> = df.column("state")?.str()?.iter().flatten().collect();
let sales: Vec<f64> = df.column("sales")?.f64()?.into_no_null_iter().collect();
let bars: Vec<charts::Bar> = names.iter().zip(&sales).map(|(label, value)| charts::Bar { label, value: *value, ..Default::default() }).collect();
charts::bars(&About::new("Sales", "Sales by state"), &charts::Bars { bars: &bars, format: &|v| format!("{v:.1}"), keep_order: false })
}"""
LOOP = "let mut sum = 0u64; for i in 0..50_000_000u64 { sum += std::hint::black_box(i); }"
STOCK_DEP = ':dep polars = { version = "0.55.2", default-features = false, features = ["csv", "fmt", "lazy", "parquet"] }\nuse polars::prelude::*;'

# What is measured, at most, aimed at.
TARGETS = {
    "start → kernel_info": (1.0, 0.3),
    "start → first polars result": (6.0, 2.0),
    "`1+1` with polars loaded": (0.25, 0.15),
    "`let df = …;`": (0.40, 0.22),
    "last expression a DataFrame": (0.40, 0.22),
    "a loop of 50 million additions": (0.5, 0.3),
    "`1+1` after 1,000 functions": (0.25, 0.15),
    "a chart": (0.5, 0.3),
}


class Kernel:
    def __init__(self, name, first=None, folder=None):
        self.start = time.perf_counter()
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(env={**os.environ, **({"EVCXR_TMPDIR": folder} if folder else {})})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.shell_channel.socket.linger = 0
        msg_id = self.client.kernel_info()
        self.reply(msg_id)
        self.ready = time.perf_counter() - self.start
        if first:
            self.run(first)
        self.run(GROUP)
        self.first_result = time.perf_counter() - self.start

    def reply(self, msg_id, timeout=3600):
        while True:
            message = self.client.get_shell_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") == msg_id:
                return message["content"]

    def run(self, code):
        start = time.perf_counter()
        content = self.reply(self.client.execute(code))
        if content["status"] != "ok":
            sys.exit("\n".join(content["traceback"]))
        return time.perf_counter() - start

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def measure(name, runs, first=None, folder=None):
    """Medians by what was measured. `first` loads polars where the kernel does not have it."""
    figures = {key: [] for key in TARGETS}
    for _ in range(5):
        kernel = Kernel(name, first, folder)
        figures["start → kernel_info"].append(kernel.ready)
        figures["start → first polars result"].append(kernel.first_result)
        kernel.stop()
    kernel = Kernel(name, first, folder)
    # Completion loads in the background: steady figures come after it.
    time.sleep(30)
    for _ in range(runs):
        figures["`1+1` with polars loaded"].append(kernel.run("1+1"))
        figures["`let df = …;`"].append(kernel.run(GROUP))
        figures["last expression a DataFrame"].append(kernel.run("df.head(Some(2))"))
        figures["a loop of 50 million additions"].append(kernel.run(LOOP))
        if first is None:
            figures["a chart"].append(kernel.run(CHART))
    kernel.run("\n".join(f"fn f{number}(x: i32) -> i32 {{ x + {number} }}" for number in range(1000)))
    for _ in range(runs):
        figures["`1+1` after 1,000 functions"].append(kernel.run("1+1"))
    kernel.stop()
    return {key: statistics.median(values) for key, values in figures.items() if values}


def measure_stock(runs):
    """The stock kernel, and how long its very first session took."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel("rust", STOCK_DEP, folder)
        kernel.stop()
        return measure("rust", runs, STOCK_DEP, folder), kernel.first_result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stock", action="store_true", help="measure evcxr_jupyter, too")
    parser.add_argument("--runs", type=int, default=20)
    args = parser.parse_args()
    ours = measure("pfe", args.runs)
    stock, first = measure_stock(args.runs) if args.stock else ({}, None)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, median of {args.runs}, of starts 5")
    if first:
        print(f"stock kernel, first session of all: {first:.0f} s until the first polars result")
    print("\nlevels of optimisation: stock 2; ours 0, and 2 for what loops")
    print("\n| | stock | ours | at most | aim |\n| --- | --- | --- | --- | --- |")
    late = []
    for key, (most, aim) in TARGETS.items():
        theirs = f"{stock[key]:.2f} s" if key in stock else "–"
        print(f"| {key} | {theirs} | {ours[key]:.2f} s | {most} s | {aim} s |")
        if ours[key] > most:
            late.append(key)
    if late:
        sys.exit(f"too slow: {', '.join(late)}")


main()
