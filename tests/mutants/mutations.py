"""The mutants of a file: each is its text with one token changed.

Cosmic Ray makes them. Of its replacements those are taken that say something about a test: the
opposite of a comparison and the one beside it, rather than all seven others. Left out is what no
test of behaviour can tell: annotations, and the options of dataclasses and logs.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

_COMPARISONS = (
    *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
    *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
)
_ARITHMETIC = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv", "Pow_Mul"),
    *("BitOr_BitAnd", "BitAnd_BitOr", "LShift_RShift", "RShift_LShift"),
)
_OPERATORS = (
    *(f"core/ReplaceComparisonOperator_{each}" for each in _COMPARISONS),
    *(f"core/ReplaceBinaryOperator_{each}" for each in _ARITHMETIC),
    *("core/ReplaceUnaryOperator_Delete_Not", "core/ReplaceUnaryOperator_USub_UAdd"),
    *("core/ReplaceAndWithOr", "core/ReplaceOrWithAnd", "core/AddNot"),
    *("core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue"),
    *("core/ReplaceBreakWithContinue", "core/ReplaceContinueWithBreak"),
    *("core/ZeroIterationForLoop", "core/NumberReplacer", "core/ExceptionReplacer"),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: relative to the root of the repository.
        line: its number, from 1.
        before, after: the changed line, without the white space around it.
        code: the whole text of the changed file.
    """

    file: str
    line: int
    before: str
    after: str
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}\n    - {self.before}\n    + {self.after}"


def mutants_of(root: Path, file: str) -> Iterator[Mutant]:
    """Yield the mutants of a file that differ in what the program does."""
    source = (root / file).read_text()
    tree = get_ast(source)
    seen = {_meaning(source)}
    for name in _OPERATORS:
        operator = cosmic_ray.plugins.get_operator(name)()
        places = sum(len(list(operator.mutation_positions(node))) for node in ast_nodes(tree))
        for occurrence in range(places):
            try:
                code = mutate_code(source, operator, occurrence)
                meaning = _meaning(code)
            except (AttributeError, SyntaxError):  # the replacement does not fit there
                continue
            if meaning not in seen:
                seen.add(meaning)
                yield _mutant(file, source, code)


def _mutant(file: str, source: str, code: str) -> Mutant:
    before, after = source.splitlines(), code.splitlines()
    pairs = enumerate(zip(before, after, strict=False), start=1)
    line = next(number for number, (old, new) in pairs if old != new)
    return Mutant(file, line, before[line - 1].strip(), after[line - 1].strip(), code)


class _Behaviour(ast.NodeTransformer):
    """Takes out of a tree what does not change the behaviour that is tested."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "dataclass":
                decorator.keywords = []
        return self.generic_visit(node)


def _meaning(source: str) -> str:
    return ast.dump(_Behaviour().visit(ast.parse(source)))
