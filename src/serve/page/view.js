// Messages as elements of the page.
import { finishCode, toFragment } from "./markdown.js";

function button(label, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.addEventListener("click", action);
  return element;
}

// "42 tokens, 31.5 per second; question 210 tokens, 180 of them cached"
export function describeUsage(usage) {
  const parts = [`${usage.generated} tokens`];
  if (usage.perSecond) parts[0] += `, ${usage.perSecond.toFixed(1)} per second`;
  parts.push(`prompt ${usage.prompt} tokens, ${usage.cached} cached`);
  return parts.join(" · ");
}

// One message. `actions`: edit(text), regenerate(), of which either may be missing.
export class MessageView {
  #message;
  #thinking;
  #thought;
  #content;
  #note;
  #actions;
  #shown = "";
  #frame = 0;

  constructor(message, actions) {
    this.#message = message;
    this.element = document.createElement("article");
    this.element.className = `message ${message.role}`;
    const user = message.role === "user";
    this.element.setAttribute("aria-label", user ? "You" : "Answer");
    if (!user) {
      this.#thinking = document.createElement("details");
      this.#thinking.className = "thinking";
      this.#thought = document.createElement("div");
      this.#thinking.append(document.createElement("summary"), this.#thought);
      this.element.append(this.#thinking);
    }
    this.#content = document.createElement("div");
    this.#content.className = "content";
    this.#note = document.createElement("p");
    this.#note.className = "note";
    this.#actions = document.createElement("div");
    this.#actions.className = "actions";
    this.element.append(this.#content, this.#note, this.#actions);
    if (user && actions.edit) this.#actions.append(button("Edit", () => this.edit(actions.edit)));
    if (!user) {
      // Browsers have a clipboard for pages of this machine and of https only.
      if (navigator.clipboard) {
        this.#actions.append(button("Copy", () => navigator.clipboard.writeText(this.#message.content)));
      }
      if (actions.regenerate) this.#actions.append(button("Regenerate", actions.regenerate));
    }
    this.finish();
  }

  // Shows what has been added. Drawing is left to the next frame, however many tokens come.
  update() {
    this.element.classList.add("running");
    this.element.setAttribute("aria-busy", "true");
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw(false);
    });
  }

  finish() {
    if (this.#frame) cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.element.classList.remove("running");
    this.element.removeAttribute("aria-busy");
    this.#draw(true);
    finishCode(this.#content);
  }

  #draw(final) {
    const message = this.#message;
    if (message.role === "user") {
      this.#content.textContent = message.content;
      return;
    }
    if (final || message.content !== this.#shown) {
      this.#content.replaceChildren(toFragment(message.content));
      this.#shown = message.content;
    }
    const thinks = Boolean(message.reasoning);
    this.#thinking.hidden = !thinks;
    if (thinks) {
      const summary = this.#thinking.firstElementChild;
      const going = !final && !message.content;
      const text = going ? "Thinking…" : "Thoughts";
      if (summary.textContent !== text) summary.textContent = text;
      this.#thought.textContent = message.reasoning;
    }
    this.#note.replaceChildren();
    if (!final) return;
    this.#note.classList.toggle("error", Boolean(message.error));
    if (message.error) this.#note.textContent = message.error;
    else if (message.stopped) this.#note.textContent = "Stopped.";
    else if (message.cut) this.#note.textContent = "Cut at the limit of tokens.";
    if (message.usage) {
      if (this.#note.textContent) this.#note.append(" ");
      this.#note.append(describeUsage(message.usage));
    }
  }

  // Turns a question into a field; Enter sends it anew.
  edit(send) {
    if (this.element.querySelector("textarea")) return;
    const field = document.createElement("textarea");
    field.value = this.#message.content;
    field.setAttribute("aria-label", "Edit the question");
    const row = document.createElement("div");
    row.className = "row end";
    const close = () => {
      field.replaceWith(this.#content);
      row.remove();
      this.#actions.hidden = false;
    };
    const commit = () => {
      const text = field.value.trim();
      if (!text) return;
      close();
      send(text);
    };
    const send_button = button("Send", commit);
    send_button.className = "primary";
    row.append(button("Cancel", close), send_button);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      commit();
    });
    this.#content.replaceWith(field);
    this.#actions.hidden = true;
    field.after(row);
    fit(field);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
}

// Lets a field be as high as its text, up to the height of its style.
export function fit(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}
