"""The pages of runs, studies and comparisons, each one self-contained HTML file, and their figures for notebooks.

The only part of omnisim that imports plotly. What draws is imported on first use: the terminal shares the texts.
"""
