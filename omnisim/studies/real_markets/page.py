"""The page of the study of real markets: its figures and tables, and the study itself."""

from collections.abc import Sequence

from omnisim.comparison.comparison import Comparison
from omnisim.problem.clipping import ALARMING, NOTICED
from omnisim.report.clipping import Cut
from omnisim.report.study.results import Section, Study, Table
from omnisim.report.text import listing, percent
from omnisim.studies import Options
from omnisim.studies.contests import compared
from omnisim.studies.frame import Frame, paragraphs
from omnisim.studies.real_markets import charts, prose, tables
from omnisim.studies.real_markets.cases import FULL, QUICK, Case, Plan, cases, forecasters_of
from omnisim.studies.real_markets.contenders import calibrated
from omnisim.studies.real_markets.findings import findings
from omnisim.studies.real_markets.results import SECONDS, Results, collect, settings_table
from omnisim.studies.real_markets.setting import Setting


def best_calibrated(
    done: Sequence[Case], comparisons: Sequence[Comparison], _plan: Plan, _options: Options
) -> list[Case]:
    """The markets with published forecasts, and DecisionCalibrated on the one that turned out to be the best."""
    known = collect(done, comparisons)
    return [
        case.with_more(forecasters_of(case.setting, [calibrated(known.best(case.setting.market.name))]))
        for case in done
        if len(case.setting.market.forecasts) > 1
    ]


def assemble(done: Sequence[Case], comparisons: Sequence[Comparison], plan: Plan, options: Options) -> Study:
    """The study from all its runs."""
    settings = list(dict.fromkeys(case.setting for case in done))
    results = collect(done, comparisons)
    cut = cuts(settings, results)
    names = [f" of {known.market.name}" for known in settings]
    shown = {
        "settings": Table(
            "Days played, scale, and days of each subsequence",
            settings_table(settings, results),
            "Prices per MWh. Cut off the prices: share of their sum beyond the scale; cut off the money: the most by "
            "which that would change the money of a run. " + _left_out(settings),
        ),
        "leaderboard": Table(
            "What agents earn more than on climatology",
            tables.leaderboard(results, settings),
            "Per cent of the distance with 95 % intervals, which hold together; by population and for all, money per "
            "agent and year at the true prices.",
        ),
        "differences": Table(
            "Differences between forecasters",
            tables.differences(results, settings),
            "In per cent of the distance between climatology and perfect foresight; by population and for all, money "
            "per agent and year at the true prices.",
        ),
        "worst_regret": Table(
            "Swap regret on the worst subsequence",
            tables.worst_regret(results),
            "Utility at prices inside the scale, mean over agents and population seeds.",
        ),
        "switching": Table(
            "Gains by switching",
            tables.switching(results),
            "Money per agent and year at the true prices. Gains and losses below half a cent count as neither.",
        ),
        "changed": Table(
            "Gains on days of changed behaviour",
            tables.changed(results),
            "In per cent of the distance on these days, and in money per agent and day at the true prices.",
        ),
        "engine": Table("Evaluations and certificates", tables.engine(results)),
        "cost": Table("Seconds per run", tables.cost(results), "The only table that differs between machines."),
        "regret": Table("Swap regret of every forecaster and subsequence", tables.regret(results), shown=False),
        "subsequences": Table("Every run and subsequence", results.rows, shown=False),
        "runs": Table("Every run", results.runs.drop(columns=SECONDS), shown=False),
    }
    changed = charts.changed_chart(results)
    summary = paragraphs(prose.SUMMARY)
    if options.data is None:
        summary += paragraphs(prose.EMBEDDED_ONLY)
    return Study(
        name="real-markets",
        title=prose.TITLE,
        summary=" ".join(summary),
        facts=[
            ("Markets", listing([f"{known.market.name} ({known.days} days)" for known in settings])),
            ("Agents", f"{plan.agents[0]} buyers, {plan.agents[1]} factories and {plan.agents[2]} operators"),
            ("Population seeds", str(plan.replicates)),
            ("Runs", f"{len(results.runs):,}"),
            ("Clipping", clipping_told(settings, cut)),
            ("Sources", " ".join(f"{known.market.name}: {known.market.attribution}." for known in settings)),
        ],
        findings=findings(results),
        sections=[
            Section(
                "earnings",
                "Earnings",
                paragraphs(prose.LEADERBOARD),
                [charts.leaderboard_chart(results)],
                ["differences", "leaderboard"],
            ),
            Section("regret", "Regret", paragraphs(prose.REGRET), [charts.regret_chart(results)], ["worst_regret"]),
            Section("agents", "Agents", paragraphs(prose.AGENTS), [charts.agents_chart(results)], ["switching"]),
            Section(
                "changed",
                "Changed behaviour",
                paragraphs(prose.CHANGED),
                [changed] if changed else [],
                ["changed"] if changed else [],
            ),
            Section("cost", "Cost", paragraphs(prose.COST), [], ["engine", "cost"]),
            Section("markets", "Markets", _about_markets(results), [], ["settings"]),
        ],
        tables=shown,
        about={"data": str(options.data) if options.data else "embedded"},
        yardstick="the aims",
        notices=[one.told(name) for one, name in zip(cut, names, strict=True) if NOTICED <= one.share < ALARMING],
        warnings=[one.told(name) for one, name in zip(cut, names, strict=True) if one.share >= ALARMING],
    )


def _about_markets(results: Results) -> list[str]:
    return paragraphs(prose.SCALE) + (paragraphs(prose.PUBLISHED) if results.published else [])


def cuts(settings: Sequence[Setting], results: Results) -> list[Cut]:
    """Shares that the scale of each market cuts off its prices, and at most off the money of its runs."""
    return [
        Cut(
            "price", f"{known.market.currency}/MWh", known.scaling.low, known.scaling.high, known.beyond.count,
            known.beyond.clipped, known.beyond.lowest, known.beyond.highest, known.beyond.share,
            results.cut(known.market.name), known.beyond.suggested,
        )
        for known in settings
    ]  # fmt: skip


def clipping_told(settings: Sequence[Setting], found: Sequence[Cut]) -> str:
    """The shares that are cut in each market."""
    told = [
        f"{known.market.name} {percent(cut.prices)} of the prices and {percent(cut.money)} of the money"
        for known, cut in zip(settings, found, strict=True)
    ]
    return f"for utility and regret, {listing(told)}"


def _left_out(settings: Sequence[Setting]) -> str:
    told = [
        f"{known.market.name}: {listing([f'{name} ({why})' for name, why in known.left_out.items()])}"
        for known in settings
        if known.left_out
    ]
    return f"Left out (0 in the table): {'; '.join(told)}." if told else "No subsequence was left out."


STUDY = Frame(
    name="real-markets",
    shows="Calibrated forecasts on real day-ahead prices: what they earn and cost, and for whom.",
    full=FULL,
    quick=QUICK,
    cases=cases,
    play=compared,
    assemble=assemble,
    more=best_calibrated,
    reads_data=True,
)
