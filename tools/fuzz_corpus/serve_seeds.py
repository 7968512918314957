"""Seeds of requests to the server."""

import json

from fuzz_corpus.seeds import seed

CHAT, TEXT, RESPONSES, TOKENIZE, DETOKENIZE, PLAIN = range(6)


def serve_seeds():
    user = {"role": "user", "content": "Hello, é!"}
    answer = {"role": "assistant", "content": "Hi.", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}}
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object", "properties": {"a": {"enum": [1, "b"]}}}}}
    bodies = {
        "chat": (CHAT, {"messages": [{"role": "system", "content": "Be brief."}, user], "temperature": 0.5, "n": 2, "stop": ["x"], "seed": 1}),
        "chat-stream": (CHAT, {"messages": [user], "stream": True, "stream_options": {"include_usage": True}, "logprobs": True, "top_logprobs": 2}),
        "chat-tools": (CHAT, {"messages": [user, answer, {"role": "tool", "tool_call_id": "c1", "content": "2"}], "tools": [tool], "tool_choice": "auto"}),
        "chat-parts": (CHAT, {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]}),
        "chat-schema": (CHAT, {"messages": [user], "response_format": schema, "chat_template_kwargs": {"enable_thinking": True}}),
        "chat-bias": (CHAT, {"messages": [user], "logit_bias": {"5": -100, "6": 1.5}, "reasoning_effort": "low", "max_tokens": 5}),
        "text": (TEXT, {"prompt": "Once", "echo": True, "logprobs": 3, "max_tokens": 1}),
        "text-ids": (TEXT, {"prompt": [[1, 2, 3], "x"], "n": 2, "stream": True, "top_k": 5, "min_p": 0.1, "repeat_penalty": 1.1}),
        "responses": (RESPONSES, {"input": "Hello", "instructions": "Be kind.", "max_output_tokens": 9, "text": {"format": {"type": "text"}}}),
        "responses-items": (RESPONSES, {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]}], "stream": True}),
        "tokenize": (TOKENIZE, {"prompt": "a <|im_end|>", "add_special_tokens": True}),
        "tokenize-chat": (TOKENIZE, {"messages": [user], "add_generation_prompt": False}),
        "tokenize-pieces": (TOKENIZE, {"content": "é", "with_pieces": True, "parse_special": False}),
        "detokenize": (DETOKENIZE, {"tokens": [1, 2, 3]}),
        "plain": (PLAIN, {"prompt": [1, "a", 2], "n_probs": 2, "n_predict": 5, "response_fields": ["content", "generation_settings/seed"]}),
        "plain-stream": (PLAIN, {"prompt": [{"prompt_string": "a"}, [1]], "stream": True, "stop": ["y"], "return_tokens": True}),
        "no-object": (CHAT, [1]),
    }
    for name, (endpoint, body) in bodies.items():
        seed("api_request", name, bytes([endpoint]) + json.dumps(body).encode())

    def head(line, *headers):
        return "\r\n".join([line, "Host: localhost", *headers, "", ""]).encode()

    key = "Authorization: Bearer 0123456789abcdef"
    connections = {
        "open": head("GET /open HTTP/1.1"),
        "closed": head("GET /closed/a%20b?x=y HTTP/1.1", key),
        "no-key": head("GET /closed/x HTTP/1.1"),
        "post": head("POST /post HTTP/1.1", key, "Content-Length: 2") + b"{}",
        "chunked": head("POST /post HTTP/1.1", key, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
        "two": head("GET /open HTTP/1.1") + head("HEAD /open HTTP/1.0", "Connection: Keep-Alive") + head("GET /open HTTP/1.1", "Connection: close"),
        "preflight": head("OPTIONS /post HTTP/1.1", "Origin: https://chat.example", "Access-Control-Request-Method: POST"),
        "foreign": head("GET /open HTTP/1.1", "Origin: null"),
        "range": head("GET /open HTTP/1.1", "Range: bytes=0-1, 5-", "Accept-Encoding: gzip, br"),
        "expect": head("POST /post HTTP/1.1", key, "Content-Length: 2", "Expect: 100-continue") + b"{}",
        "multipart": head("POST /post HTTP/1.1", key, "Content-Length: 2", "Content-Type: multipart/form-data; boundary=x") + b"{}",
        "lengths": head("POST /post HTTP/1.1", key, "Content-Length: 2", "Content-Length: 3") + b"{}x",
        "escapes": head("GET /op%65n%0d%0aX HTTP/1.1", "X: %0d%0aY: z"),
    }
    for name, data in connections.items():
        seed("http_request", name, data)
