#!/usr/bin/env python3
"""The dashboards, from code: writes deploy/grafana/dashboards/*.json. `make dashboards` runs it with what it needs.

A panel says what it shows, in which unit, and the queries, each with its legend. tests/suite/dashboards.rs asks a real
Prometheus every query: none may be without a series.
"""

import json
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, SortOrder, StackingMode, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

# What narrows a query to the chosen workers, and to the chosen topics where it has them.
W = 'job=~"$job",instance=~"$instance"'
T = W + ',topic=~"$topic"'
RATE = "[$__rate_interval]"
ARTICLES = f'sum(rate(newswire_outcomes_total{{{W},outcome=~"published|revised"}}[1h])) > 0'


def rate(name, by="", labels=W):
    """The sum of a counter's rates, by these labels."""
    return f"sum{f' by ({by})' if by else ''} (rate({name}{{{labels}}}{RATE}))"


def quantiles(name, labels, window=RATE):
    """Half, 95 and 99 in a hundred of a histogram are below these."""
    labels = f"{W},{labels}" if labels else W
    buckets = f"sum by (le) (rate({name}_bucket{{{labels}}}{window}))"
    return {f"{share * 100:g} %": f"histogram_quantile({share}, {buckets})" for share in (0.5, 0.95, 0.99)}


def filled(panel, title, says, unit, queries):
    panel = panel.title(title).description(says).unit(unit).datasource(SOURCE)
    for number, (legend, expr) in enumerate(queries.items()):
        panel.with_target(prometheus.Dataquery().ref_id(chr(ord("A") + number)).expr(expr).legend_format(legend))
    return panel


def figure(title, says, unit, expr, limits=()):
    """One number; `limits` are where it turns from green to the colours given."""
    steps = [Threshold(value=None, color="green")] + [Threshold(value=value, color=color) for value, color in limits]
    colours = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    return filled(stat.Panel().height(4).span(4).thresholds(colours), title, says, unit, {"": expr})


def graph(title, says, unit, queries, stacked=False):
    panel = timeseries.Panel().height(8).span(12).min(0).line_width(1).fill_opacity(60 if stacked else 8)
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    panel.legend(common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST))
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    return filled(panel, title, says, unit, queries)


def variable(name, label, query):
    chosen = dashboard.QueryVariable(name).label(label).query(query).datasource(SOURCE)
    return chosen.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).multi(True).include_all(True).all_value(".*")


def board(name, title, says, rows):
    made = (
        dashboard.Dashboard(f"newswire: {title}")
        .uid(f"newswire-{name}")
        .description(says)
        .tags(["newswire"])
        .time("now-3h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("newswire")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["newswire"])
            .as_dropdown(False)
            .include_vars(True)
            .keep_time(True)
        )
        .with_variable(dashboard.DatasourceVariable("datasource").label("Source").type("prometheus"))
        .with_variable(variable("job", "Job", "label_values(newswire_build_info, job)"))
        .with_variable(variable("instance", "Worker", 'label_values(newswire_build_info{job=~"$job"}, instance)'))
        .with_variable(variable("topic", "Topic", 'label_values(newswire_partition_lag_messages{job=~"$job"}, topic)'))
    )
    for row, panels in rows.items():
        made.with_row(dashboard.Row(row))
        # The figures of a row fill it: what stood beside them would end beyond the grid's 24 columns.
        figures = [panel for panel in panels if isinstance(panel, stat.Panel)]
        for panel in figures:
            panel.span(24 // len(figures))
        for panel in panels:
            made.with_panel(panel)
    built = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    # The builder numbers nothing, and links between panels need numbers.
    for number, panel in enumerate(built["panels"], 1):
        panel["id"] = number
    (FOLDER / f"{name}.json").write_text(json.dumps(built, indent=1, sort_keys=True) + "\n")


STALE = (
    f'1 - sum(rate(newswire_article_age_seconds_bucket{{{W},since="first_seen",le="300"}}[WINDOW]))'
    f' / (sum(rate(newswire_article_age_seconds_count{{{W},since="first_seen"}}[WINDOW])) > 0)'
)

board(
    "overview",
    "overview",
    "Is it well? The figures on top are green, and articles are fresh.",
    {
        "Is it well?": [
            figure("Workers ready", "Workers that can take work.", "none", f"sum(newswire_ready{{{W}}})"),
            figure(
                "Alerts",
                "Alerts of newswire that fire; docs/runbook.md has an entry for each.",
                "none",
                'count(ALERTS{alertstate="firing",alertname=~"Newswire.*"}) or vector(0)',
                [(1, "red")],
            ),
            figure(
                "Unaccounted for",
                "Consumed less ended, given up and in flight, over all partitions: 0, always.",
                "none",
                f"sum(abs(newswire_conservation_difference_messages{{{W}}}))",
                [(1, "red")],
            ),
            figure(
                "Lag",
                "Messages that are not committed yet, without those on retry topics, which are not due.",
                "short",
                f'sum(newswire_partition_lag_messages{{{T},topic!~".*retry.*"}})',
            ),
            figure(
                "Articles a second",
                "Published and revised.",
                "short",
                f'sum(rate(newswire_outcomes_total{{{W},outcome=~"published|revised"}}{RATE}))',
            ),
            figure(
                "Late articles",
                "Share of the last hour's articles that took longer than 5 minutes. The objective allows 5 %.",
                "percentunit",
                STALE.replace("WINDOW", "1h"),
                [(0.05, "orange"), (0.72, "red")],
            ),
        ],
        "What goes through": [
            graph(
                "Outcomes",
                "Messages a second that ended, by how.",
                "short",
                {"{{outcome}}": rate("newswire_outcomes_total", "outcome")},
                stacked=True,
            ),
            graph(
                "Age of an article when it is committed",
                "Since its message was first seen.",
                "s",
                quantiles("newswire_article_age_seconds", 'since="first_seen"'),
            ),
            graph(
                "Lag by topic",
                "Messages that are not committed yet. What is on retry topics is not due.",
                "short",
                {"{{topic}}": f"sum by (topic) (newswire_partition_lag_messages{{{T}}})"},
            ),
            graph(
                "Error budget",
                "Share of late articles in windows of an hour and six; a page at 72 % of an hour, a ticket at 30 % of six.",
                "percentunit",
                {"1 h": STALE.replace("WINDOW", "1h"), "6 h": STALE.replace("WINDOW", "6h")},
            ),
        ],
        "What does not": [
            graph(
                "Rejected",
                "Messages a second, by reason.",
                "short",
                {"{{reason}}": rate("newswire_outcomes_total", "reason", W + ',outcome="rejected"')},
            ),
            graph(
                "Deferred",
                "Messages a second that are tried again later, by reason.",
                "short",
                {"{{reason}}": rate("newswire_outcomes_total", "reason", W + ',outcome="deferred"')},
            ),
        ],
        "The one law": [
            graph(
                "Consumed = ended + in flight + given up",
                "Since the workers started. Given up: their partition was lost, and the next owner does them again.",
                "short",
                {
                    name: f"sum(newswire_{metric}_messages{{{T}}})"
                    for name, metric in [
                        ("consumed", "consumed"),
                        ("ended", "ended"),
                        ("in flight", "in_flight"),
                        ("given up", "given_up"),
                    ]
                },
            ),
            graph(
                "Versions",
                "Workers by version.",
                "none",
                {"{{version}}": f"sum by (version) (newswire_build_info{{{W}}})"},
            ),
        ],
    },
)

STAGES = ["wait", "fetch", "extract", "dedup", "commit"]

board(
    "pipeline",
    "pipeline",
    "Which stage is the bottleneck: where messages are, and what each stage costs.",
    {
        "Where messages are": [
            graph(
                "Messages by stage",
                "The stage that holds most of them is the bottleneck. To be committed: done, and waiting for it.",
                "short",
                {
                    "{{stage}}": f"sum by (stage) (newswire_stage_messages{{{W}}})",
                    "to be committed": f"sum(newswire_in_flight_messages{{{W}}}) - sum(newswire_stage_messages{{{W}}})",
                },
                stacked=True,
            ),
            graph(
                "Saturation",
                "Of the bounds of messages and bytes in flight, and the share of time that intake waits for room.",
                "percentunit",
                {
                    "messages": f"sum(newswire_in_flight_messages{{{W}}}) / sum(newswire_max_in_flight_messages{{{W}}})",
                    "bytes": f"sum(newswire_in_flight_bytes{{{W}}}) / sum(newswire_max_in_flight_bytes{{{W}}})",
                    "intake waits": f"avg(avg_over_time(newswire_intake_paused{{{W}}}{RATE}))",
                },
            ),
        ],
        "What each stage costs": [
            graph(
                "At work at once, by stage",
                "Seconds spent in a stage each second. Extraction at the number of cores is CPU that is used up.",
                "short",
                {"{{stage}}": rate("newswire_stage_duration_seconds_sum", "stage")},
            ),
            graph(
                "Through each stage",
                "A second. A message is fetched once for each redirect; commit counts intervals.",
                "short",
                {"{{stage}}": rate("newswire_stage_duration_seconds_count", "stage")},
            ),
        ]
        + [
            graph(
                f"Time in {stage}",
                "For an interval of many messages." if stage == "commit" else "For each message.",
                "s",
                quantiles("newswire_stage_duration_seconds", f'stage="{stage}"'),
            )
            for stage in STAGES
        ],
        "The process": [
            graph(
                "CPU", "Cores in use.", "short", {"{{instance}}": rate("process_cpu_seconds_total", "instance")}
            ),
            graph(
                "Memory",
                "Resident.",
                "bytes",
                {"{{instance}}": f"sum by (instance) (process_resident_memory_bytes{{{W}}})"},
            ),
            graph(
                "File descriptors",
                "Open, of those that may be.",
                "percentunit",
                {"{{instance}}": f"process_open_fds{{{W}}} / process_max_fds{{{W}}}"},
            ),
        ],
    },
)

board(
    "delivery",
    "delivery",
    "Both ends: what is taken, committed and written, and who has which partitions.",
    {
        "Commits": [
            graph(
                "Commits",
                "A second; transactions, with exactly once. What failed is made again from memory.",
                "short",
                {"{{result}}": rate("newswire_commits_total", "result")},
            ),
            graph(
                "Time of a commit",
                "From the first record to the last answer.",
                "s",
                quantiles("newswire_stage_duration_seconds", 'stage="commit"'),
            ),
            graph(
                "Records",
                "A second that the brokers acknowledged, and that had to be sent again.",
                "short",
                {
                    "acknowledged": rate("newswire_produced_records_total"),
                    "sent again": rate("newswire_produce_failures_total"),
                },
            ),
            graph(
                "Deferred by tier",
                "Messages a second, by the retry topic that they wait on.",
                "short",
                {"{{topic}}": rate("newswire_deferred_messages_total", "topic")},
            ),
        ],
        "Partitions": [
            graph(
                "Lag of the ten that are furthest behind",
                "Messages that are not committed yet.",
                "short",
                {"{{topic}}:{{partition}}": f"topk(10, sum by (topic, partition) (newswire_partition_lag_messages{{{T}}}))"},
            ),
            graph(
                "Done beyond the frontier",
                "What one slow message holds back, for the ten partitions with most of it.",
                "short",
                {
                    "{{topic}}:{{partition}}": (
                        f"topk(10, sum by (topic, partition) (newswire_beyond_frontier_messages{{{T}}}))"
                    )
                },
            ),
            graph(
                "Partitions by worker",
                "Of all topics that it reads, retry topics included.",
                "none",
                {"{{instance}}": f"sum by (instance) (newswire_assigned_partitions{{{W}}})"},
                stacked=True,
            ),
            graph(
                "Unrest",
                "Within 15 minutes: rebalances, and sessions with the brokers that were opened.",
                "short",
                {
                    "rebalances, {{instance}}": f"increase(newswire_rebalances_total{{{W}}}[15m])",
                    "sessions, {{instance}}": f"increase(newswire_sessions_total{{{W}}}[15m])",
                },
            ),
        ],
    },
)

board(
    "fetch",
    "fetch",
    "The hosts and the way to them.",
    {
        "Answers": [
            graph(
                "Answers by status",
                "Requests a second; none: there was no answer.",
                "short",
                {"{{class}}": rate("newswire_fetch_responses_total", "class")},
                stacked=True,
            ),
            graph(
                "Without an answer",
                "Share of the requests. Above a half it is our way out, not theirs.",
                "percentunit",
                {
                    "none": rate("newswire_fetch_responses_total", "", W + ',class="none"')
                    + " / ("
                    + rate("newswire_fetch_responses_total")
                    + " > 0)"
                },
            ),
            graph(
                "Time of a request",
                "From the connection to the last byte.",
                "s",
                quantiles("newswire_stage_duration_seconds", 'stage="fetch"'),
            ),
            graph(
                "Bytes of pages",
                "A second, as they came and decompressed.",
                "Bps",
                {"{{form}}": rate("newswire_fetch_bytes_total", "form")},
            ),
            graph(
                "What went wrong",
                "Messages a second that were deferred or rejected for their host or the way to it.",
                "short",
                {
                    "{{reason}}": rate(
                        "newswire_outcomes_total",
                        "reason",
                        W + ',reason=~"dns_failure|connect_failure|tls_failure|timeout|incomplete_body|bad_response|'
                        'rate_limited|server_error|client_error|host_.*"',
                    )
                },
            ),
            graph(
                "robots.txt",
                "Messages a second that it forbids, or that wait since it can't be had.",
                "short",
                {"{{reason}}": rate("newswire_outcomes_total", "reason", W + ',reason=~"robots_.*"')},
            ),
        ],
        "Hosts": [
            graph(
                "Hosts by state",
                "Those that are remembered. Paused: they asked for it; down: they only fail; held: by the operator.",
                "short",
                {"{{state}}": f"sum by (state) (newswire_hosts{{{W}}})"},
                stacked=True,
            ),
            graph(
                "Pauses",
                "Since the start, by cause.",
                "short",
                {"{{cause}}": f"sum by (cause) (newswire_host_pauses{{{W}}})"},
            ),
            graph(
                "Messages that wait for their host",
                "In memory; those that would wait too long are deferred.",
                "short",
                {"{{instance}}": f"sum by (instance) (newswire_host_waiting_messages{{{W}}})"},
            ),
            graph(
                "Time of the wait",
                "For the host's turn and its robots.txt.",
                "s",
                quantiles("newswire_stage_duration_seconds", 'stage="wait"'),
            ),
        ],
    },
)

board(
    "quality",
    "quality",
    "Whether the records are still what they were: a site that changes its layout shows here.",
    {
        "Records": [
            graph(
                "Articles that lack a field",
                "Share of those published and revised, over an hour.",
                "percentunit",
                {
                    "{{field}}": (
                        f"sum by (field) (rate(newswire_incomplete_articles_total{{{W}}}[1h]))"
                        f" / on () group_left () ({ARTICLES})"
                    )
                },
            ),
            graph(
                "Rejected by reason",
                "Share of all messages that ended, over an hour.",
                "percentunit",
                {
                    "{{reason}}": (
                        f'sum by (reason) (rate(newswire_outcomes_total{{{W},outcome="rejected"}}[1h]))'
                        f" / on () group_left () (sum(rate(newswire_outcomes_total{{{W}}}[1h])) > 0)"
                    )
                },
            ),
            graph(
                "How messages end",
                "Share of each outcome, over an hour.",
                "percentunit",
                {
                    "{{outcome}}": (
                        f"sum by (outcome) (rate(newswire_outcomes_total{{{W}}}[1h]))"
                        f" / on () group_left () (sum(rate(newswire_outcomes_total{{{W}}}[1h])) > 0)"
                    )
                },
                stacked=True,
            ),
            graph(
                "Articles that relate to an earlier one",
                "Records within an hour, by relation.",
                "short",
                {"{{relation}}": f"sum by (relation) (increase(newswire_related_articles_total{{{W}}}[1h]))"},
            ),
            graph(
                "Age since publication",
                "Of new articles whose page gives a time, over an hour: how early the sources tell of them.",
                "s",
                quantiles("newswire_article_age_seconds", 'since="published_at"', "[1h]"),
            ),
        ],
    },
)

board(
    "store",
    "store",
    "What is known of articles, and what it costs to ask.",
    {
        "The dedup store": [
            figure(
                "Slow decisions",
                "Share of the last hour's decisions that took longer than half a second: the embedded store's disk, or the way to Redis.",
                "percentunit",
                f'1 - sum(rate(newswire_stage_duration_seconds_bucket{{{W},stage="dedup",le="0.5"}}[1h]))'
                f' / (sum(rate(newswire_stage_duration_seconds_count{{{W},stage="dedup"}}[1h])) > 0)',
                [(0.01, "orange"), (0.1, "red")],
            ),
            figure(
                "Articles that a group knows",
                "The most that any worker sees: a shared store tells each of them the same.",
                "short",
                f"max(newswire_dedup_articles{{{W}}})",
            ),
            graph(
                "Articles known",
                "By worker.",
                "short",
                {"{{instance}}": f"sum by (instance) (newswire_dedup_articles{{{W}}})"},
            ),
            graph(
                "Claims that are not settled",
                "Decided and not committed yet, or left by a crash.",
                "short",
                {"{{instance}}": f"sum by (instance) (newswire_dedup_pending_claims{{{W}}})"},
            ),
            graph(
                "Time of a decision",
                "For each article.",
                "s",
                quantiles("newswire_stage_duration_seconds", 'stage="dedup"'),
            ),
            graph(
                "Decisions",
                "Articles a second, by what they turned out to be.",
                "short",
                {
                    "{{outcome}}": rate(
                        "newswire_outcomes_total", "outcome", W + ',outcome=~"published|revised|duplicate|unchanged"'
                    )
                },
            ),
            graph(
                "Memory of the index",
                "About.",
                "bytes",
                {"{{instance}}": f"sum by (instance) (newswire_dedup_memory_bytes{{{W}}})"},
            ),
            graph(
                "Size of the folder",
                "Of the embedded store.",
                "bytes",
                {"{{instance}}": f"sum by (instance) (newswire_dedup_disk_bytes{{{W}}})"},
            ),
        ],
    },
)

board(
    "feeds",
    "feeds",
    "What feeds publish, how soon it is a record, and which of them fail or have fallen silent.",
    {
        "How fresh": [
            figure(
                "Within five minutes",
                "Share of the articles of the last hour whose record was committed within 5 minutes of their publication, as their feeds have it.",
                "percentunit",
                f'sum(rate(newswire_freshness_seconds_bucket{{{W},le="300"}}[1h]))'
                f" / (sum(rate(newswire_freshness_seconds_count{{{W}}}[1h])) > 0)",
            ),
            figure(
                "Feeds that fail",
                "Subscriptions whose last round failed; /feeds names them.",
                "none",
                f'sum(newswire_feeds{{{W},state="failing"}})',
                [(1, "orange")],
            ),
            figure(
                "Feeds that are silent",
                "Subscriptions that used to publish, and stopped; /feeds names them.",
                "none",
                f'sum(newswire_feeds{{{W},state="silent"}})',
                [(1, "orange")],
            ),
            figure(
                "Next round",
                "Seconds until the next subscription is due; below 0 when it is late.",
                "s",
                f"min(newswire_feeds_next_due_seconds{{{W}}})",
            ),
            graph(
                "From publication to record",
                "Of articles that a feed named with a time.",
                "s",
                quantiles("newswire_freshness_seconds", "", "[1h]"),
            ),
            graph(
                "Subscriptions",
                "By how their last round went.",
                "short",
                {"{{state}}": f"sum by (state) (newswire_feeds{{{W}}})"},
                stacked=True,
            ),
        ],
        "What they bring": [
            graph(
                "Entries",
                "Entries of feeds and sitemaps a second: sent on, known, left (too old, or more than a first meeting takes), without an address.",
                "short",
                {"{{kind}}": rate("newswire_feed_entries_total", "kind")},
            ),
            graph(
                "Rounds",
                "Feeds and sitemaps a second that were read, or had not changed.",
                "short",
                {"{{outcome}}": rate("newswire_outcomes_total", "outcome", W + ',outcome=~"expanded|unchanged"')},
            ),
        ],
    },
)
