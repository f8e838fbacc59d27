"""What a mutant is: where it lies, and whether it differs from the code in what the program does.

Pure; who makes mutants is `mutations.py`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A function that does not lie within another one: all that lies in it belongs to it.

    Attributes:
        name: as Python qualifies it, such as `Class.method`.
        first, last: its lines, with its decorators.
    """

    file: str
    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: relative to the root of the repository.
        line: its number, from 1.
        before, after: the changed line, without the white space around it.
        code: the whole text of the changed file.
        function: the one whose body is changed; None: what runs at import is.
    """

    file: str
    line: int
    before: str
    after: str
    code: str
    function: Function | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}\n    - {self.before}\n    + {self.after}"


def functions_of(file: str, source: str) -> list[Function]:
    """Return the functions of a file that do not lie within others."""
    return [each for each, _ in _bodies(file, ast.parse(source), "")]


def mutant_of(file: str, source: str, code: str) -> Mutant:
    """Return the mutant that turns the text `source` of a file into `code`."""
    before, after = source.splitlines(), code.splitlines()
    pairs = enumerate(zip(before, after, strict=False), start=1)
    line = next(number for number, (old, new) in pairs if old != new)
    bodies = _bodies(file, ast.parse(source), "")
    function = next((each for each, body in bodies if body <= line <= each.last), None)
    return Mutant(file, line, before[line - 1].strip(), after[line - 1].strip(), code, function)


def _bodies(file: str, node: ast.AST, prefix: str) -> Iterator[tuple[Function, int]]:
    """Yield each function, and the line at which its body begins, below its signature."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min(each.lineno for each in [child, *child.decorator_list])
            function = Function(file, prefix + child.name, first, child.end_lineno or first)
            yield function, max(child.body[0].lineno, child.lineno + 1)
        else:
            name = f"{child.name}." if isinstance(child, ast.ClassDef) else ""
            yield from _bodies(file, child, prefix + name)


class _Behaviour(ast.NodeTransformer):
    """Takes out of a tree what does not change the behaviour that is tested."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        # how an argument may be passed: `*` alone in a signature is no multiplication
        self.generic_visit(node)
        if node.vararg is None:
            node.args += node.kwonlyargs
            node.defaults += [each for each in node.kw_defaults if each is not None]
            node.kwonlyargs, node.kw_defaults = [], []
        node.args, node.posonlyargs = [*node.posonlyargs, *node.args], []
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), ast.expr() as operand)):
                return operand
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "dataclass":
                decorator.keywords = []
        return self.generic_visit(node)


def meaning(source: str) -> str:
    """Return the same text for sources that no test of behaviour can tell apart."""
    return ast.dump(_Behaviour().visit(ast.parse(source)))
