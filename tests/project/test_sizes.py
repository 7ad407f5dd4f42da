"""No file and no function grows past what a reader can hold."""

import ast

from tests.project import tree

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def python_files():
    return [path for path in tree.named(suffix=".py") if "migrations" not in path.parts]


def test_files_stay_short():
    lengths = {path.relative_to(tree.ROOT): len(path.read_text().splitlines()) for path in python_files()}
    assert {str(name): length for name, length in lengths.items() if length >= FILE_LINES_MAX} == {}


def test_functions_stay_short():
    long = {}
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length >= FUNCTION_LINES_MAX:
                    long[f"{path.relative_to(tree.ROOT)}:{node.name}"] = length
    assert long == {}
