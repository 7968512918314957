"""The chat format of Qwen3.5 with an empty think block, as pieces inside and outside of the loss."""

THINK = "<think>\n\n</think>\n\n"


def parts(entry):
    """A record of train.jsonl as (text, in the loss). Before the last question a reply has no think block."""
    if "prose" in entry:
        return [(entry["prose"], True), ("<|endoftext|>", True)]
    out = []
    if "system" in entry:
        out.append((f"<|im_start|>system\n{entry['system']}<|im_end|>\n", False))
    for i, (user, assistant) in enumerate(entry["turns"]):
        think = THINK if i + 1 == len(entry["turns"]) else ""
        out.append((f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n{think}", False))
        out.append((f"{assistant}<|im_end|>", True))
        out.append(("\n" if i + 1 < len(entry["turns"]) else "<|endoftext|>", False))
    return out


def text(entry):
    return "".join(piece for piece, _ in parts(entry))


# Qwen3.5's template without tools, pictures and reasoning that a message brings along.
TEMPLATE = """\
{%- if not messages %}{{ raise_exception('No messages provided.') }}{%- endif %}
{%- set last = namespace(user=-1) %}
{%- for message in messages %}
    {%- if message.role == 'user' %}{%- set last.user = loop.index0 %}{%- endif %}
{%- endfor %}
{%- if last.user < 0 %}{{ raise_exception('No user query found in messages.') }}{%- endif %}
{%- for message in messages %}
    {%- set content = (message.content or '') | trim %}
    {%- if message.role == 'system' %}
        {%- if not loop.first %}{{ raise_exception('System message must be at the beginning.') }}{%- endif %}
        {{- '<|im_start|>system\\n' + content + '<|im_end|>\\n' }}
    {%- elif message.role == 'user' %}
        {{- '<|im_start|>user\\n' + content + '<|im_end|>\\n' }}
    {%- elif message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' }}
        {%- if loop.index0 > last.user %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
        {{- content + '<|im_end|>\\n' }}
    {%- else %}
        {{- raise_exception('Unexpected message role.') }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is true %}{{- '<think>\\n' }}
    {%- else %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}
"""
