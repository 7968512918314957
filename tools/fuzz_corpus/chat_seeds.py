"""Seeds of chat templates: every statement, operator, filter, test and method once; and of conversations."""

from .seeds import ROOT, compact_json, seed

EXPRESSIONS = [
    "1 + 2 * 3 ** 2 // 4 % 5 - -n / 1.5", "'a' ~ n ~ none", "'%s-%5.2f|%-4d|%x' % ('a', 1.5, 3, 255)",
    "'{} {0[0]} {x.y:>5}'.format", "'{:>5}{!r}'.format('a', 'b')", "[1, 'a', none, (1,), {'k': [2]}]", "n if n > 3 else 0",
    "not n or n and 1 in [1] and 2 not in (3,)", "messages[0]['content'][1:-1:2]", "messages[::-1][0].role", "range(1, 9, 2)",
    "messages|selectattr('role', 'eq', 'user')|map(attribute='content')|join(', ')", "[3, 1, 2]|sort(reverse=true)|list",
    "['b', 'A']|sort|unique|list", "{'b': 1, 'a': 2}|dictsort", "[1, 2, 3]|batch(2, 0)|list", "[1, 2, 3]|slice(2)|list",
    "messages|groupby('role')", "[1, 2.5]|sum|round(1)", "'<a>'|e ~ ('<b>'|safe + '<c>')", "messages|tojson(indent=2)",
    "tools|tojson(ensure_ascii=true, sort_keys=true, separators=(',', ':'))", "'a b'|title|indent(2, true)|truncate(3)",
    "'x'|center(9)|trim|wordcount", "'12'|int + '1.5'|float + '0x1f'|int(base=16)", "n is divisibleby 7 and n is not none",
    "'a,b'.split(',')|map('upper')|list", "'ab'.replace('a', 'c').startswith(('c', 'd'))", "'a\\x41\\u20ac\\n'.upper().isupper()",
    "'aXb'.partition('X')", "'a b'.rsplit(' ', 1)[-1].zfill(4)", "dict(a=1).items()|list", "x.y", "missing is defined",
    "strftime_now('%Y-%m-%d')", "raise_exception('no')", "joiner(',')()", "messages|length|string|reverse", "'%'|urlencode",
]  # fmt: skip
STATEMENTS = [
    "{% for m in messages if m.role != 'x' %}{{ loop.index }}{{ loop.last }}{% else %}-{% endfor %}",
    "{% for a, b in [(1, 2)] recursive %}{{ a }}{{ loop.cycle('x', 'y') }}{{ loop([]) }}{% endfor %}",
    "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% elif i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a }}{% set x, y = 1, 2 %}{% set z %}{{ x }}{% endset %}",
    "{% macro f(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% if caller %}{{ caller(1) }}{% endif %}{% endmacro %}"
    "{{ f(1, 2, 3, k=4) }}{% call(u) f(1) %}<{{ u }}>{% endcall %}",
    "{%- with a = 1, b = 2 -%} {{ a + b }} {%- endwith %}\n  {% raw %}{{ x }}{% endraw %}{# c #}\n{%+ if true %} a{% endif %}",
    "{% filter upper|trim %} a {% endfilter %}{% generation %}g{% endgeneration %}{% block b %}c{% endblock %}{% print 1, 2 %}",
    "{{ messages }}{{ tools }}{{ bos_token }}{{ {'a': 'b\\'\"'} }}",
]  # fmt: skip


def chat_seeds():
    for i, expression in enumerate(EXPRESSIONS):
        seed("chat_template", f"expression-{i:02}", "{{ " + expression + " }}")
    for i, statement in enumerate(STATEMENTS):
        seed("chat_template", f"statement-{i}", statement)
    for path in sorted((ROOT / "src" / "chat" / "fallback").glob("*.jinja")):
        seed("chat_template", path.stem, path.read_text())
    seed("chat_template", "variables", '{{ a }}{{ b.c }}{{ d }}\0{"a": 1e400, "b": {"c": "x"}, "d": [[[]]]}')


def conversation_seeds():
    system = {"role": "system", "content": "Be brief."}
    question = {"role": "user", "content": "Hi ä"}
    answer = {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello"}
    documents = {
        "object": {"messages": [system, question, answer]}, "array": [question, answer, {**question, "name": "x"}, answer],
        "empty": {"messages": []}, "no-messages": {}, "no-answer": [system, question], "twice": [question, question],
        "late-system": [question, answer, system], "no-array": {"messages": question}, "parts": [{**question, "content": [{"type": "text"}]}],
        "tool": [question, {**answer, "role": "tool"}],
    }  # fmt: skip
    for name, document in documents.items():
        seed("conversation", name, compact_json(document))
