// export.js - the view as SVG or PNG, made here from what is drawn.

import { rowHeight } from "./flame.js";

export function save(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function escape(text) {
  // Control characters have no place in XML.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
    .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

// All boxes that are at least half a pixel wide, with their names as titles.
export function flameSvg(flame, title, describe) {
  const t = flame.tree, width = 1400, height = t.height * rowHeight, parts = [];
  for (let i = 0; i < t.size; i++) {
    const w = t.w[i] * width, x = t.x[i] * width;
    const y = flame.look.flip ? height - (t.depth[i] + 1) * rowHeight : t.depth[i] * rowHeight;
    if (w < 0.5)
      continue;
    const room = Math.floor((w - 6) / 6.4), name = t.name(i);
    const text = room >= name.length ? name : room > 2 ? name.slice(0, room - 1) + "…" : "";
    parts.push(`<g><title>${escape(describe(t, i))}</title><rect x="${x.toFixed(2)}" y="${y}" width="${Math.max(w - 0.5, 0.3).toFixed(2)}" ` +
      `height="${rowHeight - 1}" fill="${flame.color(i)}"/>` +
      (text ? `<text x="${(x + 3).toFixed(2)}" y="${y + 14}">${escape(text)}</text>` : "") + "</g>");
  }
  const style = getComputedStyle(document.documentElement);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + 24}" width="${width}" height="${height + 24}" ` +
    `font-family="DejaVu Sans, sans-serif" font-size="11" fill="${style.getPropertyValue("--text").trim()}">` +
    `<rect width="100%" height="100%" fill="${style.getPropertyValue("--back").trim()}"/>` +
    `<text x="4" y="16" font-size="13">${escape(title)}</text><g transform="translate(0 24)">${parts.join("\n")}</g></svg>`;
}

export function flamePng(flame) {
  return new Promise((done) => flame.canvas.toBlob(done, "image/png"));
}
