"""The source of a function as a tree, and what the names in it refer to."""

import ast
import builtins
import inspect
from types import FunctionType

from outlast._registry.check_names import ABSENT, attribute_of


def source_tree(function: FunctionType) -> ast.AST | None:
    """The tree of a function, lines and columns as in its file; `None` where its source cannot be had."""
    try:
        lines, first = inspect.getsourcelines(function)
        # Indented code is put under an `if` rather than moved: its columns and strings stay as they are.
        indented = lines[0][:1].isspace()
        tree = ast.parse("".join(["if True:\n", *lines] if indented else lines))
    except (OSError, TypeError, SyntaxError):
        # A function made by `exec` or typed in at a prompt; a lambda in the middle of an expression.
        return None
    return ast.increment_lineno(tree, first - (2 if indented else 1))


class Scope:
    """What the names in a function refer to that it has from outside."""

    def __init__(self, function: FunctionType) -> None:
        self._function = function
        code = function.__code__
        self.own = frozenset((*code.co_varnames, *code.co_cellvars))
        """Its own names: arguments and local variables."""

    def value_of(self, expression: ast.expr) -> object:
        """What a name from outside, with its attributes, refers to; `ABSENT` if that is not certain."""
        match expression:
            case ast.Name(id=name) if name not in self.own:
                return self._outer(name)
            case ast.Attribute(value=value, attr=name):
                return attribute_of(self.value_of(value), name)
            case _:
                return ABSENT

    def _outer(self, name: str) -> object:
        code = self._function.__code__
        if name in code.co_freevars:
            cell = (self._function.__closure__ or ())[code.co_freevars.index(name)]
            try:
                return cell.cell_contents
            except ValueError:  # the variable has no value yet
                return ABSENT
        scope = self._function.__globals__
        return scope.get(name, vars(builtins).get(name, ABSENT))
