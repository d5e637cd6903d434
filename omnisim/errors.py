"""Every exception that omnisim raises on purpose.

.. code-block:: text

    OmnisimError
    ├── ProblemError     a population, constraint, subsequence or distribution that breaks the setting
    ├── StrategyError    a forecaster, elimination or adversary that breaks its contract
    │   ├── NotStartedError        a strategy that was asked for something before its ``start``
    │   ├── EmptyCandidatesError   every action of an agent is eliminated and ``on_empty="error"``
    │   └── StrategyFailedError    a strategy from elsewhere raised something else; what that was is its cause
    ├── DataError        a price or forecast file that is missing, malformed or has gaps
    ├── ScenarioError    a scenario file or override that is not valid
    ├── TraceError       a run directory or trace file that cannot be read
    ├── OutputError      a folder or file that cannot be written
    │   └── FolderInUseError       another process writes to the folder
    └── WorkersLostError the processes or the cluster that worked on it are gone

    UserWarning
    └── CorrectionWarning   a correction of predictions that did nothing, or that follows noise

All of them carry one line that names the thing, its value and what would be right; the command line prints
that line and exits with code 1. Most are ``ValueError`` as well, so that callers who know nothing of
omnisim can catch them.
"""


class OmnisimError(Exception):
    """Base of everything omnisim raises on purpose."""


class ProblemError(OmnisimError, ValueError):
    """A population, constraint, subsequence or distribution outside the setting of the theory."""


class StrategyError(OmnisimError, ValueError):
    """A forecaster, elimination rule or adversary with a bad parameter, or one that broke its contract."""


class NotStartedError(StrategyError, AttributeError):
    """A strategy that was asked, before its start, for what it only has from then on."""


class EmptyCandidatesError(StrategyError):
    """An agent has no candidate action left and the rule was told to stop rather than fall back."""


class StrategyFailedError(StrategyError):
    """A strategy of a plug-in, or of a script, that raised what omnisim knows nothing of, or tried to end Python."""


class DataError(OmnisimError, ValueError):
    """A file of prices or forecasts that is missing, malformed, or has gaps no declared policy covers."""


class ScenarioError(OmnisimError, ValueError):
    """A scenario file, or an override of one of its keys, that is not valid."""


class TraceError(OmnisimError, ValueError):
    """A run directory or trace file that is missing, damaged, or of another schema version."""


class CorrectionWarning(UserWarning):
    """Predictions that were to be corrected were not, or are corrected where there is noise only."""


class OutputError(OmnisimError, OSError):
    """A folder or file that cannot be written."""


class FolderInUseError(OutputError):
    """A folder to which another process, or another thread of this one, writes at the moment."""


class WorkersLostError(OmnisimError):
    """Processes or a cluster that are gone before their work was done; what they had finished stands."""


def one_line(error: BaseException, most: int = 300) -> str:
    """Message of an exception on one line, cut to at most so many letters."""
    return " ".join(str(error).split())[:most]
