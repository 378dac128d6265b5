#!/usr/bin/env python3
"""The layer rules of the sources, checked; and the folder map, printed.

check_layers.py [ROOT]               checks ROOT (by default the project this script lies in); exit 1 and one line per fault
check_layers.py --map [ROOT]         prints the map for ARCHITECTURE.md
check_layers.py --check-map FILE     FILE must hold every row of the map (the two counts may differ)
check_layers.py --self-test          breaks each rule in a tree of its own and expects to be told
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

# folder: (layer, what it is for). A folder of src/ that is missing here is a fault.
FOLDERS = {
    "base": (0, "errors as values, secrets, text, logs: what every part stands on"),
    "json": (1, "an index over raw JSON bytes, and edits on them"),
    "wire": (1, "HTTP/1.1 and SSE as bytes: heads, bodies, headers, events"),
    "llm": (1, "the gateway's own vocabulary: requests, answers, events, usage"),
    "net": (2, "sockets, TLS, workers, the HTTP server and client: all I/O to peers"),
    "dialect": (2, "each API's wire format, its quirks and its errors"),
    "config": (2, "the user's file: its table of keys, its values, its faults"),
    "catalog": (2, "providers, models and prices as data"),
    "policy": (3, "pure decisions: where a request goes, what it may cost, when to try again"),
    "credentials": (3, "what is shown to providers: keys, pools, tokens and their refresh"),
    "importing": (3, "other tools' configuration files, read and rewritten as ours"),
    "storage": (3, "the ledger, virtual keys and shared counters"),
    "gateway": (4, "the stages of a request, one file each"),
    "mock": (4, "the scripted provider behind `penstock mock` and the tests"),
    "admin": (5, "the admin API, the dashboard, metrics"),
    "app": (6, "builds every part from the configuration, owns, reloads and drains them"),
    "launch": (7, "Claude Code started for a provider: what it means, its environment, shells, variants"),
    "doctor": (7, "what is set up, whether it works, and how to mend what does not"),
    "cli": (8, "the subcommands"),
}

# library: (how its includes begin, where they may stand: a folder, or a file by a pattern)
LIBRARIES = {
    "Asio": (r"boost/(asio|beast)\b", [r"net/"]),
    "simdjson": (r"simdjson\b", [r"json/"]),
    "Boost.JSON": (r"boost/json\b", [r"json/"]),
    "yaml-cpp": (r"yaml-cpp/", [r"config/", r"catalog/", r"importing/"]),
    "OpenSSL": (r"openssl/", [r"net/", r"dialect/", r"credentials/"]),
    "SQLite": (r"(sqlite3\.h|SQLiteCpp/)", [r"storage/[^/]*sqlite[^/]*\.cc"]),
    "libpq": (r"(libpq|pqxx/|postgresql/)", [r"storage/[^/]*postgres[^/]*\.cc"]),
    "hiredis": (r"hiredis/", [r"storage/[^/]*redis[^/]*\.cc"]),
}

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60
SIZED_TREES = ("src", "tests", "bench", "fuzz")  # where lengths count; layers hold in src/ alone
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def sources(root, trees):
    for tree in trees:
        for path in sorted((root / tree).rglob("*")):
            if path.suffix in (".h", ".cc") and "node_modules" not in path.parts:
                yield path


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


# --- includes ---------------------------------------------------------------------------------------------------------------------------


def folder_of(name):
    return name.split("/")[0] if "/" in name else ""


def layer_fault(name, included, is_file):
    """Why the file `name` (folder/file below src/) may not include "included", or None."""
    here, there = folder_of(name), folder_of(included)
    if there not in FOLDERS:
        if name.endswith("_test.cc"):
            return None  # tests reach for the scaffolding in tests/ too
        return f'"{included}" names no folder of src/'
    if not is_file:
        return f'"{included}" does not exist'
    if here == "" or here == there:
        return None  # main.cc stands above all
    mine, other = FOLDERS[here][0], FOLDERS[there][0]
    if other > mine:
        return f'"{included}" is a layer above: L{mine} may not include L{other}'
    if other == mine and not name.endswith("_test.cc"):
        return f'"{included}" is a neighbour: folders of one layer (L{mine}) do not include each other'
    return None


def library_fault(name, included):
    for library, (begins, homes) in LIBRARIES.items():
        if re.match(begins, included) and not any(re.match(home, name) for home in homes):
            return f"<{included}>: {library} stays in {', '.join(homes)}"
    return None


def include_faults(src):
    faults, graph = [], {}
    for path in sources(src.parent, [src.name]):
        name = path.relative_to(src).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        folder = folder_of(name)
        if folder and folder not in FOLDERS:
            faults.append(f"src/{name}:1: the folder {folder}/ has no layer: name it in scripts/check_layers.py")
            continue
        graph[name] = []
        for match in INCLUDE.finditer(text):
            quoted, included = match.group(1) == '"', match.group(2)
            why = layer_fault(name, included, (src / included).is_file()) if quoted else None
            why = why or library_fault(name, included)
            if why:
                faults.append(f"src/{name}:{line_of(text, match.start())}: {why}")
            if quoted and (src / included).is_file():
                graph[name].append(included)
    return faults + cycle_faults(graph)


def cycle_faults(graph):
    """One fault for each include cycle that a walk from the first file on meets."""
    faults, done = [], set()

    def walk(name, trail):
        if name in trail:
            faults.append(f"src/{name}:1: include cycle: {' -> '.join(trail[trail.index(name):] + [name])}")
            return
        if name in done:
            return
        for included in graph.get(name, []):
            walk(included, trail + [name])
        done.add(name)

    for name in sorted(graph):
        walk(name, [])
    return faults


# --- lengths ----------------------------------------------------------------------------------------------------------------------------

NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
    r"|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
    re.S | re.M,
)
AFTER_PARAMETERS = r"\)\s*((const|noexcept|override|final|mutable|try|&&?)\s*|noexcept\(\)\s*|->[^;{}=]*|requires[^;{}]*|:[^;{}]*[)}]\s*)*$"


def code_only(text):
    """The text with comments, literals and preprocessor lines blanked, line breaks kept."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def without_groups(statement):
    """The statement with what stands between parentheses left out."""
    out, depth = [], 0
    for c in statement:
        depth -= c == ")"
        if depth <= 0:
            out.append(c)
        depth = max(depth, 0) + (c == "(")
    return "".join(out)


def scope_kind(statement):
    """What the brace after `statement` opens: a function, a scope whose inside counts as outside (namespace, class), or anything else."""
    bare = without_groups(statement).strip()
    if re.search(r"\)\s*(noexcept\s*)?:\s*([^;]*,\s*)?[\w:<>]+$", bare):
        return "other"  # a member's initialiser
    if re.search(AFTER_PARAMETERS, bare):
        return "function"
    if re.search(r"\b(namespace|class|struct|union|extern)\b", bare) and "=" not in bare:
        return "open"
    return "other"


def functions(text):
    """(first line, lines) of every function body; a lambda belongs to the function around it."""
    code = code_only(text)
    scopes, statement_start = [], 0
    for at, c in enumerate(code):
        inside = any(kind not in ("open",) for kind, _ in scopes)
        if c == "{":
            kind = "other" if inside else scope_kind(code[statement_start:at])
            first = statement_start + len(code[statement_start:at]) - len(code[statement_start:at].lstrip())
            scopes.append((kind, first))
            if kind == "open":
                statement_start = at + 1
        elif c == "}" and scopes:
            kind, first = scopes.pop()
            if kind == "function":
                yield line_of(code, first), code.count("\n", first, at) + 1
            if kind in ("function", "open"):
                statement_start = at + 1
        elif c == ";" and not inside:
            statement_start = at + 1


def length_faults(root):
    faults = []
    for path in sources(root, SIZED_TREES):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = text.count("\n")
        if lines > MAX_FILE_LINES:
            faults.append(f"{name}:{MAX_FILE_LINES}: the file has {lines} lines, more than {MAX_FILE_LINES}")
        for first, length in functions(text):
            if length > MAX_FUNCTION_LINES:
                faults.append(f"{name}:{first}: the function has {length} lines, more than {MAX_FUNCTION_LINES}")
    return faults


def check(root):
    return include_faults(root / "src") + length_faults(root)


# --- the map ----------------------------------------------------------------------------------------------------------------------------


def map_rows(root):
    """(the row's constant part, files, lines) of every folder that exists, lowest layer first."""
    for folder, (layer, purpose) in FOLDERS.items():
        files = list(sources(root / "src", [folder]))
        if files:
            lines = sum(path.read_text(encoding="utf-8", errors="replace").count("\n") for path in files)
            yield f"| `{folder}/` | L{layer} | {purpose} |", len(files), lines


def print_map(root):
    print("| folder | layer | what it is for | files | lines |\n|---|---|---|---|---|")
    for row, files, lines in map_rows(root):
        print(f"{row} {files} | {lines} |")


def map_faults(root, document):
    text = Path(document).read_text(encoding="utf-8")
    return [f"{document}: lacks the row {row} (scripts/check_layers.py --map)" for row, _, _ in map_rows(root) if row not in text]


# --- self-test --------------------------------------------------------------------------------------------------------------------------

SOUND = {
    "src/main.cc": '#include "cli/run.h"\nint main() { return 0; }\n',
    "src/cli/run.h": '#pragma once\n#include "net/asio.h"\n',
    "src/net/asio.h": '#pragma once\n#include <boost/asio.hpp>\n#include "base/text.h"\n',
    "src/base/text.h": "#pragma once\n",
    "src/json/scan.cc": "#include <simdjson.h>\n#include <boost/json.hpp>\n",
    "src/config/load.cc": "#include <yaml-cpp/yaml.h>\n",
    "src/dialect/tag.cc": "#include <openssl/hmac.h>\n",
    "src/storage/sqlite_ledger.cc": "#include <sqlite3.h>\n",
    "src/gateway/relay_test.cc": '#include "mock/script.h"\n#include "fake_provider/fake.h"\n',
    "src/mock/script.h": "#pragma once\n",
}


def body(lines):
    return "  work();\n" * lines


# what breaks: (files to add, what the fault must say; None for none)
TRIALS = {
    "a sound tree": ({}, None),
    "upwards": ({"src/base/a.h": '#include "net/asio.h"\n'}, "layer above: L0 may not include L2"),
    "a neighbour": ({"src/json/a.h": '#include "wire/b.h"\n', "src/wire/b.h": "\n"}, "folders of one layer (L1)"),
    "a neighbour, in a comment": ({"src/json/a.h": '// #include "wire/b.h"\n'}, None),
    "no such file": ({"src/cli/a.cc": '#include "base/gone.h"\n'}, '"base/gone.h" does not exist'),
    "a bare include": ({"src/base/a.cc": '#include "text.h"\n'}, "names no folder of src/"),
    "an unknown folder": ({"src/extras/a.cc": "\n"}, "extras/ has no layer"),
    "Asio outside": ({"src/gateway/a.cc": "#include <boost/asio/awaitable.hpp>\n"}, "Asio stays in net/"),
    "Beast outside": ({"src/app/a.cc": "#include <boost/beast.hpp>\n"}, "Asio stays in net/"),
    "simdjson outside": ({"src/dialect/a.cc": "#include <simdjson.h>\n"}, "simdjson stays in json/"),
    "Boost.JSON outside": ({"src/llm/a.cc": "#include <boost/json/value.hpp>\n"}, "Boost.JSON stays in json/"),
    "YAML outside": ({"src/policy/a.cc": "#include <yaml-cpp/yaml.h>\n"}, "yaml-cpp stays in config/, catalog/"),
    "OpenSSL outside": ({"src/base/a.cc": "#include <openssl/sha.h>\n"}, "OpenSSL stays in net/, dialect/, credentials/"),
    "a database outside its file": ({"src/storage/ledger.cc": "#include <sqlite3.h>\n"}, "SQLite stays in"),
    "a cycle": (
        {"src/base/a.h": '#include "base/b.h"\n', "src/base/b.h": '#include "base/c.h"\n', "src/base/c.h": '#include "base/a.h"\n'},
        "include cycle: base/a.h -> base/b.h -> base/c.h -> base/a.h",
    ),
    "a file of 600 lines": ({"src/base/a.cc": "\n" * 600}, None),
    "a file of 601 lines": ({"tests/a.cc": "\n" * 601}, "tests/a.cc:600: the file has 601 lines"),
    "a function of 60 lines": ({"src/base/a.cc": "void f() {\n" + body(58) + "}\n"}, None),
    "a function of 61 lines": (
        {"src/base/a.cc": "int k;\n\nvoid f() {\n" + body(59) + "}\n"},
        "src/base/a.cc:3: the function has 61 lines",
    ),
    "a member function": (
        {"src/base/a.h": "namespace n {\nclass A {\n  int b{2};\n  int f(int x = g()) const {\n" + body(60) + "  }\n};\n}\n"},
        "src/base/a.h:4: the function has 62 lines",
    ),
    "a constructor": (
        {"src/base/a.cc": "A::A(int x)\n    : b_{x}, c_(x) {\n" + body(60) + "}\n"},
        "src/base/a.cc:1: the function has 63 lines",
    ),
    "a test": ({"src/base/a_test.cc": "TEST(A, B) {\n" + body(60) + "}\n"}, "src/base/a_test.cc:1: the function has 62 lines"),
    "a trailing return type": (
        {"src/base/a.cc": "auto f(int x) noexcept -> std::vector<int> {\n" + body(60) + "}\n"},
        "the function has 62 lines",
    ),
    "short ones in a row": ({"src/base/a.cc": "namespace n {\n" + "void f() {\n  g();\n}\n\n" * 30 + "}\n"}, None),
    "a long table": ({"src/base/a.cc": "constexpr Row kRows[] = {\n" + '    {"a", f(1), {2}},\n' * 100 + "};\n"}, None),
    "braces in literals": ({"src/base/a.cc": 'void f() { g("{", \'{\', R"({{)"); }\n' + "// {\n" * 70 + "void h() {}\n"}, None),
}


def write_tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def trial_fails(added, expected):
    """Why a trial went wrong, or None."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_tree(root, {**SOUND, **added})
        faults = check(root)
    if expected is None:
        return f"told {faults}" if faults else None
    if len(faults) != 1 or expected not in faults[0]:
        return f"expected one fault with {expected!r}, got {faults}"
    return None


def map_trial_fails():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_tree(root, SOUND)
        rows = [row for row, _, _ in map_rows(root)]
        write_tree(root, {"good.md": "\n".join(row + " 1 | 99 |" for row in rows), "bad.md": "\n".join(rows[1:])})
        good, bad = map_faults(root, root / "good.md"), map_faults(root, root / "bad.md")
    return None if not good and len(bad) == 1 and rows[0] in bad[0] else f"got {good} and {bad}"


def self_test():
    results = {name: trial_fails(*trial) for name, trial in TRIALS.items()}
    results["the map"] = map_trial_fails()
    failed = {name: why for name, why in results.items() if why}
    for name, why in failed.items():
        print(f"self-test: {name}: {why}", file=sys.stderr)
    print(f"self-test: {len(results) - len(failed)} of {len(results)} trials as expected")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--map", action="store_true")
    parser.add_argument("--check-map", metavar="FILE")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    if options.map:
        print_map(options.root)
        return 0
    faults = map_faults(options.root, options.check_map) if options.check_map else check(options.root)
    print("\n".join(faults) if faults else "layers: sound")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
