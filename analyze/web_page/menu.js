// menu.js - a menu at a place on the page, and dialogs; both can be used by keys alone.

const menu = document.getElementById("menu"), dialog = document.getElementById("dialog");
let before = null;

export function closeMenu() {
  if (menu.hidden)
    return;
  menu.hidden = true;
  if (before && before.isConnected)
    before.focus({ preventScroll: true });
}

// entries: [text, action] or null for a line.
export function openMenu(x, y, entries) {
  before = document.activeElement;
  menu.replaceChildren(...entries.map((entry) => {
    if (!entry)
      return document.createElement("hr");
    const button = document.createElement("button");
    button.setAttribute("role", "menuitem");
    button.textContent = entry[0];
    button.addEventListener("click", () => { closeMenu(); entry[1](); });
    return button;
  }));
  menu.hidden = false;
  menu.style.left = Math.max(0, Math.min(x, innerWidth - menu.offsetWidth - 4)) + "px";
  menu.style.top = Math.max(0, Math.min(y, innerHeight - menu.offsetHeight - 4)) + "px";
  menu.querySelector("button").focus();
}

menu.addEventListener("keydown", (e) => {
  const items = [...menu.querySelectorAll("button")], at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[e.key];
  if (to !== undefined)
    items[(to + items.length) % items.length].focus();
  else if (e.key === "Escape" || e.key === "Tab")
    closeMenu();
  else
    return;
  e.preventDefault();
  e.stopPropagation();
});
document.addEventListener("pointerdown", (e) => { if (!menu.contains(e.target)) closeMenu(); });

export function openDialog(title, ...content) {
  const head = document.createElement("h2");
  head.textContent = title;
  const close = document.createElement("button");
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(head, ...content, document.createElement("p"));
  dialog.lastChild.append(close);
  dialog.setAttribute("aria-label", title);
  dialog.showModal();
}
dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
