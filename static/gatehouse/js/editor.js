// <textarea data-editor="json|vtl|code">: colours below the text, line numbers beside it, and Enter keeps the indent.
// The text area stays what one types into and what is sent; without this script it is an ordinary one.
const JSON_TOKENS = /(?<key>"(?:[^"\\\n]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\\n]|\\.)*")|(?<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?<word>\b(?:true|false|null)\b)/g;
const VTL_TOKENS = /(?<comment>##[^\n]*|#\*[\s\S]*?\*#)|(?<flag>#@?\{?[a-zA-Z]+\}?)|(?<word>\$!?\{?[a-zA-Z][\w.-]*\}?)|(?<key>"(?:[^"\\\n]|\\.)*"(?=\s*:))|(?<number>\b\d+(?:\.\d+)?\b)/g;
// Python and JavaScript, near enough for colours.
const CODE_TOKENS = /(?<comment>(?:#|\/\/)[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?<word>\b(?:and|as|async|await|break|case|catch|class|const|continue|def|del|elif|else|except|export|finally|for|from|function|if|import|in|is|lambda|let|new|not|of|or|pass|raise|return|throw|try|var|while|with|yield|None|True|False|null|true|false|undefined|this|self)\b)|(?<number>\b\d[\d_]*(?:\.\d+)?\b)/g;
const TOKENS = { json: JSON_TOKENS, vtl: VTL_TOKENS, code: CODE_TOKENS };
// Colouring more than this on every key press is felt.
const MOST_COLOURED = 60000;

function coloured(text, language) {
  const parts = document.createDocumentFragment();
  if (text.length > MOST_COLOURED) {
    parts.append(text);
    return parts;
  }
  let end = 0;
  for (const match of text.matchAll(TOKENS[language] ?? JSON_TOKENS)) {
    parts.append(text.slice(end, match.index));
    const token = document.createElement("span");
    token.className = `tok-${Object.entries(match.groups).find(([, found]) => found !== undefined)[0]}`;
    token.textContent = match[0];
    parts.append(token);
    end = match.index + match[0].length;
  }
  parts.append(text.slice(end));
  return parts;
}

function paint(area) {
  const box = area.closest(".editor");
  const text = area.value;
  // A last line that is empty has no height of its own.
  box.querySelector(".editor-colours").replaceChildren(coloured(text, area.dataset.editor), "\n");
  const lines = text.split("\n").length;
  const numbers = box.querySelector(".editor-numbers");
  if (numbers.dataset.lines !== String(lines)) {
    numbers.dataset.lines = String(lines);
    numbers.textContent = `${Array.from({ length: lines }, (_, at) => at + 1).join("\n")}\n`;
  }
  follow(area);
}

function follow(area) {
  const box = area.closest(".editor");
  for (const other of box.querySelectorAll(".editor-colours, .editor-numbers")) {
    other.scrollTop = area.scrollTop;
    if (other.classList.contains("editor-colours")) other.scrollLeft = area.scrollLeft;
  }
}

function indent(event) {
  const area = event.target;
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const before = area.value.slice(0, area.selectionStart);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const space = line.match(/^\s*/)[0] + (/[{[]\s*$/.test(line) ? "  " : /:\s*$/.test(line) && area.dataset.editor === "code" ? "    " : "");
  if (!space) return;
  event.preventDefault();
  area.setRangeText(`\n${space}`, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function dress(root) {
  for (const area of root.querySelectorAll("textarea[data-editor]")) {
    if (area.closest(".editor")) continue;
    const box = document.createElement("div");
    box.className = "editor";
    const numbers = document.createElement("pre");
    numbers.className = "editor-numbers";
    const colours = document.createElement("pre");
    colours.className = "editor-colours";
    for (const part of [numbers, colours]) part.setAttribute("aria-hidden", "true");
    area.replaceWith(box);
    box.append(numbers, colours, area);
    area.wrap = "off";
    area.addEventListener("input", () => paint(area));
    area.addEventListener("scroll", () => follow(area));
    area.addEventListener("keydown", indent);
    paint(area);
  }
}

document.addEventListener("htmx:load", (event) => dress(event.target.parentElement ?? document));
dress(document);
