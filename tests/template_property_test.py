"""cellm template against jinja2, configured as transformers configures it, on random templates."""
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest

import harness

try:
    import jinja2
    import jinja2.ext
    import jinja2.sandbox
except ImportError:
    print("jinja2 is not installed (python3-jinja2)", file=sys.stderr)
    sys.exit(77)

VARIABLES = {
    "messages": [
        {"role": "system", "content": " Be brief.\n"},
        {"role": "user", "content": "Was ist 2 < 3 & \"wahr\"? <|im_end|>"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nJa — 日本語 🙂", "tool_calls": None},
        {"role": "user", "content": [{"type": "text", "text": "Teil 1"}, {"type": "image"}]},
    ],
    "tools": [{"type": "function", "function": {"name": "add", "parameters": {"b": 1, "a": [1.5, None]}}}],
    "bos_token": "<s>",
    "n": 7,
    "x": -2.5,
    "yes": True,
    "none_value": None,
    "name": "straße Äpfel's \\ \"q\"",
    "empty": "",
    "words": ["b", "A", "c", "a"],
    "numbers": [3, 1, 2.0, -4],
    "object": {"k": "v", "items": 3, "z": {"y": [1, 2, 3]}},
}

NAMES = ["n", "x", "yes", "none_value", "name", "empty", "words", "numbers", "object", "missing",
         "messages", "tools", "bos_token"]
TEXTS = ["'a'", '"b c"', "'\\n'", "'<|im_start|>'", "' x '", "'ÄÖ ß'", "''", "'a,b,,c'", "'%s-%s'",
         "'<b>'|safe", "'x' 'y'", "'١٢'", "'1_0'", "' -7 '", "'²½'", "'a\\tb\\n\\tc'", "'ﬁ ẞ Σ'", "'0x1F'", "'1e3'", "'nan'"]
NUMBERS = ["0", "1", "2", "-1", "3.5", "10", "1e3", "0x1f", "1_000"]
TEXT_METHODS = [".upper()", ".lower()", ".strip()", ".title()", ".capitalize()", ".split()", ".split(',')",
                ".rsplit(' ', 1)", ".replace('a', 'bb')", ".startswith('a')", ".endswith(('c', 'x'))",
                ".find('c')", ".count('a')", ".lstrip('a ')", ".splitlines()", ".partition(' ')", ".swapcase()",
                ".zfill(5)", ".center(9)", ".isdigit()", ".isalpha()", ".isupper()", ".rstrip()", ".ljust(4, '.')",
                ".removeprefix('a')", ".index('a')", ".join(['p', 'q'])", ".format(1, 'z')", "[0]", "[-1]", "[1:]",
                "[::-1]", "[:2]", "[::2]", "[-3:-1]", ".casefold()", ".expandtabs()", ".expandtabs(3)", ".isnumeric()",
                ".isdecimal()", ".isprintable()", ".isidentifier()", ".isspace()", ".istitle()", ".isalnum()", ".isascii()",
                ".format_map({'k': 1})", ".rfind('a')", ".rpartition('a')", ".removesuffix('c')"]
LIST_SUFFIXES = ["[0]", "[-1]", "[1:]", "[::-1]", "[:2]", "[5]", ".index('a')", ".count(1)", "|length", "|first",
                 "|last", "|join(', ')", "|sort", "|sort(reverse=true)", "|unique|list", "|reverse|list", "|sum",
                 "|min", "|max", "|list", "|batch(2)|list", "|slice(2)|list", "|map('upper')|list", "|string",
                 "|select('string')|list", "|reject('eq', 1)|list", "|tojson", "|map('string')|join('-')", "|batch(3, 'f')|list"]
DICTS = ["object", "{'k': 1, 2: [3]}", "{'k': '<a>', 'l': none, 'm': missing, 'n': name|safe}", "{'a b': 1}",
         "tools[0].function", "dict(k=2)"]
DICT_SUFFIXES = [".k", "['k']", "[['k']]", "[{}]", "[(1, 2)]", ".get('k')", ".get('q', 4)", ".items()|list", ".keys()|list", ".values()|list",
                 "|items|list", "|xmlattr", "|xmlattr(false)", "|dictsort", "|tojson", "|tojson(indent=2)", "|length", "['z']['y'][1]", ".z.y|join",
                 ".nothing", "|list", "|string", "|tojson(sort_keys=true)", "|tojson(separators=(',', ':'))", ".z.y.0"]
FILTERS = ["|trim", "|upper", "|lower", "|title", "|capitalize", "|length", "|default('d')", "|default('d', true)",
           "|string", "|int", "|int(5)", "|int(0, 16)", "|int(7, 0)", "|int(base=2)", "|float", "|abs", "|round", "|round(1)", "|round(2, 'ceil')", "|round(-1, 'floor')", "|tojson", "|list", "|first",
           "|replace('a', 'X')", "|indent(2)", "|indent(2, true)", "|truncate(6)", "|truncate(5, true, '~', 0)",
           "|wordcount", "|e", "|safe", "|join('.')", "|reverse", "|center(12)", "|urlencode",
           "|tojson(ensure_ascii=true)", "|format('p', 'q')", "|string|length", "|count", "|last", "|forceescape",
           "|filesizeformat", "|filesizeformat(true)", "|xmlattr"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence",
         "iterable", "true", "false", "odd", "even", "divisibleby(3)", "divisibleby 2", "equalto 1", "eq('a')",
         "in [1, 'a']", "sameas none", "lower", "upper", "gt 1", "lt(2)", "ne 1", "callable", "escaped"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "not in", "**"]


# Of objects without a text of their own; a filter may have changed the case.
ADDRESSES = [" object at 0x", "<bound method", "<built-in", "<function", "<class", "<macro", "<loop", "<generator"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, choices):
        return self.random.choice(choices)

    def expression(self, depth=0):
        kind = self.random.randrange(20)
        if depth > 3 or kind < 4:
            return self.pick([self.pick(NAMES), self.pick(TEXTS), self.pick(NUMBERS)])
        if kind < 7:
            return f"({self.expression(depth + 1)} {self.pick(OPERATORS)} {self.expression(depth + 1)})"
        if kind < 9:
            return self.pick(["name", "'a b,c'", "empty", "messages[1].content"]) + self.pick(TEXT_METHODS)
        if kind < 11:
            return self.pick(["words", "numbers", "[1, 'a', none]", "range(4)", "(1, 2)"]) + self.pick(LIST_SUFFIXES)
        if kind < 12:
            return self.pick(DICTS) + self.pick(DICT_SUFFIXES)
        if kind < 15:
            return f"({self.expression(depth + 1)}){self.pick(FILTERS)}"
        if kind < 17:
            word = self.pick(["is", "is not"])
            return f"({self.expression(depth + 1)} {word} {self.pick(TESTS)})"
        if kind < 18:
            parts = [self.expression(depth + 1) for _ in range(3)]
            return f"({parts[0]} if {parts[1]} else {parts[2]})"
        if kind < 19:
            return f"(not {self.expression(depth + 1)})"
        return f"[{self.expression(depth + 1)}, {self.expression(depth + 1)}]"

    def tag(self, body):
        begin = self.pick(["{%", "{%-", "{%+", "{%"])
        end = self.pick(["%}", "-%}", "%}", "%}\n"])
        return f"{begin} {body} {end}"

    def output(self):
        return self.pick(["{{", "{{-"]) + f" {self.expression()} " + self.pick(["}}", "-}}"])

    def body(self, depth):
        return "".join(self.statement(depth + 1) for _ in range(self.random.randrange(1, 4)))

    def statement(self, depth=0):
        kind = self.random.randrange(16)
        text = self.pick(["text", " ", "\n", "  \n  ", "<|im_start|>", "\n\n", "ä", "\t", "{ x }", ""])
        if depth > 2 or kind < 6:
            return self.pick([text, self.output(), text + self.output()])
        if kind < 8:
            otherwise = self.tag("else") + self.body(depth) if self.random.random() < 0.5 else ""
            branch = self.tag(f"elif {self.expression()}") + self.body(depth) if self.random.random() < 0.3 else ""
            return self.tag(f"if {self.expression()}") + self.body(depth) + branch + otherwise + self.tag("endif")
        if kind < 10:
            header = self.pick(["for a in words", "for i in range(3)", "for m in messages",
                                "for k, v in object.items()", "for c in name if c != 'a'", "for a in missing",
                                "for i in numbers if i > 1", "for a, b in [(1, 2), (3, 4)]"])
            uses = self.pick(["{{ loop.index }}", "{{ loop.last }}", "{{ loop.length }}", "{{ loop.first }}{{ loop.revindex0 }}",
                              "{{ loop.previtem }}|{{ loop.nextitem }}", "{% if loop.index == 2 %}{% break %}{% endif %}",
                              "{% if loop.first %}{% continue %}{% endif %}{{ a }}", "{{ loop.cycle('o', 'e') }}",
                              "{{ m.role }}{{ i }}", "{{ k }}={{ v }};", "{% set n = n + 1 %}{{ n }}",
                              "{{ loop.changed(a) }}"])
            otherwise = self.tag("else") + "none" if self.random.random() < 0.3 else ""
            return self.tag(header) + uses + self.body(depth) + otherwise + self.tag("endfor") + "{{ n }}"
        if kind < 11:
            return self.tag(f"set v = {self.expression()}") + "{{ v }}"
        if kind < 12:
            return (self.tag("set ns = namespace(c=0)") + self.tag("for a in words") + "{% set ns.c = ns.c + 1 %}" +
                    self.tag("endfor") + "{{ ns.c }}")
        if kind < 13:
            name = self.pick(["f", "g"])
            call = self.pick([f"{name}(1)", f"{name}(1, 2)", f"{name}(b='z', a=n)", f"{name}()"])
            return (self.tag(f"macro {name}(a, b='{name}')") + "[{{ a }},{{ b }}]" + self.body(depth) +
                    self.tag("endmacro") + "{{ " + call + " }}")
        if kind < 14:
            filters = self.pick(["", "|upper", "|trim"])
            return self.tag(f"set block{filters}") + self.body(depth) + self.tag("endset") + "{{ block }}"
        if kind < 15:
            return self.tag(self.pick(["filter upper", "filter trim", "filter indent(2)"])) + self.body(depth) + self.tag("endfilter")
        return self.pick(["{# comment #}", "{#- c -#}", "{% raw %}{{ x }}{% endraw %}", "{%- raw -%} {% x %} {%- endraw %}\n",
                          "{# a\n b #}\n", "{% with n = 1, q = n %}{{ n }}{{ q }}{% endwith %}",
                          "{% generation %}" + self.body(depth) + "{% endgeneration %}",
                          "{% call(u) cc() %}<{{ u }}>{% endcall %}", "{% print n, x %}",
                          "{% set cy = cycler('a', n, words) %}{{ cy.next() }}{{ cy.current }}{{ cy.next() }}{{ cy.reset() }}{{ cy.pos }}",
                          "{% set j = joiner('|') %}{{ j() }}{{ j() }}",
                          "{{ cc.name }}{{ cc.arguments }}{{ cc.caller }}{{ cc.catch_kwargs }}{{ cc.catch_varargs }}",
                          "{% macro va(a, b=1) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ va(1, 2, 3, c=4) }}{{ va.arguments }}{{ va.catch_kwargs }}",
                          "{% for a in words recursive %}{{ a }}{% if loop.depth < 3 and a == 'A' %}{{ loop(words) }}{% endif %}{% endfor %}",
                          "{% for m in messages|selectattr('role', 'equalto', 'user') %}{{ m.content }}{% endfor %}",
                          "{{ [0, 1, 999, 1000, 999_950, 1e24, 1e27, 1e30, 1048576, -5.5]|map('filesizeformat', yes)|join(' ') }}",
                          "{{ [0, 1, 999, 1000, 999_950, 1e24, 1e27, 1e30, 1048576, -5.5]|map('filesizeformat')|join(' ') }}",
                          "{% for g in messages|groupby('role') %}{{ g.grouper }}{{ g.list|length }}{% endfor %}"])

    def template(self):
        macro = "{% macro cc() %}({{ caller('u') }}){% endmacro %}"
        return macro + "".join(self.statement() for _ in range(self.random.randrange(1, 6)))


class Generation(jinja2.ext.Extension):
    """The tag of transformers, whose text is that of its body."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    made = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    return made


def expected(made, source):
    """The text, or None for an error."""
    try:
        return made.from_string(source).render(**copy.deepcopy(VARIABLES))  # indent changes lists
    except Exception:  # jinja2 lets Python's own errors out
        return None


def render(folder, template, variables, environment=None):
    path = folder / "in.json"
    path.write_text(json.dumps(variables, ensure_ascii=False))
    return subprocess.run([harness.BIN / "cellm", "template", template, "--messages", path], capture_output=True,
                          timeout=60, env=environment)


class RealTemplates(unittest.TestCase):
    def test_renders_as_transformers(self):
        folder = harness.ROOT.parent / "shared" / "fixtures" / "templates"
        if not folder.is_dir():
            self.skipTest(f"{folder} is not there")
        clock = int(time.mktime((2026, 3, 5, 14, 7, 9, 0, 0, -1)))
        environment = harness.with_fault(f"time::{clock}")
        cases = 0
        with tempfile.TemporaryDirectory() as made:
            for template in sorted(folder.glob("*.jinja")):
                for case in json.loads(template.with_suffix(".json").read_text()):
                    result = render(pathlib.Path(made), template, case["input"], environment)
                    cases += 1
                    with self.subTest(template=template.name, case=case["name"]):
                        if "expected" in case:
                            self.assertEqual(result.returncode, 0, result.stderr)
                            self.assertEqual(result.stdout.decode(), case["expected"])
                        else:
                            self.assertIn(result.returncode, (2, 3, 4))
                            self.assertEqual(result.stderr.count(b"\n"), 1)
        self.assertGreater(cases, 100)


class RandomTemplates(unittest.TestCase):
    def test_renders_as_jinja2(self):
        count = int(os.environ.get("CELLM_TEMPLATES", "1000"))
        seed = int(os.environ.get("CELLM_SEED", "1"))
        made = environment()
        rendered = 0
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            path = folder / "t.jinja"
            for i in range(count):
                source = Generator(f"{seed}-{i}").template()
                want = expected(made, source)
                if want is not None and any(part in want.lower() for part in ADDRESSES):
                    continue  # prints an address
                path.write_text(source)
                result = render(folder, path, VARIABLES)
                with self.subTest(template=source, seed=f"{seed}-{i}"):
                    if want is None:
                        self.assertIn(result.returncode, (2, 3, 4), result.stdout)
                        self.assertEqual(result.stderr.count(b"\n"), 1)
                    else:
                        self.assertEqual(result.returncode, 0, result.stderr)
                        self.assertEqual(result.stdout.decode(), want)
                        rendered += 1
        self.assertGreater(rendered, count // 5)


if __name__ == "__main__":
    unittest.main()
