"""The mutants of a file: each is its text with one token changed.

Cosmic Ray makes them. Of its replacements those are taken that say something about a test: the
opposite of a comparison and the one beside it, rather than all seven others. Left out is what
`mutant.meaning` does not tell apart.
"""

from collections.abc import Iterator
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutants.mutant import Mutant, meaning, mutant_of

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


def mutants_of(root: Path, file: str) -> Iterator[Mutant]:
    """Yield the mutants of a file that differ in what the program does."""
    source = (root / file).read_text()
    tree = get_ast(source)
    seen = {meaning(source)}
    for name in _OPERATORS:
        operator = cosmic_ray.plugins.get_operator(name)()
        places = sum(len(list(operator.mutation_positions(node))) for node in ast_nodes(tree))
        for occurrence in range(places):
            try:
                code = mutate_code(source, operator, occurrence)
                means = meaning(code)
            except (AttributeError, SyntaxError):  # the replacement does not fit there
                continue
            if means not in seen:
                seen.add(means)
                yield mutant_of(file, source, code)
