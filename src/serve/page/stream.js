// Requests to the server of this page.
export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function send(path, key, options = {}) {
  const headers = { ...options.headers };
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(0, "The server does not answer.");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => undefined);
  throw new RequestError(response.status, body?.error?.message ?? `The server answers with status ${response.status}.`);
}

// The name of the model and the tokens that a conversation may have.
export async function getModel(key) {
  const { data } = await (await send("v1/models", key)).json();
  return { name: data[0].id, context: data[0].max_model_len };
}

// The data of the events of a stream (text/event-stream, WHATWG HTML 9.2).
async function* events(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  let data = [];
  for (;;) {
    const { value, done } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "" && data.length > 0) {
        yield data.join("\n");
        data = [];
      } else if (line.startsWith("data:")) {
        data.push(line.slice(5).replace(/^ /, ""));
      }
    }
    if (done) return;
  }
}

// The chunks of an answer. Ends when the server says so, throws if it says nothing of the end.
export async function* chat(request, key, signal) {
  const response = await send("v1/chat/completions", key, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  for await (const data of events(response.body)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new RequestError(500, chunk.error.message);
    yield chunk;
  }
  throw new RequestError(0, "The answer broke off.");
}
