"""A little of Kusto's query language: as much as people ask Resource Graph for resources.

`where`, `project`, `extend`, `order by`, `limit`, `count` and `mv-expand`; comparison, `in`, `contains`, `has`,
`startswith`, `endswith`, `and`, `or`, `not`; paths into objects and a few functions. All else is a parser failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

Row = dict[str, Any]
Rows = list[Row]
Stage = Callable[[Rows], Rows]
Expression = Callable[[Row], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'[^']*'|"[^"]*")|(?P<number>\d+)|(?P<word>mv-expand|!?in~|!?[A-Za-z_]\w*)|(?P<sign>=~|!~|==|!=|<=|>=|[=<>|,().\[\]]))"""
)
_TABLE = "resources"


class ParserFailure(Exception):
    """The query cannot be read at `position`, where `token` stands."""

    def __init__(self, position: int, token: str) -> None:
        super().__init__(f"unexpected {token!r} at {position}")
        self.position = position
        self.token = token


def run(query: str, rows: Rows) -> Rows:
    """The rows that `query` makes of `rows`."""
    for stage in _Parser(query).query():
        rows = stage(rows)
    return rows


class _Parser:
    """Recursive descent; every part of a query becomes a function on rows."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0

    def query(self) -> list[Stage]:
        """Stages, joined by `|`; the name of the table in front may be missing, as it may in Resource Graph."""
        stages: list[Stage] = []
        if self._peek().lower() == _TABLE:
            self._take()
            if not self._peek():
                return stages
            self._expect("|")
        stages.append(self._stage())
        while self._accept("|"):
            stages.append(self._stage())
        if self._peek():
            self._fail()
        return stages

    def _stage(self) -> Stage:
        readers = {
            "where": self._where,
            "project": self._project,
            "extend": self._extend,
            "order": self._order,
            "sort": self._order,
            "limit": self._limit,
            "take": self._limit,
            "count": self._count,
            "mv-expand": self._expand,
        }
        reader = readers.get(self._peek().lower())
        if reader is None:
            self._fail()
        self._take()
        return reader()

    def _where(self) -> Stage:
        condition = self._or()
        return lambda rows: [row for row in rows if condition(row)]

    def _project(self) -> Stage:
        columns = self._columns()
        return lambda rows: [{name: value(row) for name, value in columns} for row in rows]

    def _extend(self) -> Stage:
        columns = self._columns()
        return lambda rows: [row | {name: value(row) for name, value in columns} for row in rows]

    def _order(self) -> Stage:
        """Descending unless it says `asc`."""
        self._expect("by")
        keys = [self._order_key()]
        while self._accept(","):
            keys.append(self._order_key())

        def ordered(rows: Rows) -> Rows:
            for value, descending in reversed(keys):
                rows = sorted(rows, key=lambda row: _sortable(value(row)), reverse=descending)
            return rows

        return ordered

    def _order_key(self) -> tuple[Expression, bool]:
        value = self._value()
        if self._accept("asc"):
            return value, False
        self._accept("desc")
        return value, True

    def _limit(self) -> Stage:
        if not self._peek().isdigit():
            self._fail()
        most = int(self._take())
        return lambda rows: rows[:most]

    def _count(self) -> Stage:
        return lambda rows: [{"Count": len(rows)}]

    def _expand(self) -> Stage:
        columns = self._columns()
        ((name, value),) = columns[:1]
        return lambda rows: [row | {name: each} for row in rows for each in (value(row) or [])]

    def _columns(self) -> list[tuple[str, Expression]]:
        columns = [self._column(1)]
        while self._accept(","):
            columns.append(self._column(len(columns) + 1))
        return columns

    def _column(self, number: int) -> tuple[str, Expression]:
        """`name = value`, or a path that names itself: `properties.a.b` becomes `properties_a_b`."""
        if self._peek(1) == "=":
            name = self._take()
            self._take()
            return name, self._value()
        start = self._next
        value = self._value()
        words = [token for _, token in self._tokens[start : self._next]]
        if "(" in words:
            return f"Column{number}", value
        return "_".join(word.strip("'\"") for word in words if word not in ".[]"), value

    def _or(self) -> Expression:
        left = self._and()
        while self._accept("or"):
            left = _either(left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._comparison()
        while self._accept("and"):
            left = _both(left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        if self._accept("("):
            inner = self._or()
            self._expect(")")
            return inner
        if self._peek().lower() == "not" and self._peek(1) == "(":
            self._take()
            negated = self._comparison()
            return lambda row: not negated(row)
        left = self._value()
        operator = self._peek().lower()
        if operator in _COMPARISONS:
            self._take()
            return _compared(_COMPARISONS[operator], left, self._value())
        if operator.strip("!") in ("in", "in~"):
            self._take()
            return self._membership(left, operator)
        return left

    def _membership(self, left: Expression, operator: str) -> Expression:
        self._expect("(")
        members = [self._value()]
        while self._accept(","):
            members.append(self._value())
        self._expect(")")
        fold = _folded if operator.endswith("~") else _same
        inside: Expression = lambda row: fold(left(row)) in [fold(each(row)) for each in members]  # noqa: E731
        return (lambda row: not inside(row)) if operator.startswith("!") else inside

    def _value(self) -> Expression:
        kind, token = self._tokens[self._next]
        if kind == "string":
            self._take()
            text = token[1:-1]
            return lambda _row: text
        if kind == "number":
            self._take()
            number = int(token)
            return lambda _row: number
        if kind != "word":
            self._fail()
        if self._peek(1) == "(":
            return self._call()
        return self._path()

    def _call(self) -> Expression:
        function = _FUNCTIONS.get(self._peek().lower())
        if function is None:
            self._fail()
        self._take()
        self._expect("(")
        argument = self._value()
        self._expect(")")
        return lambda row: function(argument(row))

    def _path(self) -> Expression:
        first = self._take()
        if first.lower() in ("true", "false"):
            return lambda _row: first.lower() == "true"
        steps: list[str | int] = [first]
        while self._peek() in (".", "["):
            steps.append(self._step())
        return lambda row: _follow(row, steps)

    def _step(self) -> str | int:
        if self._accept("."):
            if self._tokens[self._next][0] != "word":
                self._fail()
            return self._take()
        self._expect("[")
        step = self._take()
        self._expect("]")
        return int(step) if step.isdigit() else step[1:-1]

    def _peek(self, ahead: int = 0) -> str:
        place = min(self._next + ahead, len(self._tokens) - 1)
        return self._tokens[place][1]

    def _take(self) -> str:
        token = self._tokens[self._next][1]
        if not token:
            self._fail()
        self._next += 1
        return token

    def _accept(self, word: str) -> bool:
        if self._peek().lower() != word:
            return False
        self._next += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            self._fail()

    def _fail(self) -> NoReturn:
        raise ParserFailure(self._next, self._peek() or "<EOF>")


def _tokens(text: str) -> list[tuple[str, str]]:
    """Kind and text of each token; the last one is the end, and empty."""
    found = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ParserFailure(position, text[position:].strip()[:1])
        found.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
        position = match.end()
    return [*found, ("end", "")]


def _follow(row: Row, steps: list[str | int]) -> Any:
    value: Any = row
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _either(left: Expression, right: Expression) -> Expression:
    return lambda row: left(row) or right(row)


def _both(left: Expression, right: Expression) -> Expression:
    return lambda row: left(row) and right(row)


def _compared(compare: Callable[[Any, Any], bool], left: Expression, right: Expression) -> Expression:
    return lambda row: compare(left(row), right(row))


def _same(value: Any) -> Any:
    return value


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _ordered(left: Any, right: Any) -> bool:
    """Whether the two can be compared by size; a query that compares others finds nothing."""
    return left is not None and type(left) is type(right)


def _sortable(value: Any) -> tuple[int, Any]:
    """Nulls first, then numbers, then everything else as text."""
    if value is None:
        return 0, 0
    return (1, value) if isinstance(value, int) else (2, str(value))


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "=~": lambda left, right: _folded(left) == _folded(right),
    "!~": lambda left, right: _folded(left) != _folded(right),
    ">": lambda left, right: _ordered(left, right) and left > right,
    "<": lambda left, right: _ordered(left, right) and left < right,
    ">=": lambda left, right: _ordered(left, right) and left >= right,
    "<=": lambda left, right: _ordered(left, right) and left <= right,
    "contains": lambda left, right: _folded(right) in _text(left).lower(),
    "!contains": lambda left, right: _folded(right) not in _text(left).lower(),
    "has": lambda left, right: _folded(right) in re.split(r"\W+", _text(left).lower()),
    "startswith": lambda left, right: _text(left).lower().startswith(_folded(right)),
    "endswith": lambda left, right: _text(left).lower().endswith(_folded(right)),
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "tostring": _text,
    "tolower": lambda value: _text(value).lower(),
    "isempty": lambda value: value in (None, "", [], {}),
    "isnotempty": lambda value: value not in (None, "", [], {}),
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "array_length": lambda value: len(value) if isinstance(value, list) else None,
}
