"""The benchmarks are scripts; only ``test_quick.py`` is for pytest."""

from pathlib import Path

collect_ignore = [path.name for path in Path(__file__).parent.glob("*.py") if not path.name.startswith("test_")]
