// Answers as HTML: Markdown by marked, made harmless by DOMPurify, code colored by Prism.
const TAGS = [
  "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5",
  "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "s", "samp", "span", "strong", "sub", "summary", "sup", "table",
  "tbody", "td", "th", "thead", "tr", "u", "ul", "var",
];
// No id and no style; of classes only the language of code.
const ATTRIBUTES = ["align", "class", "colspan", "href", "rowspan", "start", "title"];
const LINKS = /^(?:https?|mailto):/i;
const LANGUAGE = /^language-[\w#+-]+$/;

// What Prism has under another name.
const LANGUAGES = { "c#": "csharp", "c++": "cpp", console: "shell-session", golang: "go", rs: "rust", terminal: "shell-session" };

let prism;  // a promise of the library, which is loaded for the first block of code

function loadPrism() {
  prism ??= new Promise((resolve) => {
    window.Prism = { manual: true };
    const script = document.createElement("script");
    script.src = "prism.js";
    script.onload = () => resolve(window.Prism);
    script.onerror = () => resolve(undefined);
    document.head.append(script);
  });
  return prism;
}

function tidy(fragment) {
  for (const element of fragment.querySelectorAll("[class]")) {
    const language = [...element.classList].find((name) => LANGUAGE.test(name));
    element.removeAttribute("class");
    if (element.localName === "code" && language) element.className = language;
  }
  for (const link of fragment.querySelectorAll("a")) {
    link.rel = "noopener noreferrer";
    link.target = "_blank";
  }
  for (const table of fragment.querySelectorAll("table")) {
    const box = document.createElement("div");
    box.className = "table";
    box.tabIndex = 0;
    table.replaceWith(box);
    box.append(table);
  }
}

// A fragment that is safe to insert.
export function toFragment(text) {
  const html = window.marked.parse(text, { gfm: true, headerIds: false, mangle: false });
  const fragment = window.DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: LINKS,
    RETURN_DOM_FRAGMENT: true,
  });
  tidy(fragment);
  return fragment;
}

async function color(code) {
  const written = [...code.classList].find((item) => LANGUAGE.test(item))?.slice("language-".length).toLowerCase();
  if (!written) return;
  const library = await loadPrism();
  const name = LANGUAGES[written] ?? written;
  const grammar = library && Object.hasOwn(library.languages, name) ? library.languages[name] : undefined;
  if (!grammar || typeof grammar === "function") return;
  code.replaceChildren(window.DOMPurify.sanitize(library.highlight(code.textContent, grammar, name), {
    ALLOWED_TAGS: ["span"],
    ALLOWED_ATTR: ["class"],
    RETURN_DOM_FRAGMENT: true,
  }));
}

function copyButton(text) {
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "copy";
  copy.textContent = "Copy";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  });
  return copy;
}

// Colors the blocks of code in an answer that is complete, and gives each a button that copies it.
export function finishCode(element) {
  for (const code of element.querySelectorAll("pre > code")) {
    const block = code.parentElement;
    const frame = document.createElement("div");
    frame.className = "code";
    block.replaceWith(frame);
    block.tabIndex = 0;
    frame.append(block);
    if (navigator.clipboard) frame.append(copyButton(code.textContent));
    color(code);
  }
}
