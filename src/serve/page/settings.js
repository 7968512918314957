// The dialogs of settings and of the API key.
import { loadKey, loadSettings, saveKey, saveSettings } from "./store.js";

const dialog = document.getElementById("settings");
const system = document.getElementById("system");
const theme = document.getElementById("theme");
const key = document.getElementById("key");
const inputs = [...document.querySelectorAll("#sampling [name]")];
const keyDialog = document.getElementById("key-dialog");
const keyEntry = document.getElementById("key-entry");

let settings = loadSettings();

function applyTheme() {
  if (settings.theme) document.documentElement.dataset.theme = settings.theme;
  else delete document.documentElement.dataset.theme;
}
applyTheme();

// The fields of a request that are set.
export function requestFields() {
  const fields = {};
  for (const input of inputs) {
    const value = settings[input.name];
    if (value === undefined || value === "") continue;
    if (input.name === "thinking") fields.chat_template_kwargs = { enable_thinking: value === "on" };
    else fields[input.name] = Number(value);
  }
  return fields;
}

// Opens the settings; `changed` gets the system prompt when they are closed.
export function openSettings(prompt, changed) {
  system.value = prompt;
  theme.value = settings.theme ?? "";
  key.value = loadKey();
  for (const input of inputs) input.value = settings[input.name] ?? "";
  dialog.addEventListener("close", () => {
    settings = { theme: theme.value };
    for (const input of inputs) {
      if (input.value !== "" && input.validity.valid) settings[input.name] = input.value;
    }
    saveSettings(settings);
    applyTheme();
    const keyChanged = key.value !== loadKey();
    saveKey(key.value);
    changed(system.value, keyChanged);
  }, { once: true });
  dialog.showModal();
}

document.getElementById("settings-reset").addEventListener("click", () => {
  for (const input of inputs) input.value = "";
});

// Asks for the key of the server. False: the dialog was closed without one.
export function askForKey() {
  keyEntry.value = "";
  keyDialog.returnValue = "";
  keyDialog.showModal();
  return new Promise((resolve) => {
    keyDialog.addEventListener("close", () => {
      const given = keyEntry.value !== "";
      if (given) saveKey(keyEntry.value);
      resolve(given);
    }, { once: true });
  });
}
