// Conversations as files.
function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function fileName(conversation, extension) {
  const name = conversation.title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${name || "conversation"}.${extension}`;
}

export function toMarkdown(conversation) {
  const parts = [`# ${conversation.title}`];
  if (conversation.system) parts.push("## System", conversation.system);
  for (const { role, content } of conversation.messages) {
    parts.push(role === "user" ? "## You" : "## Answer", content);
  }
  return `${parts.join("\n\n")}\n`;
}

// The messages of the Chat Completions API, as `cellm infer --chat` reads them.
export function toJson(conversation) {
  const messages = conversation.messages.map(({ role, content, reasoning }) =>
    reasoning ? { role, content, reasoning_content: reasoning } : { role, content });
  if (conversation.system) messages.unshift({ role: "system", content: conversation.system });
  return `${JSON.stringify({ title: conversation.title, messages }, null, 2)}\n`;
}

export function exportMarkdown(conversation) {
  save(fileName(conversation, "md"), "text/markdown", toMarkdown(conversation));
}

export function exportJson(conversation) {
  save(fileName(conversation, "json"), "application/json", toJson(conversation));
}
