"""What would fail on another system than this one: modules of POSIX, text in the encoding of the machine."""

import ast
from collections.abc import Iterator

from modules import MODULES, ROOT, parsed

ONLY_POSIX = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "spwd", "syslog", "termios", "tty"}
ONLY_POSIX_CALLS = {"fork", "forkpty", "geteuid", "getuid", "killpg", "mkfifo", "setsid", "getpgid", "chown", "sysconf"}
SIGNALS = {"SIGHUP", "SIGALRM", "SIGKILL", "SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGSTOP", "SIGCHLD"}

GUARDED = {"sysconf": "memory.py", "SIGKILL": "workers/parting.py"}
"""What is caught or asked for beforehand, and where."""


def findings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines of a module, and what on them would fail elsewhere."""
    for node in tree.body:  # at the top: what is imported in a function may come after a question
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from ((node.lineno, name) for name in names if name in ONLY_POSIX)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in ONLY_POSIX_CALLS:
                yield node.lineno, node.attr
            if node.value.id == "signal" and node.attr in SIGNALS:
                yield node.lineno, node.attr
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = {keyword.arg for keyword in node.keywords}
            text = name in ("read_text", "write_text") or (name == "open" and not _in_bytes(node))
            if text and "encoding" not in given:
                yield node.lineno, f"{name} without encoding"


def _in_bytes(call: ast.Call) -> bool:
    """Whether a call of ``open`` is none of text: in a mode of bytes, or one that opens something else than a file."""
    modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    owner = getattr(call.func, "value", None)
    return any("b" in text for text in texts) or (isinstance(owner, ast.Name | ast.Attribute) and _is_other(owner))


def _is_other(owner: ast.Name | ast.Attribute) -> bool:
    return getattr(owner, "id", getattr(owner, "attr", "")) in (
        "os",
        "_zip",
        "archive",
        "zipfile",
        "gzip",
        "webbrowser",
    )


def test_nothing_needs_this_system() -> None:
    for module in MODULES:
        place = module.relative_to(ROOT).as_posix()
        for line, found in findings(parsed(module)):
            assert GUARDED.get(found) == place, f"{place}:{line}: {found}"


def test_it_would_be_seen() -> None:
    code = "import resource\nimport os\nimport signal\nos.fork()\nsignal.SIGHUP\nopen('a')\nPath('a').read_text()"
    found = [what for _, what in sorted(findings(ast.parse(code)))]
    assert found == ["resource", "fork", "SIGHUP", "open without encoding", "read_text without encoding"]
