"""What all studies say about the certificates of their runs."""

import pandas as pd

from omnisim.report.results import Finding
from omnisim.report.text import count


def certificates(runs: pd.DataFrame) -> Finding:
    """That none is violated, from the columns ``certificates`` and ``violated`` of all runs: their numbers."""
    total, violated = int(runs["certificates"].sum()), int(runs["violated"].sum())
    return Finding(
        "Certificates",
        "none is violated, but for those that hold with probability 95 %.",
        f"{violated:,} of {count(total, 'certificate')} on {count(len(runs), 'run')} violated.",
        violated == 0,
    )
