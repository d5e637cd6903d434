"""Markets played as the study of real markets does it."""

from collections.abc import Sequence
from dataclasses import replace

from omnisim.comparison.comparison import Comparison
from omnisim.studies import Options
from omnisim.studies.contests import compared
from omnisim.studies.real_markets.cases import Case, Plan, case_of, forecasters_of
from omnisim.studies.real_markets.page import best_calibrated
from omnisim.studies.real_markets.results import Results, collect
from omnisim.studies.real_markets.setting import Setting


def played_on(settings: Sequence[Setting], plan: Plan, options: Options) -> tuple[list[Case], list[Comparison]]:
    """Every contender of every market, then what follows from the results."""
    done = [case_of(known, plan, options.seed) for known in settings]
    comparisons = compared(done, options, _quiet)
    later = best_calibrated(done, comparisons, plan, options)
    return [*done, *later], comparisons + compared(later, options, _quiet)


def one_run(known: Setting, forecaster: str, seed: int, agents: tuple[int, int, int]) -> Results:
    """The results of a forecaster on a market under one seed."""
    case = case_of(known, Plan(1, agents, None), 0)
    case = replace(case, forecasters=forecasters_of(known, [forecaster]), seeds=[seed], reference=None)
    return collect([case], compared([case], Options(jobs=1), _quiet))


def _quiet(_done: int, _total: int) -> None:
    """Show no progress."""
