"""Chat templates that write calls of functions in the forms that models have, for cellm-tiny's tokens."""


def chatml(call):
    """ChatML with definitions in the system message; `call` writes the variable call."""
    return (
        "{% if tools %}<|im_start|>system\n<tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools><|im_end|>\n{% endif %}"
        "{% for message in messages %}{{ '<|im_start|>' ~ message.role ~ '\n' }}{{ message.content or '' }}"
        "{% for call in message.tool_calls or [] %}" + call + "{% endfor %}{{ '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )


TEMPLATES = {
    # <tool_call>\n{"name": "f", "arguments": {…}}\n</tool_call>
    "hermes": chatml("{{ '\n<tool_call>\n{\"name\": \"' ~ call.function.name ~ '\", \"arguments\": ' ~ (call.function.arguments | tojson) ~ '}\n</tool_call>' }}"),
    # <tool_call>\n<function=f>\n<parameter=x>\n1\n</parameter>\n</function>\n</tool_call>
    "qwen_xml": chatml(
        "{{ '\n\n<tool_call>\n<function=' ~ call.function.name ~ '>\n' }}{% for key, value in call.function.arguments | items %}"
        "{{ '<parameter=' ~ key ~ '>\n' ~ (value if value is string else value | tojson) ~ '\n</parameter>\n' }}{% endfor %}{{ '</function>\n</tool_call>' }}"
    ),
    # <function=f>{…}</function>
    "named_json": chatml("{{ '<function=' ~ call.function.name ~ '>' ~ (call.function.arguments | tojson) ~ '</function>' }}"),
    # {"name": "f", "parameters": {…}}, one call and no content beside it
    "llama": (
        "{% if tools %}{{ tools | tojson }}{% endif %}{% for message in messages %}{{ '<|im_start|>' ~ message.role ~ '\n' }}"
        "{% if message.tool_calls %}{% if message.tool_calls | length != 1 %}{{ raise_exception('one call at once') }}{% endif %}"
        "{% set call = message.tool_calls[0].function %}{{ '{\"name\": \"' ~ call.name ~ '\", \"parameters\": ' }}{{ call.arguments | tojson }}{{ '}' }}"
        "{% else %}{{ message.content }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    # [TOOL_CALLS][{"name": "f", "arguments": {…}}, …]
    "mistral": (
        "{% if tools %}[TOOLS]{{ tools | tojson }}[/TOOLS]{% endif %}{% for message in messages %}{{ '<|im_start|>' ~ message.role ~ '\n' }}"
        "{% if message.tool_calls %}[TOOL_CALLS][{% for call in message.tool_calls %}{{ '{\"name\": \"' ~ call.function.name ~ '\", \"arguments\": ' }}"
        "{{ call.function.arguments | tojson }}{{ '}' }}{% if not loop.last %}, {% endif %}{% endfor %}]"
        "{% else %}{{ message.content }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
}
