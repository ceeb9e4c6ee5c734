#!/usr/bin/env python3
"""The dashboards as a picture each, drawn from what a Prometheus answers to their queries: for a report, or where there is no Grafana.

    deploy/grafana/pictures.py --prometheus http://localhost:9090 --minutes 180 --out pictures

Every panel of deploy/grafana/dashboards/*.json is asked over the span of time, as Grafana would ask for all jobs, workers and
topics. What happened meanwhile (--marks: a JSON list of {"what", "from", "to"}, seconds since 1970) is shaded. Exit codes:
0 done, 1 a query was refused. Needs matplotlib.
"""

import argparse
import json
import math
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

BOARDS = Path(__file__).parent / "dashboards"

# Points on a panel's line: a panel is about 500 pixels wide.
POINTS = 300

# More lines than this say nothing on paper.
MOST_LINES = 10


def ask(prometheus, query, begin, end, step):
    """The series of a query over a span of time: for each, its labels, times and values."""
    form = urllib.parse.urlencode({"query": query, "start": begin, "end": end, "step": step}).encode()
    try:
        with urllib.request.urlopen(f"{prometheus}/api/v1/query_range", form, timeout=60) as answer:
            found = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{query}: {refusal.read().decode()}")
    return [
        (one["metric"], [float(at) for at, _ in one["values"]], [float(value) for _, value in one["values"]])
        for one in found
    ]


def filled_in(query, window):
    """A query with Grafana's variables as they are for "all"."""
    for variable, value in {"$__rate_interval": window, "$job": ".*", "$instance": ".*", "$topic": ".*"}.items():
        query = query.replace(variable, value)
    return query


def legend(form, labels):
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return form


def number(value, unit):
    """A value as people read it, in its panel's unit."""
    if math.isnan(value):
        return "no value"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        return f"{value * 1000:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
    if unit in ("bytes", "Bps"):
        for name in ("B", "KiB", "MiB", "GiB"):
            if abs(value) < 1024 or name == "GiB":
                return f"{value:.3g} {name}" + ("/s" if unit == "Bps" else "")
            value /= 1024
    return f"{value:.4g}"


def draw(axes, panel, series, span, marks):
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "short")
    axes.set_title(panel["title"], fontsize=8, loc="left")
    begin, end = span
    axes.set_xlim(0, (end - begin) / 60)
    for count, mark in enumerate(marks, 1):
        since, until = (mark["from"] - begin) / 60, (mark["to"] - begin) / 60
        axes.axvspan(since, until, color="#d62728", alpha=0.08, linewidth=0)
        axes.text((since + until) / 2, 1.01, count, transform=axes.get_xaxis_transform(), ha="center", fontsize=6, color="#d62728")
    shown = sorted(series, key=lambda one: -max((v for v in one[2] if not math.isnan(v)), default=0))
    for name, times, values in shown[:MOST_LINES]:
        axes.plot([(at - begin) / 60 for at in times], values, linewidth=0.9, label=name)
    if panel["type"] == "stat" and series:
        axes.text(0.98, 0.9, number(series[0][2][-1], unit), transform=axes.transAxes, ha="right", va="top", fontsize=15)
    elif any(name for name, _, _ in shown):
        axes.legend(fontsize=5.5, loc="upper left", framealpha=0.6, ncols=2)
    if not series:
        axes.text(0.5, 0.5, "no series", transform=axes.transAxes, ha="center", va="center", fontsize=8, color="grey")
    highest = max((value for _, _, values in shown for value in values if not math.isnan(value)), default=0)
    axes.set_ylim(bottom=0, top=None if highest > 0 else 1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, unit)))
    axes.tick_params(labelsize=6)
    axes.grid(alpha=0.25, linewidth=0.5)


def picture(board, arguments, span, marks):
    """One board, its panels where Grafana's grid has them, a line of it left for their titles; rows' titles left out."""
    begin, end = span
    step = max(1, round((end - begin) / POINTS))
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    heights = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = plt.figure(figsize=(13, heights * 0.29 + 0.6))
    grid = figure.add_gridspec(heights, 24, left=0.045, right=0.995, bottom=0.01, top=1 - 0.45 / (heights * 0.29), wspace=4)
    for panel in panels:
        place = panel["gridPos"]
        lines, columns = slice(place["y"], place["y"] + place["h"] - 1), slice(place["x"], place["x"] + place["w"])
        axes = figure.add_subplot(grid[lines, columns])
        series = []
        for target in panel["targets"]:
            query = filled_in(target["expr"], arguments.window)
            for labels, times, values in ask(arguments.prometheus, query, begin, end, step):
                series.append((legend(target.get("legendFormat", ""), labels), times, values))
        draw(axes, panel, series, span, marks)
    told = ", ".join(f"{count} {mark['what']}" for count, mark in enumerate(marks, 1))
    told = f"; shaded: {told}" if told else ""
    figure.suptitle(f"{board['title']}, minutes since the beginning{told}", fontsize=8, x=0.01, ha="left", wrap=True)
    return figure


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--prometheus", default="http://localhost:9090", metavar="URL")
    options.add_argument("--minutes", type=float, default=180, help="how far back the pictures go")
    options.add_argument("--begin", type=float, metavar="SECONDS", help="since 1970, instead of --minutes")
    options.add_argument("--window", default="5m", help="what stands for Grafana's $__rate_interval")
    options.add_argument("--marks", type=Path, metavar="FILE")
    options.add_argument("--boards", nargs="*", metavar="NAME", help="all, unless some are named")
    options.add_argument("--out", type=Path, default=Path("."), metavar="DIR")
    arguments = options.parse_args()
    end = time.time()
    begin = arguments.begin or end - arguments.minutes * 60
    marks = json.loads(arguments.marks.read_text()) if arguments.marks else []
    arguments.out.mkdir(parents=True, exist_ok=True)
    for file in sorted(BOARDS.glob("*.json")):
        if arguments.boards and file.stem not in arguments.boards:
            continue
        figure = picture(json.loads(file.read_text()), arguments, (begin, end), marks)
        figure.savefig(arguments.out / f"{file.stem}.png", dpi=80)
        plt.close(figure)
        print(arguments.out / f"{file.stem}.png")


if __name__ == "__main__":
    main()
