// colors.js - a colour for each box: by binary or file, the same in every profile, told apart with
// any kind of colour vision (Okabe and Ito's hues); or by what became of it, from blue over grey to
// orange.

const hues = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0],
  [150, 140, 60], [120, 110, 190]];

function hash(text) {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++)
    h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}

const mix = (a, b, part) => a.map((v, k) => Math.round(v + (b[k] - v) * part));
const css = (c) => `rgb(${c[0]},${c[1]},${c[2]})`;

export function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

// Text on the box is dark on light and light on dark, so boxes keep to one side.
function tint(hue, shade) {
  return css(mix(hue, isDark() ? [24, 28, 34] : [255, 255, 255], (isDark() ? 0.52 : 0.48) + shade));
}

export function plainColor(group, name, inlined) {
  const shade = (hash(name) % 8) / 8 * 0.12 + (inlined ? 0.12 : 0), h = hash(group);
  return group ? tint(hues[h % hues.length], shade + (h >>> 8) % 3 * 0.08 - 0.08) : css(isDark() ? [60, 68, 78] : [214, 218, 224]);
}

export function diffColor(value, old, noise) {
  const grey = isDark() ? [62, 70, 80] : [226, 229, 233];
  const size = Math.max(Math.abs(value), Math.abs(old));
  const part = size ? (value - old) / size : 0;
  if (noise || part === 0)
    return css(grey);
  const end = part > 0 ? (isDark() ? [196, 98, 10] : [240, 138, 40]) : (isDark() ? [20, 104, 172] : [86, 160, 226]);
  return css(mix(grey, end, 0.25 + 0.75 * Math.min(1, Math.abs(part))));
}
