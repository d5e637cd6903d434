"""Many runs side by side: the grid, the store of its results, and what can be said about the differences.

The way of the data: :mod:`choices` (what a user names, as :mod:`notation` reads it) -> :mod:`grid` (every run, with its
digest) -> :mod:`run` (one run measured, by :mod:`omnisim.workers`) -> :mod:`store` (Parquet on disk, in the columns of
:mod:`records`) -> :mod:`finished` (the runs of a plan as rows) -> :mod:`summaries`, :mod:`differences` and
:mod:`tables` (means, paired differences, counts, with the intervals of :mod:`omnisim.statistics`) -> :mod:`comparison`
(the frames people come for, with the columns below). :mod:`comparing` runs it all.

The package is not called ``compare`` because ``omnisim.compare`` is the function.

A *variant* is a scenario with one choice for each axis of the grid: ``forecaster``, ``elimination``, ``adversary`` and
``setting`` (the text of what ``--set`` gave). A *run* is a variant with a seed. The four labels are columns of every
frame; where nothing was asked for an axis, its label is what the scenario says, or "" for ``setting``.

Forecasters are compared within a *context*, one (elimination, adversary, setting), on the same seeds: the runs of a
seed have the same agents and the same random numbers. The first forecaster is the *reference* unless another is named.

``MEASURES`` are utility, money and money_clipped (larger is better), external_regret and swap_regret, the same in money
(external_regret_money, swap_regret_money), ccv, ccv_positive, bias, fallback_rounds and eliminated (smaller is better).
All are sums over the rounds of the subsequence, as in ``Analysis.agents`` (bias and eliminated are no sums), and the
mean over agents, each as often as its weight says, once without weights; numbers of agents count each once. Money is at
the true outcomes; all else, also money_clipped and regrets in money, is at the outcomes inside the range of the theory.
Regrets leave out agents whose benchmark is empty.

.. code-block:: text

    runs          one row per run: run (its digest), LABELS, seed, status ("finished" or "failed"), error, rounds,
                  agents, outcomes (a digest: equal ones met the same market), certificates_listed,
                  certificates_violated, seconds, simulate_seconds, analyze_seconds, peak_memory_mb, omnisim (version),
                  versions and machine (JSON), command (reproduces the run, from inside the folder; "" for a scenario
                  built in Python), and the MEASURES on the whole run, mean over all agents; in the order of variants,
                  then seeds
    table         the leaderboard, one row per variant in the order asked: LABELS, runs (finished), failed, one column
                  per measure with its interval <measure>_low and <measure>_high, on the whole run, mean over all
                  agents; the paired difference of utility to the reference: difference, difference_low,
                  difference_high (together with the others of the table), comparisons, method, verdict; wins, losses,
                  ties (agents, over all seeds, in utility); certificates_violated, seconds (mean of a run),
                  peak_memory_mb (largest)
    means         LABELS, population, subsequence, measure, mean, low, high, seeds, method
    differences   LABELS, reference, population, subsequence, measure, difference, low, high (alone), simultaneous_low,
                  simultaneous_high (together with all others of the measure), comparisons (how many those are),
                  verdict, seeds, method; no rows for the reference itself
    overall       the same on the whole run, mean over all agents (population is "all populations"); a family of its own
    gains         who gains: LABELS, reference, population, subsequence, measure (utility, money or money_clipped),
                  agents (pairs of agent and seed), wins, losses, ties (of money: less than half a cent), the quantiles
                  of the agents' differences: q00, q05, q25, q50, q75, q95, q100, and whose the first of them is:
                  worst_agent, worst_seed
    growth        LABELS, population, subsequence, measure (utility, money, the regrets, also in money, and the CCVs),
                  rounds (of the subsequence so far), mean, low, high, seeds: after growing numbers of rounds; large for
                  many variants, and ``growth_of`` computes only the rows that are wanted
    certificates  LABELS, theorem, claim, scope, population, subsequence, basis (before the run, or from its record),
                  probability (with which the theorem promises the bound; 1: always), runs, and how many of them came
                  out how: held (and could have failed), vacuous (the bound is no lower than what could be lost anyway),
                  unmet (no agent meets the hypotheses), checked (cannot fail), violated; excess (largest measured minus
                  bound), measured and bound there, worst_run (its name)
    accuracy      LABELS, broadcast_by (which of the forecasters of a run), subsequence, measure, value, baseline, unit,
                  rounds: as Analysis.accuracy, mean over seeds
    diebold_mariano  LABELS, reference, loss, unit, rounds, seeds, mean, reference_mean, difference, statistic, p_value,
                  lags: whether the forecast differs in accuracy from the reference's, over the same rounds; losses are
                  means over the seeds that both have; see :func:`~omnisim.statistics.diebold_mariano.diebold_mariano`
    violations    LABELS, population, subsequence, constraint, unit, agents, rounds (of an agent), violated (share of
                  them in which the limit was exceeded), exceeding (share of the agents that ever did), total (excess of
                  an agent over the run, mean over agents), all mean over seeds, and largest (in one round, of all); in
                  the unit of the limit, at the true outcomes
    clipping      LABELS, quantity, unit, low, high (the range of the theory), values, clipped, prices (share cut off
                  their sum), money (share by which it would change; both NaN if it is one of 0), lowest, highest,
                  suggested_low, suggested_high (a range that cuts less; NaN where little is cut): of the run of the
                  variant in which most was cut
    agents        one row per run, population, agent and subsequence: run, LABELS, seed and the columns of
                  Analysis.agents; large, read when first asked for
    about         a dict: name, description, reference, forecasters, eliminations, adversaries, settings (labels, in
                  order), seeds, populations (name -> {"agents", "standing", "currency"}), subsequences, whole_run (the
                  subsequence of the leaderboard), market, confidence, resamples, command, omnisim, asked, finished,
                  failed

``method`` says what an interval allows for (:mod:`omnisim.statistics.resampling`): "seeds", "days" (rounds of one
market, in blocks), "seeds and days" (a market replayed under several seeds) or "" (no interval: nothing varied; its
columns are NaN). Of a replayed market, only utility and money can be resampled by days; intervals of the other measures
speak of other agents on the same days: they say "seeds" and lead to no verdict. ``verdict`` is "better", "worse" or
"not separated", from the simultaneous interval only, or "" where there is none.
"""
