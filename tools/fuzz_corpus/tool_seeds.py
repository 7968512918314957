"""Seeds of calls of functions: answers in each form, templates that write them, and requests."""

from .seeds import compact_json, seed

CALL = '{"name": "f", "arguments": {"s": "\u00e4\\"", "i": 1.5e3, "a": [null, {}]}}'
XML = ("<tool_call>\n<function=f>\n<parameter=s>\n a \"b\"\n</parameter>\n<parameter=i>\n12\n</parameter>\n"
       "<parameter=b>\nTrue\n</parameter>\n</function>\n</tool_call>")  # fmt: skip
# By the number of the form in fuzz/tool_harness.cc.
ANSWERS = [
    (0, f"Let me see.\n\n<tool_call>\n{CALL}\n</tool_call>\n<tool_call>{CALL}</tool_call> end"),
    (0, "<tool_call><tool_call>{\"name\": \"f\"}"),
    (1, '{"type": "function", "name": "f", "parameters": {"i": -0}}; {"name": "f", "parameters": {}}'),
    (1, '<|python_tag|>{"name": "g", "parameters": {}}'),
    (2, f"[TOOLS][{CALL}, {CALL}] and"),
    (3, 'So <function=f>{"a": "<function=f>"}</function><function=f>{}'),
    (4, f"I look.\n\n{XML}\n{XML}"),
    (4, "<tool_call>\n<function=f>\n</function>\n"),
    (5, "<c>\n<call>f<k>s</k><v> 1 </v><k>a</k><v>[1]</v></call>\n<call>f</call>\n</c>"),
]  # fmt: skip
LOOP = "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
TEMPLATES = {
    "none": LOOP + "{% endfor %}",
    "json": "{{ tools|tojson }}" + LOOP + "{% for c in m.tool_calls %}<t>{{ c.function|tojson }}</t>{% endfor %}{% endfor %}",
    "tags": "{{ tools }}" + LOOP + "{% for c in m.tool_calls %}<t>{{ c.function.name }}{% for k, v in c.function.arguments|items %}"
            "<k>{{ k }}</k><v>{{ v }}</v>{% endfor %}</t>{% endfor %}{% endfor %}",
    "named": "{{ tools }}" + LOOP + "{% for c in m.tool_calls %}<f={{ c.function.name }}>{{ c.function.arguments|tojson }}</f>"
             "{% endfor %}{% endfor %}",
    "list": "{{ tools }}" + LOOP + "{% if m.tool_calls %}[C][{% for c in m.tool_calls %}{\"name\": \"{{ c.function.name }}\", "
            "\"arguments\": {{ c.function.arguments|tojson }}}{{ ', ' if not loop.last }}{% endfor %}]{% endif %}{% endfor %}",
    "refuses": "{{ tools }}{{ raise_exception('no') if messages|length > 1 }}",
}  # fmt: skip


def tool_seeds():
    for i, (form, answer) in enumerate(ANSWERS):
        seed("tool_text", f"answer-{i}", bytes([form]) + answer.encode())
    for name, template in TEMPLATES.items():
        seed("tool_format", name, f"{template}\0<t>{CALL}</t>")
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"s": {"$ref": "#"}}}}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"s\": 1}"}}
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "a"}] * 2},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "3"}]  # fmt: skip
    requests = {
        "all": {"messages": messages, "tools": [tool], "tool_choice": "auto", "parallel_tool_calls": False},
        "named": {"messages": messages, "tools": [tool], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        "flat": {"tools": [{"type": "function", "name": "f"}], "tool_choice": "required"},
        "wrong": {"messages": [{"role": "user", "content": 1}], "tools": {}},
    }
    for name, request in requests.items():
        seed("tool_request", name, compact_json(request))
