// What pages do beyond links and forms; each of them is of use without it.
"use strict";

// Instants are written in UTC; here they become those of the place, with UTC on hovering.
function localise() {
  for (const time of document.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    const two = (n) => String(n).padStart(2, "0");
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const ms = time.dataset.to === "ms" ? "." + String(at.getMilliseconds()).padStart(3, "0") : "";
    time.title = time.textContent;
    time.textContent = `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}${ms}`;
  }
}

for (const when of ["DOMContentLoaded", "htmx:oobAfterSwap", "htmx:afterSwap"]) {
  document.addEventListener(when, localise);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy], button[data-copy-from]");
  if (!button) return;
  const before = button.textContent;
  const field = document.getElementById(button.dataset.copyFrom ?? "");
  try {
    await navigator.clipboard.writeText(field ? field.value : button.dataset.copy);
  } catch {
    // Without TLS there is no clipboard: the text beside it is selected instead.
    if (field) field.select();
    else getSelection().selectAllChildren(button.previousElementSibling);
    return;
  }
  button.textContent = document.body.dataset.copied;
  setTimeout(() => { button.textContent = before; }, 1500);
});

// From a fault to its line in a text that is edited.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const lines = field.value.split("\n"), at = Number(link.dataset.line) - 1;
  const start = lines.slice(0, at).join("\n").length + (at ? 1 : 0);
  field.focus();
  field.setSelectionRange(start, start + lines[at].length);
  field.scrollTop = field.scrollHeight * Math.max(0, at - 3) / lines.length;
});

// A part that asks for itself anew must not take the keyboard's place away.
let held = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const at = document.activeElement;
  held = at?.matches("a[href]") && event.detail.target.contains(at) ? at.getAttribute("href") : null;
});
document.addEventListener("htmx:afterSettle", () => {
  if (held === null || document.activeElement !== document.body) return;
  document.querySelector(`main a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  held = null;
});

// Says whether the page still follows what happens.
function say(isLive) {
  for (const line of document.querySelectorAll(".live")) {
    line.textContent = isLive ? line.dataset.live : line.dataset.lost;
    line.classList.toggle("lost", !isLive);
  }
}
document.addEventListener("htmx:sseOpen", () => say(true));
document.addEventListener("htmx:sseError", () => say(false));
// A session that is over: the answer is the log-in page, which is no part of this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL || location.href).pathname.endsWith("/login")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
