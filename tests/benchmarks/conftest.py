"""The benchmarks are scripts; only ``test_quick.py`` is for pytest."""

collect_ignore = [
    "batch.py",
    "calibration.py",
    "compare.py",
    "engine.py",
    "measuring.py",
    "network.py",
    "panprediction.py",
    "peers.py",
    "standard_load.py",
]
