// The page: a chat with the model of the server that it comes from.
import { exportJson, exportMarkdown } from "./export.js";
import { askForKey, openSettings, requestFields } from "./settings.js";
import { deleteConversation, loadConversations, loadKey, saveConversation } from "./store.js";
import { chat, getModel } from "./stream.js";
import { MessageView, fit } from "./view.js";

const TITLE_LENGTH = 60;
const SAVE_EVERY = 2000;  // milliseconds, while an answer is written

const $ = (id) => document.getElementById(id);
const question = $("question");
const messages = $("messages");

let conversations = [];
let current;        // the conversation that is shown
let views = [];     // of its messages
let model = { name: "", context: 0 };
let running;        // an AbortController while an answer is written

function say(text) {
  $("status").textContent = text;
}

function blank() {
  const id = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  return { id, title: "", system: "", created: Date.now(), changed: Date.now(), messages: [] };
}

// A conversation without messages is not worth keeping.
async function keep(conversation) {
  if (conversation.messages.length === 0) return;
  conversation.changed = Date.now();
  conversation.title ||= conversation.messages[0].content.replace(/\s+/g, " ").slice(0, TITLE_LENGTH);
  if (!conversations.includes(conversation)) conversations.unshift(conversation);
  try {
    await saveConversation(conversation);
  } catch {
    say("The browser does not keep this conversation.");
  }
  listConversations();
}

function listConversations() {
  $("conversations").replaceChildren(...conversations.map((conversation) => {
    const item = document.createElement("li");
    const open = document.createElement("button");
    open.type = "button";
    open.className = "open";
    open.textContent = conversation.title;
    if (conversation === current) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => { show(conversation); closeMenu(); });
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "icon";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Delete ${conversation.title}`);
    remove.addEventListener("click", () => removeConversation(conversation));
    item.append(open, remove);
    return item;
  }));
  for (const id of ["export-markdown", "export-json"]) $(id).disabled = current.messages.length === 0;
}

async function removeConversation(conversation) {
  if (!confirm(`Delete “${conversation.title}”?`)) return;
  if (conversation === current) stop();
  conversations = conversations.filter((other) => other !== conversation);
  await deleteConversation(conversation.id);
  if (conversation === current) show(conversations[0] ?? blank());
  else listConversations();
}

function show(conversation) {
  stop();
  current = conversation;
  drawMessages();
  listConversations();
  question.focus({ preventScroll: true });
  scrollToEnd();
}

function drawMessages() {
  views = current.messages.map((message, index) => viewOf(message, index));
  messages.replaceChildren(...views.map((view) => view.element));
  if (views.length === 0) {
    const hint = document.createElement("p");
    hint.className = "empty";
    hint.textContent = "What would you like to know?";
    messages.append(hint);
  }
  showContext();
}

function viewOf(message, index) {
  return new MessageView(message, {
    edit: (text) => ask(text, index),
    regenerate: () => ask(current.messages[index - 1].content, index - 1),
  });
}

function showContext() {
  const usage = current.messages.findLast((message) => message.usage)?.usage;
  const used = usage ? usage.prompt + usage.generated : 0;
  $("context").textContent = model.context ? `Context: ${used} of ${model.context} tokens` : "";
}

// Follows the text unless the reader has scrolled away from its end.
function isAtEnd() {
  return messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
}

function scrollToEnd() {
  messages.scrollTop = messages.scrollHeight;
}

function requestOf(conversation) {
  const list = conversation.messages
    .filter((message) => message.role === "user" || message.content)
    .map(({ role, content }) => ({ role, content }));
  if (conversation.system) list.unshift({ role: "system", content: conversation.system });
  return { model: model.name, messages: list, ...requestFields() };
}

// The question as message number `index`, in place of what follows, and its answer.
async function ask(text, index = current.messages.length) {
  stop();
  const conversation = current;
  conversation.messages.splice(index, Infinity, { role: "user", content: text });
  const request = requestOf(conversation);
  // Until it is complete; the page may be closed before.
  const answer = { role: "assistant", content: "", reasoning: "", stopped: true };
  conversation.messages.push(answer);
  drawMessages();
  scrollToEnd();
  const view = views.at(-1);
  const controller = begin();
  view.update();
  keep(conversation);
  try {
    await read(request, answer, view, controller.signal, conversation);
    delete answer.stopped;
  } catch (error) {
    if (error.name !== "AbortError") {
      delete answer.stopped;
      answer.error = error.status === 401 ? await keyWanted() : error.message;
    }
  }
  view.finish();
  const latest = !running || running === controller;
  if (controller === running) end();
  if (conversation === current && latest) {
    showContext();
    say(answer.error ?? (answer.stopped ? "Stopped." : "The answer is complete."));
  }
  keep(conversation);
}

async function keyWanted() {
  await askForKey();
  loadModel();
  return "The server wants another key. Ask again with Regenerate.";
}

async function read(request, answer, view, signal, conversation) {
  let saved = Date.now();
  for await (const chunk of chat(request, loadKey(), signal)) {
    const choice = chunk.choices[0];
    answer.reasoning += choice?.delta.reasoning_content ?? "";
    answer.content += choice?.delta.content ?? "";
    if (choice?.finish_reason === "length") answer.cut = true;
    if (chunk.usage) {
      answer.usage = {
        prompt: chunk.usage.prompt_tokens,
        cached: chunk.usage.prompt_tokens_details?.cached_tokens ?? 0,
        generated: chunk.usage.completion_tokens,
        perSecond: chunk.timings?.predicted_per_second,
      };
    }
    if (Date.now() - saved > SAVE_EVERY) {
      saved = Date.now();
      saveConversation(conversation).catch(() => {});
    }
    const follow = isAtEnd();
    view.update();
    if (follow) requestAnimationFrame(scrollToEnd);
  }
}

function begin() {
  running = new AbortController();
  $("send").hidden = true;
  $("stop").hidden = false;
  say("The answer is being written.");
  return running;
}

function end() {
  running = undefined;
  $("send").hidden = false;
  $("stop").hidden = true;
}

function stop() {
  if (!running) return;
  running.abort();
  end();
}

function closeMenu() {
  document.body.classList.remove("menu");
  $("scrim").hidden = true;
  $("menu").setAttribute("aria-expanded", "false");
}

async function loadModel() {
  for (;;) {
    try {
      model = await getModel(loadKey());
      $("model").textContent = model.name;
      document.title = `${model.name} – cellm`;
      break;
    } catch (error) {
      if (error.status !== 401) {
        say(error.message);
        break;
      }
      if (!(await askForKey())) break;
    }
  }
  showContext();
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || running) return;
  question.value = "";
  fit(question);
  ask(text);
});

question.addEventListener("input", () => fit(question));

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("ask").requestSubmit();
  } else if (event.key === "ArrowUp" && question.value === "") {
    const index = current.messages.findLastIndex((message) => message.role === "user");
    if (index < 0) return;
    event.preventDefault();
    views[index].edit((text) => ask(text, index));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (document.body.classList.contains("menu")) closeMenu();
  else stop();
});

$("stop").addEventListener("click", () => {
  stop();
  question.focus();
});
$("new-chat").addEventListener("click", () => { show(blank()); closeMenu(); });
$("export-markdown").addEventListener("click", () => exportMarkdown(current));
$("export-json").addEventListener("click", () => exportJson(current));
$("scrim").addEventListener("click", closeMenu);
$("menu").addEventListener("click", () => {
  const open = document.body.classList.toggle("menu");
  $("scrim").hidden = !open;
  $("menu").setAttribute("aria-expanded", String(open));
  if (open) $("new-chat").focus();
});
$("settings-open").addEventListener("click", () => {
  const conversation = current;
  openSettings(conversation.system, (system, keyChanged) => {
    conversation.system = system;
    keep(conversation);
    if (keyChanged) loadModel();
  });
});

try {
  conversations = await loadConversations();
} catch {
  say("The browser keeps no conversations here.");
}
show(conversations[0] ?? blank());
loadModel();
